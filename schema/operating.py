"""Plugins' operations being called: arguments become Python's values, the compiler reads the records in results."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

from graphql import GraphQLError, GraphQLObjectType

from ..graph.coercing import Coerced, Misfit, coerced, encoded, stored_arguments
from ..graph.databases.database import Database, Transaction
from ..graph.errors import Forbidden, GraphError, InvalidInput
from ..graph.identity import global_id
from ..graph.reading.compiler import compile_records
from ..graph.reading.selection import Ref
from ..graph.writing.idempotency import fingerprint
from ..graph.writing.job_table import cancel_job, listed, queue_job
from ..graph.writing.outcome import Operation as Doing
from ..graph.writing.outcome import Outcome, WriteRequest
from ..graph.writing.plugin_unit import PluginUnit
from ..graph.writing.rules import NOT_FOUND
from ..graph.writing.unit import UnitOfWork
from ..graph.writing.write import Writer
from ..plugins.calling import Hooks
from ..plugins.operations import Operation, OperationKind
from ..plugins.shapes import Shape
from ..plugins.units import Refused
from ..plugins.violations import Violation
from .answering import IN_LISTS, Selected
from .exchange import Caller
from .jobs import FIELD as JOBS
from .jobs import JobFields, job_id, parse_job_id
from .plugin_context import PluginContexts
from .plugin_report import FIELD as PLUGINS
from .plugin_report import PluginReport, plugins_operation
from .seeing import View
from .selecting import Details, Selector
from .underway import Underway

IN_API = frozenset({OperationKind.QUERY, OperationKind.MUTATION, OperationKind.JOB})


class Operations:
    """Calls the operations behind fields of Query and Mutation."""

    def __init__(
        self,
        operations: Sequence[Operation],
        *,
        hooks: Hooks,
        contexts: PluginContexts,
        writer: Writer,
        database: Database,
        reports: Callable[[Caller], Awaitable[Sequence[PluginReport]]] | None = None,
    ) -> None:
        self.by_name = {one.api: one for one in (plugins_operation(), *operations) if one.kind in IN_API}
        self.hooks = hooks
        self.contexts = contexts
        self.writer = writer
        self.database = database
        self.reports = reports
        self.jobs = JobFields(database, [one for one in operations if one.kind is OperationKind.JOB])

    def cost(self, selector: Selector, parent: GraphQLObjectType, details: Details) -> int:
        """The rows that an operation's answer is reckoned to have."""
        operation = self.by_name[details[0].node.name.value]
        try:
            if operation.plugin == "core" and operation.api in {JOBS, PLUGINS}:
                return listed(selector.arguments(parent, details)["first"]) if operation.api == JOBS else IN_LISTS
            return Selected(selector, operation, parent, details).cost
        except (GraphError, GraphQLError):
            return 1  # what can't be run is said when it is

    async def ask(self, selector: Selector, parent: GraphQLObjectType, details: Details, view: View) -> Any:
        """The answer of a query, as selected; raises GraphError, and PluginFailed."""
        operation = self.by_name[details[0].node.name.value]
        _check_permission(operation, view.caller)
        given = selector.arguments(parent, details)
        selected = Selected(selector, operation, parent, details)
        await selected.compile(view)
        if operation.plugin == "core":
            if operation.api == PLUGINS and self.reports is not None:
                reports = await self.reports(view.caller)
                return selected.shaped(
                    encoded(selector.catalogue, cast(Shape, operation.result), reports, PLUGINS), view
                )
            fields = _fields(selector, selected.type, details)
            return selected.shaped(await self._core(operation, given, view, fields), view)
        arguments = coerced(selector.catalogue, operation.arguments, given)
        misfits = [*arguments.misfits, *await self._missing(selector, arguments, view)]
        if misfits:
            where = ".".join(map(str, (details[0].node.name.value, *misfits[0].path)))
            raise InvalidInput(misfits[0].code, f"{where}: {misfits[0].message}", argument=where)

        async def work() -> Any:
            context = self.contexts.made(operation.plugin, view.caller)
            answer = await operation.function(context, **arguments.values)
            return encoded(selector.catalogue, cast(Shape, operation.result), answer, "the result")

        value = await self.hooks.contained(operation.plugin, f"query {operation.name}", work())
        await selected.read(self.database, value, view)
        return selected.shaped(value, view)

    async def change(
        self, selector: Selector, parent: GraphQLObjectType, details: Details, view: View, underway: Underway
    ) -> Any:
        """The payload of a mutation, as selected; raises GraphError and PluginFailed.

        Of whatever is raised, `underway` knows whether anything was written.
        """
        operation = self.by_name[details[0].node.name.value]
        _check_permission(operation, view.caller)
        given = selector.arguments(parent, details)
        selected = Selected(selector, operation, parent, details)
        await selected.compile(view)
        if operation.plugin == "core":
            return await self._cancelled(given, view, selected, underway)
        is_job = operation.kind is OperationKind.JOB
        arguments = coerced(selector.catalogue, operation.arguments, given, to_store=is_job)
        misfits = [*arguments.misfits, *await self._missing(selector, arguments, view)]
        if view.failures:
            raise view.failures[0]
        if misfits:
            found = [(0, Violation(code=one.code, message=one.message, path=one.path)) for one in misfits]
            return selected.payload(Outcome(ids=[None], violations=found), view)
        dry_run, key = given.get("dryRun", False), given.get("idempotencyKey")
        if is_job:
            act = self._starting(operation, arguments, view.caller)
        else:
            act = self._acting(operation, arguments, view.caller)
        request = WriteRequest(
            name=operation.api,
            record="",
            operation=Doing.UPDATE,
            actor=view.caller.actor,
            inputs=[{}],
            paths=[()],
            sight=view.sight,
            may=view.caller.may,
            act=act,
            dry_run=dry_run,
            idempotency_key=key,
            fingerprint="" if key is None else fingerprint(given),
            scope=view.caller.scope,
            permissions=view.caller.permissions,
            standing=underway.standing,
        )

        async def preview(transaction: Transaction, outcome: Outcome) -> None:
            await selected.read(transaction, outcome.result, view)

        outcome = await self.writer.write(request, preview if dry_run else None)
        if not dry_run:
            underway.missing, underway.payload = selected.missing, partial(selected.unread, outcome, view)
            if is_job and outcome.result is not None:
                outcome = replace(outcome, result=await self.jobs.job(view, outcome.result, _of_payload(selected)))
            else:
                await selected.read(self.database, outcome.result, view)
        elif is_job:
            outcome = replace(outcome, result=None)
        return selected.payload(outcome, view)

    def _acting(self, operation: Operation, arguments: Coerced, caller: Caller) -> Any:
        plugin = self.hooks.plugin(operation.plugin)
        paths = {id_: path for several in arguments.ids.values() for id_, path in several.items()}

        async def act(unit: UnitOfWork) -> Any:
            async def work() -> Any:
                face = PluginUnit(unit, plugin, caller.may, paths=paths)
                answer = await operation.function(face, **arguments.values)
                if operation.result is None or unit.errors():
                    return None
                return encoded(unit.catalogue, operation.result, answer, "the result")

            what = f"mutation {operation.name}"
            seconds = self.hooks.budget
            return await self.hooks.contained(operation.plugin, what, work(), seconds=seconds, passing=(Refused,))

        return act

    def _starting(self, operation: Operation, arguments: Coerced, caller: Caller) -> Any:
        async def act(unit: UnitOfWork) -> Any:
            id_ = unit.new_id()
            kept = stored_arguments(unit.catalogue, operation.arguments, arguments.values)
            kind = unit.dialect.kind
            job = queue_job(
                operation,
                kept,
                id_=id_,
                actor=caller.actor,
                permissions=caller.permissions,
                now=unit.now,
                kind=kind,
            )
            unit.writes.append(job)
            return job_id(id_)

        return act

    async def _missing(self, selector: Selector, arguments: Coerced, view: View) -> list[Misfit]:
        """The records named by arguments that are not there, or not for this caller."""
        if not arguments.ids:
            return []
        wanted = [(selector.catalogue[name], (), Ref((f"={name}",))) for name in arguments.ids]
        plan = compile_records(view.ground, wanted, "arguments")
        while await view.settle():
            plan = compile_records(view.ground, wanted, "arguments")
        shown = {
            f"={name}": [global_id(selector.catalogue[name], id_) for id_ in ids] for name, ids in arguments.ids.items()
        }
        rows = await self.database.fetch(plan.statement, plan.bind(view.bound(shown)))
        there = {row[0] for row in rows}
        missing: list[Misfit] = []
        for name, ids in arguments.ids.items():
            for id_, path in ids.items():
                text = global_id(selector.catalogue[name], id_)
                if text not in there:
                    broken = NOT_FOUND.broken(path, what=name, id=text)
                    missing.append(Misfit(path=path, code=broken.code, message=broken.message))
        return missing

    async def _core(self, operation: Operation, given: Mapping[str, Any], view: View, fields: Collection[str]) -> Any:
        if operation.api == JOBS:
            state = given.get("state")
            return await self.jobs.jobs(view, given["first"], None if state is None else str(state), fields)
        return await self.jobs.job(view, given["id"], fields)

    async def _cancelled(self, given: Mapping[str, Any], view: View, selected: "Selected", underway: Underway) -> Any:
        id_ = parse_job_id(given["id"])
        if await self.jobs.job(view, given["id"]) is None:
            broken = NOT_FOUND.broken(("id",), what="job", id=given["id"])
            return selected.payload(Outcome(ids=[None], violations=[(0, broken)]), view)
        if not given.get("dryRun", False):
            await cancel_job(self.database, id_, self.writer.now())
            underway.standing.kept = True
        found = await self.jobs.job(view, given["id"], _of_payload(selected))
        return selected.payload(Outcome(ids=[None], result=found), view)


def _fields(selector: Selector, type_: Any, details: Details) -> frozenset[str]:
    """The names of the fields that are selected of an object."""
    return frozenset(name for _, name, _ in selector.subfields(type_, details))


def _of_payload(selected: Selected) -> frozenset[str]:
    """The names of the fields that are selected of the job in a mutation's payload."""
    selector, type_ = selected.selector, selected.type
    return frozenset[str]().union(
        *(
            _fields(selector, selector.named_type(type_, found), found)
            for _, name, found in selector.subfields(type_, selected.details)
            if name in {"job", "result"}
        )
    )


def _check_permission(operation: Operation, caller: Caller) -> None:
    if operation.permission is not None and not caller.may(operation.permission):
        raise Forbidden(
            "FORBIDDEN",
            f"{operation.api} takes the permission {operation.permission}; ask whoever runs this Accord for it.",
            permission=operation.permission,
        )
