"""What the field `plugins` tells: collected from the catalogue, the loaded plugins, their hooks and the database."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..graph.catalogue import Catalogue, Column, RecordType, ToOne
from ..graph.databases.database import Database
from ..graph.migrating import Stored, Target, read_enabled
from ..graph.migrating import status as read_status
from ..graph.storing import BIGGEST_INT
from ..graph.writing.parked import count_parked
from ..plugins.calling import Hooks
from ..plugins.loading import LoadedPlugin, discover
from ..plugins.masks import Mask
from ..plugins.operations import operations_of
from ..schema.building import BuiltSchema
from ..schema.exchange import Caller
from ..schema.plugin_report import (
    MANAGE,
    OperationType,
    PluginExample,
    PluginField,
    PluginHook,
    PluginMigration,
    PluginOperation,
    PluginPermission,
    PluginRecord,
    PluginReport,
    PluginRule,
    PluginSetting,
    PluginState,
)
from .plugin_listing import ListedPlugin, list_plugins
from .plugin_loading import Survey, survey_plugins
from .plugin_settings import shown_plugin
from .settings import PLUGIN, Settings

KEPT_SECONDS = 1.0  # for which a look at all plugins is believed


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What was seen of all plugins at one moment."""

    listed: Sequence[ListedPlugin]
    troubles: Mapping[str, str]
    migrations: Mapping[str, list[PluginMigration]]


class PluginReporter:
    """Tells of the plugins of one Accord."""

    def __init__(
        self,
        *,
        settings: Settings,
        plugins: Sequence[LoadedPlugin],
        catalogue: Catalogue,
        schema: BuiltSchema,
        hooks: Hooks,
        target: Target,
        database: Database,
    ) -> None:
        self._settings = settings
        self._plugins = {one.name: one for one in plugins}
        self._catalogue = catalogue
        self._schema = schema
        self._hooks = hooks
        self._target = target
        self._database = database
        self._survey: Survey | None = None
        self._turn = asyncio.Lock()
        self._known: tuple[float, _Look] | None = None  # until when it is believed

    async def reports(self, caller: Caller) -> list[PluginReport]:
        """The plugins that the caller may know of, by name."""
        if not caller.may(MANAGE):
            return [self._report(one, PluginState.ENABLED, None, None) for _, one in sorted(self._plugins.items())]
        look = await self._look()
        found: list[PluginReport] = []
        for one in look.listed:
            state, reason = one.state, one.reason or None
            loaded = self._plugins.get(one.name)
            if loaded is None:
                found.append(_stranger(one.name, one.version, one.distribution, state, reason))
                continue
            trouble = look.troubles.get(one.name)
            if trouble is not None:
                state, reason = PluginState.DEGRADED, f"{trouble}; {reason}" if reason else trouble
            found.append(self._report(loaded, state, reason, look.migrations.get(one.name, [])))
        return found

    async def _look(self) -> _Look:
        """All who ask at once, be it many times in one request, wait for one look."""
        async with self._turn:
            loop = asyncio.get_running_loop()
            if self._known is None or self._known[0] <= loop.time():
                seen = await self._seen()
                self._known = loop.time() + KEPT_SECONDS, seen  # from its end, since others have waited for it
            return self._known[1]

    async def _seen(self) -> _Look:
        if self._survey is None:  # what is installed beside a running process is none of its business
            self._survey = await asyncio.to_thread(lambda: survey_plugins(self._settings, discover()))
        parked = await count_parked(self._database)
        stored = [
            Stored(
                plugin=one,
                rows={},
                migrations=(),
                parked=parked.get(f"plugin {name}", 0) + parked.get(f"due work of plugin {name}", 0),
            )
            for name, one in (await read_enabled(self._database)).items()
        ]
        return _Look(
            listed=list_plugins(self._survey, [*self._plugins], stored),
            troubles=await self._hooks.health(),
            migrations=await self._migrations(),
        )

    async def _migrations(self) -> Mapping[str, list[PluginMigration]]:
        found: dict[str, list[PluginMigration]] = {}
        status = await read_status(self._target)
        for names, applied in ((status.applied, True), (status.pending, False)):
            for name in names:
                found.setdefault(name.app, []).append(PluginMigration(name=name.name, applied=applied))
        return found

    def _report(
        self, loaded: LoadedPlugin, state: PluginState, reason: str | None, migrations: list[PluginMigration] | None
    ) -> PluginReport:
        plugin = loaded.plugin
        types = [one for one in self._catalogue.types.values() if one.plugin == loaded.name]
        is_operator = migrations is not None
        return PluginReport(
            name=loaded.name,
            title=plugin.title or loaded.name,
            description=" ".join((type(plugin).__doc__ or "").split()),
            version=loaded.version,
            distribution=loaded.distribution,
            api_version=plugin.api,
            state=state,
            reason=reason,
            after=list(plugin.after),
            fields=[field for one in types if one.owner for field in self._fields(one)],
            records=[PluginRecord(name=one.name, description=one.description) for one in types if one.is_record],
            operations=list(_operations(loaded)),
            rules=[
                PluginRule(code=one.code, message=one.message, severity=one.severity, reference=one.reference)
                for one in plugin.rules
            ],
            permissions=[PluginPermission(name=one.name, description=one.description) for one in plugin.permissions],
            settings=_settings(loaded) if is_operator else None,
            hooks=self._timings(loaded.name) if is_operator else None,
            migrations=migrations,
            examples=[PluginExample(title=title, query=query) for title, query in plugin.examples().items()],
        )

    def _fields(self, extension: RecordType) -> Iterator[PluginField]:
        for member in extension.members.values():
            type_ = self._schema.field_type(extension.name, member.api)
            if type_ is None:
                continue
            policy = member.policy if isinstance(member, Column | ToOne) else None
            read = policy.read if policy else None
            yield PluginField(
                record=str(extension.owner),
                name=f"{extension.namespace}.{member.api}",
                type=type_,
                description=member.description,
                filterable=isinstance(member, Column) and member.indexed and member.policy.searchable,
                classified=policy.classified if policy else None,
                permission=read,
                mask=_told(policy.mask) if policy and read else None,
            )

    def _timings(self, plugin: str) -> list[PluginHook]:
        return [
            PluginHook(
                name=one.hook,
                calls=min(one.calls, BIGGEST_INT),
                failures=min(one.failures, BIGGEST_INT),
                p95_ms=round(one.percentile(0.95) * 1000, 3),
            )
            for one in self._hooks.timings()
            if one.plugin == plugin
        ]


