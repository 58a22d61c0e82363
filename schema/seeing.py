"""Seeing: what a request may see, asked of plugins when it is known what it looks at, and what it has seen."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar, cast
from uuid import UUID, uuid4

from graphql.execution.values import VariableValues

from ..graph.catalogue import (
    Catalogue,
    Column,
    ComputedField,
    ExtensionField,
    GroupField,
    Member,
    RecordType,
    ToAny,
    ToOne,
)
from ..graph.databases.database import Reader, Row
from ..graph.errors import GraphError, Unavailable
from ..graph.reading.compiler import compile_unhidden
from ..graph.reading.filters import narrow
from ..graph.reading.plan import Plan, Seen, Uncomputed, bound
from ..graph.reading.scope import Compilation, Ground, Table
from ..graph.reading.sight import EVERYTHING, Narrowed, Sight, is_classified, is_shown_nullable, permissions_of
from ..graph.reading.stored_filters import StoredFilters, missed
from ..plugins.calling import Hooks, PluginFailed
from ..plugins.contexts import Access, Narrowing
from ..plugins.names import camel
from .documents import symbolic
from .exchange import Caller

log = logging.getLogger("accord.plugins")

MOST_KEPT = 200  # sets of permissions whose ground is kept
ROUNDS = 10  # how often a statement is made anew that meets stored filters which it doesn't hold

Made = TypeVar("Made")


class BadNarrowing(Exception):
    """What a plugin answers to read_policy can't be used."""


@dataclass
class _Viewer:
    """The caller as plugins see it."""

    actor: UUID
    caller: Caller

    def may(self, permission: str) -> bool:
        return self.caller.may(permission)


class Watch:
    """What one Accord has to look after when it answers: the permissions that fields ask for, and plugins' hooks."""

    def __init__(self, ground: Ground, hooks: Hooks | None = None, *, now: Callable[[], datetime]) -> None:
        self.ground = ground
        self.hooks = hooks or Hooks()
        self.now = now
        self.permissions = permissions_of(ground.catalogue)
        self.is_asking = self.hooks.has("read_policy")
        self.is_noting = self.hooks.has("record_access") and is_classified(ground.catalogue)
        self.is_open = not (self.permissions or self.is_asking)  # all callers see the same
        self._kept: dict[frozenset[str], Ground] = {}

    @property
    def catalogue(self) -> Catalogue:
        """The records."""
        return self.ground.catalogue

    @cached_property
    def askers(self) -> str:
        """The plugins that narrow, by name."""
        return ", ".join(one.plugin for one in self.hooks.timings() if one.hook == "read_policy")

    def ground_of(self, caller: Caller) -> Ground:
        """What statements for a caller are compiled for; where plugins narrow, it is each request's own."""
        if self.is_open:
            return self.ground
        held = frozenset(one for one in self.permissions if caller.may(one))
        kept = None if self.is_asking else self._kept.get(held)
        if kept is None:
            sight = Sight(permissions=held, is_asking=self.is_asking, is_noting=self.is_noting)
            kept = replace(self.ground, sight=sight)
            if not self.is_asking and len(self._kept) < MOST_KEPT:
                self._kept[held] = kept
        return kept

    def view(self, caller: Caller) -> "View":
        """What a request of the caller may see."""
        return View(self, caller)


