"""The suite: every check, for each plugin, on each kind of database there is."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...graph.migrating import MigrationError, compare
from ...graph.migrating.upgrading import find_lost, revisions
from ...plugins.keywords import find_slips
from ...plugins.loading import LoadedPlugin, discover
from ...schema.building import BuiltSchema
from ..composition import target_of
from ..databases import opened
from ..plugin_loading import survey_plugins
from ..settings import Settings
from ..testing.databases import NO_POSTGRESQL, Databases, Kind
from ..testing.host import migrate, open_host, settings_for
from .declaring import (
    Loaded,
    find_differing_schemas,
    find_unlisted_rules,
    find_unusable_migrations,
    find_waiting_calls,
    load,
)
from .reading import MANY, find_costly, find_leaks, own_records
from .result import Outcome, Result
from .rows import Ids, fill, make_owners
from .working import find_faults

Tell = Callable[[str], None]

ALONE = "loads alone"
TOGETHER = "loads with every other plugin"
KEYWORDS = "declares nothing that nobody reads"
RULES = "lists its rules, under its own codes"
SCHEMA = "makes the same schema every time"
WAITING = "calls nothing that waits without awaiting"
MASKED = "shows and tells nobody what they may not read"
HOOKS = "hooks fail at nothing and never hold the loop"
MIGRATED = "its migrations lead to its records"
STATEMENTS = "a list takes one statement, however long"
UPGRADES = "upgrades from each revision keep the rows"
WITH_ROWS = "all that needs a database"

ADVICE: Mapping[str, str] = {
    ALONE: "correct what is said; nothing else can be checked before.",
    TOGETHER: "rename what clashes: the other plugin's users can't.",
    KEYWORDS: "correct or delete it; Python and Tortoise pass over it in silence.",
    RULES: "list it in `rules` of the plugin's class, with a code that begins with the plugin's name in capitals.",
    SCHEMA: "let declarations hang on nothing but the code: no clock, no environment, no set that is iterated.",
    WAITING: "await an asynchronous library instead, or do it in `after_commit` by asyncio.to_thread.",
    MIGRATED: "run `ACCORD_PLUGINS=NAME accord migrate make WHAT_CHANGED --app NAME` in the plugin's source.",
    MASKED: "give the field, and what is computed from it, a Policy with `read`; quote no stored value in a message.",
    HOOKS: "do less in the hook, and await what waits; long or remote work belongs into `after_commit` or a job.",
    STATEMENTS: "let a computed field work from its `needs` alone, and declare links instead of reading them.",
    WITH_ROWS: "run the plugin's own tests: they show where it comes from.",
    UPGRADES: "write the migration so that it moves the values: add, copy by RunSQL, then remove.",
}


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """One plugin on one kind of database: how to get a fresh one with rows of the core in it."""

    plugin: LoadedPlugin
    kind: Kind
    databases: Databases
    given: Mapping[str, Any]
    ids: Ids
    schema: BuiltSchema | None

    async def settings(self) -> Settings:
        """The settings of a new database with the core's tables and its owners; the plugin's come by `migrate`."""

        async def fill_core(place: str) -> None:
            core = settings_for(place, ())
            await migrate(core)
            async with open_host(core) as host:
                self.ids.update(await make_owners(host, MANY))

        location = await self.databases.migrated(self.kind, (), fill_core)
        return settings_for(location, [self.plugin.name], **self.given)


async def check_plugins(
    names: Sequence[str] = (),
    *,
    plugin_settings: Mapping[str, Any] | None = None,
    server: str | None,
    tell: Tell = lambda text: None,
) -> list[Result]:
    """Check plugins, or all that are installed; `tell` hears what is being checked.

    `plugin_settings` are those of accord.toml, by plugin: some plugins need them to load. `server` is a PostgreSQL on
    which databases may be made; without one, what needs a database is checked on SQLite alone, and told to be.
    """
    suite = _Suite(plugin_settings or {}, ("sqlite", "postgresql") if server else ("sqlite",), tell)
    with tempfile.TemporaryDirectory(prefix="accord-check-") as folder:
        databases = Databases(Path(folder), server)
        try:
            return [result for name in names or suite.installed async for result in suite.check(name, databases)]
        finally:
            await databases.drop_all()


class _Suite:
    """The checks of several plugins, with what they have in common: what was loaded, owners of rows."""

    def __init__(self, plugin_settings: Mapping[str, Any], on: Sequence[Kind], tell: Tell) -> None:
        self.installed = sorted({one.name for one in discover()})
        self._given = plugin_settings
        self._on = on
        self._tell = tell
        self._loaded: dict[tuple[str, ...], Loaded] = {}
        self._ids: dict[Kind, Ids] = {}

    async def check(self, name: str, databases: Databases) -> AsyncIterator[Result]:
        """Every check of one plugin."""
        self._tell(f"{name}: declarations")
        loaded = self._load([name])
        problems = [*loaded.problems] or await find_unusable_migrations(loaded.plugins)
        yield _result(name, ALONE, problems)
        if problems:
            rest = f"nothing else: {name} doesn't load"
            yield Result(plugin=name, check="every other check", outcome=Outcome.NOT_RUN, found=(rest,))
            return
        [plugin] = loaded.plugins
        kind = type(plugin.plugin)
        yield await self._together(name)
        yield _result(name, KEYWORDS, [*find_slips(kind)])
        yield _result(name, RULES, find_unlisted_rules(kind))
        yield _result(name, SCHEMA, await find_differing_schemas(loaded, self._settings([name])))
        yield _result(name, WAITING, find_waiting_calls(kind))
        for database in self._on:
            self._tell(f"{name}: on {database}")
            prepared = Prepared(
                plugin=plugin,
                kind=database,
                databases=databases,
                given={"plugin": self._given_to([name])},
                ids=self._ids.setdefault(database, {}),
                schema=loaded.schema,
            )
            async for result in _on_database(prepared):
                yield result
        if "postgresql" not in self._on:
            reason = (f"{NO_POSTGRESQL}.",)
            yield Result(plugin=name, check=WITH_ROWS, place="postgresql", outcome=Outcome.NOT_RUN, found=reason)

    async def _together(self, name: str) -> Result:
        """Beside all others that load by themselves: what is wrong with those is not this plugin's fault."""
        others = [other for other in self.installed if other != name and self._survives(other)]
        loaded = self._load(sorted([name, *others]))
        problems = [*loaded.problems] or await find_unusable_migrations(loaded.plugins)
        return _result(name, TOGETHER, problems, note=f"({', '.join(others) or 'there is no other'})")

    def _survives(self, name: str) -> bool:
        known = self._loaded.get((name,))
        return not (known.problems if known else survey_plugins(self._settings([name]), discover()).problems)

    def _load(self, names: Sequence[str]) -> Loaded:
        if tuple(names) not in self._loaded:
            self._loaded[tuple(names)] = load(self._settings(names))
        return self._loaded[tuple(names)]

    def _settings(self, names: Sequence[str]) -> Settings:
        return settings_for("sqlite:unused.db", names, plugin=self._given_to(names))

    def _given_to(self, names: Sequence[str]) -> dict[str, Any]:
        return {name: values for name, values in self._given.items() if name in names}


