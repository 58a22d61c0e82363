# At Tortoise's edge, whose models and fields are typed in part.
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
"""Records of plugins that were changed and not migrated, found without a database, wherever one is about to be used."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tortoise.connection import ConnectionHandler
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps

from .errors import RecordsDiffer
from .freezing import freeze_models, freeze_state
from .loading import MigrationPath, load_migrations
from .target import MigrationApp, Target

States = Mapping[str, ModelState]


async def refuse_drifted(target: Target) -> None:
    """Raises RecordsDiffer where the records of an enabled plugin are not those that its migrations lead to."""
    if target.plugin_apps:
        refuse(target, await load_migrations(target.apps))


def refuse(target: Target, path: MigrationPath) -> None:
    """The same, where the migrations are loaded already."""
    if drifted := find_drifted(target, path):
        raise RecordsDiffer(drifted)


def find_drifted(target: Target, path: MigrationPath) -> Mapping[str, Sequence[str]]:
    """In what the records of plugins differ from their migrations, a few words each, by plugin.

    Descriptions are passed over: they change nothing in the database that anybody relies on. So are the core's records,
    which its tests compare.
    """
    apps = target.plugin_apps
    wanted = _by_app(freeze_models(apps)) if apps else {}
    found = {app.label: [*_compare(_migrated(path, app), wanted.get(app.label, {}))] for app in apps}
    return {label: differences for label, differences in found.items() if differences}


class _Fields(State):
    """Models of which nothing but the fields is asked: making classes of them takes most of the time."""

    def _reload(self, models_to_reload: set[tuple[str, str]]) -> None:
        """Nothing is made."""


def _migrated(path: MigrationPath, app: MigrationApp) -> States:
    state = _Fields(models={}, apps=StateApps(connections=ConnectionHandler()))
    for name, migration in path.migrations.items():
        if name.app == app.label:
            for operation in migration.operations:
                operation.state_forward(name.app, state)
    return _by_app({key: freeze_state(model) for key, model in state.models.items()}).get(app.label, {})


def _by_app(states: Mapping[tuple[str, str], ModelState]) -> Mapping[str, States]:
    found: dict[str, dict[str, ModelState]] = {}
    for (label, name), state in states.items():
        found.setdefault(label, {})[name] = state
    return found


def _compare(migrated: States, declared: States) -> Iterator[str]:
    for name in sorted(declared.keys() - migrated.keys()):
        yield f"{name} is new"
    for name in sorted(migrated.keys() - declared.keys()):
        yield f"{name} is gone"
    for name in sorted(declared.keys() & migrated.keys()):
        before, now = migrated[name], declared[name]
        if before.table != now.table:
            yield f"the table of {name} was {before.table} and is {now.table}"
        for field in sorted(now.fields.keys() - before.fields.keys()):
            yield f"{name}.{field} is new"
        for field in sorted(before.fields.keys() - now.fields.keys()):
            yield f"{name}.{field} is gone"
        for field in sorted(now.fields.keys() & before.fields.keys()):
            if _stored(before.fields[field]) != _stored(now.fields[field]):
                yield f"{name}.{field} has changed"


def _stored(field: Any) -> object:
    """What the database makes of a frozen field."""
    kind, arguments, given = field.deconstruct()
    return kind, arguments, {name: value for name, value in given.items() if name != "description"}