class View:
    """What one request may see.

    `failures` are plugins that could not say; then no record is there of the types that they were asked about.
    `uncomputed` are computed fields of its answer that failed.
    """

    def __init__(self, watch: Watch, caller: Caller) -> None:
        self.watch = watch
        self.caller = caller
        self.ground = watch.ground_of(caller)
        self.sight = self.ground.sight
        self.failures: list[PluginFailed] = []
        self.uncomputed: list[tuple[str, Uncomputed]] = []  # each under the key of its root field
        self.seen: Seen = {}
        self.results = 0  # bytes of jobs' results that the answer holds
        self._asked: dict[str, Any] = {}
        if watch.is_asking:
            self.sight.asks = self._settle_or_fail
            self._turn = asyncio.Lock()

    @property
    def key(self) -> Any:
        """What statements depend on of who asks; None where they depend on nothing."""
        if self.watch.is_open:
            return None
        return self.sight.permissions, tuple(sorted(self._asked.items(), key=lambda one: one[0]))

    @property
    def asked(self) -> frozenset[str]:
        """The record types that plugins were asked about."""
        return frozenset(self._asked)

    def bound(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The variables of a statement, with those of the plugins' filters."""
        return {**variables, **self.sight.values} if self.sight.values else variables

    async def settle(self, names: Iterable[str] = ()) -> bool:
        """Ask the plugins about types that statements have met since; whether there were any."""
        if not self.watch.is_asking:
            return False
        wanted = [name for name in sorted({*names, *self.sight.unasked}) if name not in self._asked]
        self.sight.unasked.clear()
        if not wanted:
            return False
        async with self._turn:  # root fields are read side by side, and another may be asking about the same
            for name in wanted:
                if name not in self._asked:
                    await self._ask(self.watch.catalogue[name])
        return True

    async def _settle_or_fail(self, names: Iterable[str]) -> bool:
        """The same for a write, which is refused where a plugin can't say."""
        found = await self.settle(names)
        if self.failures:
            raise self.failures[0]
        return found

    async def compiled(self, make: Callable[[Ground], Made], ground: Ground | None = None) -> Made:
        """What is compiled once plugins have said of each type that it meets what may be seen of it."""
        made = make(ground or self.ground)
        while await self.settle():
            made = make(ground or self.ground)
        return made

    async def rows(
        self,
        reader: Reader,
        plan: Plan,
        make: Callable[[Ground], Plan],
        variables: Mapping[str, Any],
        *,
        is_own: bool = False,
    ) -> tuple[Plan, Sequence[Row]]:
        """What a plan's statement answers, and the plan that it was answered by.

        Where it meets stored filters that the plan doesn't hold, `make` makes the plan anew with those that it meets;
        with `is_own`, what the reader sees of them is not for others to know.
        """
        rows = await reader.fetch(plan.statement, plan.bind(self.bound(variables)))
        if plan.signature is None:
            return plan, rows
        stored, dialect = self.ground.stored, self.ground.dialect
        met = replace(self.ground, stored=StoredFilters(self.ground.catalogue, is_own=True))
        for _ in range(ROUNDS):
            ids = missed(rows)
            if not ids:
                return plan, rows
            ground = met
            if stored.is_whole and not is_own:
                await stored.refresh(reader, dialect.kind)
                is_own, ground = True, self.ground if stored.is_whole else met
            if ground is met:
                await met.stored.meet(reader, dialect, ids)
            plan = await self.compiled(make, ground)
            rows = await reader.fetch(plan.statement, plan.bind(self.bound(variables)))
        raise Unavailable("CONFLICT", "The filters of the groups keep changing; try again in a moment.")

    async def shows(self, record: RecordType, id_: UUID, reader: Reader) -> bool:
        """Whether no plugin hides a record, deleted or not; raises PluginFailed where one can't say."""
        await self.settle([record.name])
        if self.failures:
            raise self.failures[0]
        plan = compile_unhidden(self.ground, record, [id_])
        return plan is None or bool(await reader.fetch(plan.statement, plan.bind(self.sight.values)))

    async def note(self) -> None:
        """Tell the plugins what classified values the answer holds; raises PluginFailed, and it must be withheld."""
        seen, self.seen = self.seen, {}
        if not seen:
            return
        moment = self.watch.now()
        for classified, ids in seen.items():
            await self.watch.hooks.record_access(
                Access(
                    actor=self.caller.actor,
                    request=self.caller.request,
                    moment=moment,
                    record=classified.record,
                    ids=tuple(ids),
                    fields=classified.fields,
                    classes=classified.classes,
                )
            )

    async def _ask(self, record: RecordType) -> None:
        """What plugins take away of one type. Where one can't say, or says what can't be used, no record is left."""
        try:
            answers = await self.watch.hooks.read_policy(record.name, _Viewer(self.caller.actor, self.caller))
            self._narrow(record, answers)
        except PluginFailed as failed:
            self._hide_all(record, failed)
        except Exception as error:  # the edge between Accord and a plugin: whatever it answered can't be used
            incident = uuid4().hex[:12]
            told = _told(error)
            log.error("incident %s: read_policy of %s for %s: %s", incident, self.watch.askers, record.name, told)
            self._hide_all(record, PluginFailed(self.watch.askers, "read_policy", incident))

    def _hide_all(self, record: RecordType, failed: PluginFailed) -> None:
        self.failures.append(failed)
        self._asked[record.name] = "nothing"
        self._set(record, (), (), nothing=True)

    def _narrow(self, record: RecordType, answers: Sequence[Narrowing]) -> None:
        where: list[Mapping[str, Any]] = []
        shape: list[Any] = []
        values: dict[str, Any] = {}
        for place, answer in enumerate(answers):
            if not answer.where:
                continue
            name = f"=sight {record.name} {place}"
            plain = _plain(answer.where)
            symbols, outline = symbolic(VariableValues({}, {name: plain}), frozenset())
            where.append(symbols.coerced[name])
            shape.append(outline)
            values[name] = plain
        self._try(record, where, values)
        hidden = [_found(self.watch.catalogue, record, name) for answer in answers for name in sorted(answer.hide)]
        spelled = sorted({f"{type_.name}.{member.name}" for several in hidden for type_, member in several})
        self._set(record, where, [one for several in hidden for one in several])
        self.sight.values |= values
        self._asked[record.name] = (tuple(shape), tuple(spelled))

    def _set(
        self,
        record: RecordType,
        where: Sequence[Mapping[str, Any]],
        hidden: Sequence[tuple[RecordType, Member]],
        *,
        nothing: bool = False,
    ) -> None:
        for type_ in (record, *self.watch.catalogue.extensions(record.name)):
            names = frozenset(member.name for found, member in hidden if found is type_)
            self.sight.narrowed[type_.name] = Narrowed(where=tuple(where), hidden=names, nothing=nothing)

    def _try(self, record: RecordType, where: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> None:
        """Compile and bind filters before they stand in any statement, so that a wrong one is its plugin's mistake."""
        trial = Compilation(self.watch.catalogue, self.watch.ground.dialect, EVERYTHING, narrow)
        for filter_ in where:
            narrow(trial, Table(record=record, alias="t"), filter_)
        for parameter in trial.parameters:
            bound(parameter, values)


def _told(error: Exception) -> str:
    """What the log says of an answer that can't be used: where it is wrong, and no value of it."""
    if isinstance(error, BadNarrowing):
        return str(error)
    if isinstance(error, GraphError):
        return f"{error.code} at {error.details.get('argument', 'where')}"
    return type(error).__name__


def _plain(value: Any) -> Any:
    """A plugin's filter as GraphQL would hand it over: of dictionaries and lists."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in cast(Mapping[Any, Any], value).items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in cast(Iterable[Any], value)]
    return value


def _found(catalogue: Catalogue, record: RecordType, name: str) -> list[tuple[RecordType, Member]]:
    """The fields that a name such as `hipaa.mrn` or `annualRevenue` hides; raises BadNarrowing."""
    head, *rest = (camel(step) for step in name.split("."))
    member: Any = record.members.get(head)
    type_ = record
    if isinstance(member, ExtensionField) and rest:
        type_ = catalogue[member.target]
        member, rest = type_.members.get(rest[0]), rest[1:]
    while isinstance(member, GroupField) and rest:
        member, rest = member.members.get(rest[0]), rest[1:]
    found: list[Any] = list(member.columns()) if isinstance(member, GroupField) else [member]
    if rest or not all(isinstance(one, Column | ToOne | ToAny | ComputedField) for one in found):
        raise BadNarrowing(f"hide names {name!r}, and {record.name} has no such field that could be hidden")
    for one in found:
        if isinstance(one, Column) and not is_shown_nullable(one):
            raise BadNarrowing(
                f"hide names {record.name}.{name}, which is never null in the API; declare it with Policy(read=…), or "
                "take the rows away by where"
            )
    return [(type_, one) for one in found]