async def _on_database(prepared: Prepared) -> AsyncIterator[Result]:
    """What needs a database."""
    name, place = prepared.plugin.name, prepared.kind
    try:
        async for result in _with_rows(prepared):
            yield result
    except Exception as error:  # whatever a plugin's code and migrations do to what is tried on them
        text = f"{type(error).__name__}: {error}".strip()
        yield _result(name, WITH_ROWS, [text], place)


async def _with_rows(prepared: Prepared) -> AsyncIterator[Result]:
    """Checks on a database with many owners, where every field of the plugin has a value."""
    name, place = prepared.plugin.name, prepared.kind
    settings = await prepared.settings()
    target = target_of(settings)
    try:
        await migrate(settings)
        differing = [str(one) for one in await compare(target)]
    except MigrationError as error:
        differing = [str(error)]
    yield _result(name, MIGRATED, differing, place)
    if differing:
        return
    async with open_host(settings, schema=prepared.schema) as host:
        catalogue = host.accord.catalogue
        async with opened(settings) as database:
            await fill(database, catalogue, own_records(host, name), dict(prepared.ids))
        yield _result(name, MASKED, await _all(find_leaks(host, name)), place)
        yield _result(name, STATEMENTS, await _all(find_costly(host, name)), place)
        yield _result(name, HOOKS, await _all(find_faults(host, type(prepared.plugin.plugin))), place)
    await prepared.databases.drop(settings.database)
    lost: list[str] = []
    steps = await revisions(target, name)
    for revision in steps[:-1]:
        older = await prepared.settings()
        lost += await _all(find_lost(target_of(older), catalogue, revision))
        await prepared.databases.drop(older.database)
    told = {0: "it stores nothing", 1: "there is one revision"}.get(len(steps), f"from {len(steps) - 1} earlier ones")
    yield _result(name, UPGRADES, lost, place, note=f"({told})")


async def _all(found: AsyncIterator[str]) -> list[str]:
    return [text async for text in found]


def _result(plugin: str, check: str, found: Iterable[str], place: str = "", *, note: str = "") -> Result:
    texts = tuple(dict.fromkeys(found))
    outcome = Outcome.FAILED if texts else Outcome.PASSED
    return Result(
        plugin=plugin, check=check, place=place, outcome=outcome, found=texts, advice=ADVICE[check], note=note
    )