def _operations(loaded: LoadedPlugin) -> Iterator[PluginOperation]:
    found, _ = operations_of(loaded.plugin)
    for one in found:
        kind = OperationType(one.kind.name)
        name = f"accord {loaded.name} {one.name.replace('_', '-')}" if kind is OperationType.COMMAND else one.api
        yield PluginOperation(kind=kind, name=name, description=one.description, permission=one.permission)


def _settings(loaded: LoadedPlugin) -> list[PluginSetting]:
    prefix = f"{PLUGIN}.{loaded.name}."
    return [
        PluginSetting(
            name=one.name.removeprefix(prefix),
            value=_shown(one.value),
            source=one.source,
            description=one.description,
        )
        for one in shown_plugin(loaded.name, loaded.plugin.settings)
    ]


def _shown(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _told(mask: Mask) -> str:
    if mask.text is None:
        return "null"
    return f"{mask.text} and the last {mask.shown}" if mask.shown else mask.text


def _stranger(name: str, version: str, distribution: str, state: PluginState, reason: str | None) -> PluginReport:
    """A plugin that is not loaded, of which little is known."""
    return PluginReport(
        name=name,
        title=name,
        description="",
        version=version,
        distribution=distribution,
        api_version=None,
        state=state,
        reason=reason,
        after=[],
        fields=[],
        records=[],
        operations=[],
        rules=[],
        permissions=[],
        settings=[],
        hooks=[],
        migrations=[],
        examples=[],
    )
