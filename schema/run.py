"""One operation being run: its root fields planned, bound to the variables, read or written, and its errors kept."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

import orjson
from graphql import DocumentNode, GraphQLError, GraphQLObjectType, GraphQLSchema, OperationType
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import VariableValues

from ..graph.databases.database import Database
from ..graph.errors import GraphError, Unavailable
from ..graph.reading.plan import Plan
from ..graph.reading.scope import Ground
from ..plugins.calling import PluginFailed
from .deadlines import Deadlines
from .documents import Operation, symbolic
from .exchange import Caller, Cost, Refused, Request, Result
from .introspecting import Introspection
from .limits import INTROSPECTION, Limits
from .operating import Operations
from .places import place_in_document
from .reading import Answer, Prepared, Roots
from .rewording import coded
from .seeing import View, Watch
from .selecting import Details, Selector
from .subscribing import Subscriptions
from .underway import Underway
from .writing import Mutations

log = logging.getLogger("accord.schema")


@dataclass(frozen=True, kw_only=True)
class Engine:
    """What operations are run with."""

    schema: GraphQLSchema
    database: Database
    roots: Roots
    mutations: Mutations
    subscriptions: Subscriptions
    introspection: Introspection
    limits: Limits
    watch: Watch
    operations: Operations


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The root fields of a query, with their plans and what they cost together."""

    fields: dict[str, Details]
    ready: dict[str, Prepared | None]
    cost: int
    introspects: bool


class Run:
    """One operation being run, with what was planned for it and what has gone wrong so far."""

    def __init__(
        self, engine: Engine, operation: Operation, variables: VariableValues, caller: Caller, request: Request
    ) -> None:
        self.engine = engine
        self.operation = operation
        self.variables = variables
        self.caller = caller
        self.view = engine.watch.view(caller)
        self.request = request
        self.errors: list[GraphQLError] = []
        self.underway: dict[str, Underway] = {}
        self.keys: list[str] = []  # of all fields of a mutation
        self.ready: dict[str, Prepared | None] = {}
        self.cost = 0

    async def query(self) -> Result:
        """Run all root fields side by side, each as one statement, if they cost no more than is allowed."""
        query = cast(GraphQLObjectType, self.engine.schema.query_type)
        # the variables, with references in place of values, and what plans depend on of them
        self.symbols, self.shape = symbolic(self.variables, self.operation.fixed)
        planned = await self._settled(query) if self.view.sight.is_asking else self._planned(query)
        fields, self.ready, self.cost = planned.fields, planned.ready, planned.cost
        if self.cost > self.engine.limits.cost:
            return self._too_dear()
        if planned.introspects:
            found = await self.engine.introspection.answer(self.operation, self.request.variables, self.root)
            self.errors = [*(found.errors or ()), *self.errors]
            return await self._noted(found.data)
        if len(fields) == 1:
            ((key, details),) = fields.items()
            return await self._noted({key: await self.root(query, key, details)})
        answers = await asyncio.gather(*(self.root(query, key, details) for key, details in fields.items()))
        places = list(fields)
        self.errors.sort(key=lambda error: places.index(str(error.path[0])) if error.path else 0)  # not as they came
        return await self._noted(dict(zip(fields, answers, strict=True)))

    async def _settled(self, query: GraphQLObjectType) -> Planned:
        """The root fields with their plans, when plugins have said of each type that they meet what may be seen of it.

        Which types an operation meets is known when it has been planned once.
        """
        view = self.view
        met = ("met", self.shape, view.sight.permissions)
        await view.settle(self.operation.plan(met) or ())
        planned = self._planned(query)
        while await view.settle():
            self.errors.clear()
            planned = self._planned(query)
        self.operation.keep(met, view.asked)
        return planned

    def _planned(self, query: GraphQLObjectType) -> Planned:
        """The root fields, with their plans and what they cost: as an earlier run left them, if nothing has changed."""
        roots = self.engine.roots
        shape = self.shape if self.view.key is None else (self.shape, self.view.key)
        kept: Planned | None = self.operation.plan(shape)
        if kept is not None and all(one is not None and roots.is_current(one) for one in kept.ready.values()):
            return kept
        self.ready, self.cost = {}, 0
        fields = self._root_fields(query)
        names = [details[0].node.name.value for details in fields.values()]
        operations = self.engine.operations
        for key, details in fields.items():
            if details[0].node.name.value in roots.fields:
                self._prepare(query, key, details)
            elif details[0].node.name.value in operations.by_name:
                self.cost += operations.cost(self._selector(), query, details)
        # the types that ids name are no part of the variables' shape, and what plugins do is not planned
        unplanned = any(name.startswith("node") or name in operations.by_name for name in names)
        introspects = not INTROSPECTION.isdisjoint(names)
        planned = Planned(fields=fields, ready=self.ready, cost=self.cost, introspects=introspects)
        if not (self.errors or self.view.sight.unasked or unplanned):
            self.operation.keep(shape, planned)
        return planned

    def _prepare(self, parent: GraphQLObjectType, key: str, details: Details) -> None:
        """Make the plan of a root field, or note what is wrong with it; add up what it costs."""
        try:
            ready = self._ready(parent, key, details)
            self.ready[key] = ready
            self.cost += 0 if ready is None else ready.cost_for(self.variables.coerced)
        except Exception as error:  # the edge of the service: nothing from the inside may reach the caller
            self.errors.append(reported(error, key, details, self.caller, self.operation.document))

    async def _noted(self, data: dict[str, Any] | None) -> Result:
        """The result, once plugins know what classified values it holds; without its data if one of them fails."""
        if self.view.seen:
            try:
                await self.view.note()
            except PluginFailed as failed:
                is_kept = any(one.standing.kept for one in self.underway.values())
                self.errors = [withheld(failed, is_kept=is_kept)]
                data = self._told_unread() if self.underway else None
        self.errors += [unseen(failed) for failed in self.view.failures]
        self.errors += self._uncomputed(self.view)
        limit = self.engine.limits
        return Result(data=data, errors=self.errors[: limit.errors], cost=Cost(requested=self.cost, limit=limit.cost))

    def _too_dear(self) -> Result:
        limit = self.engine.limits.cost
        does, advice = "return", "ask for less, in smaller pages"
        if self.operation.type is OperationType.MUTATION:
            does, advice = "write or return", "do less at once, in several requests"
        message = f"The operation may {does} {self.cost:,} rows, {limit:,} are allowed: {advice}."
        dearest, place = max((one.dearest for one in self.ready.values() if one), default=(0, ""))
        if dearest:
            message += (
                f" The filter of {place} counts for {dearest:,} each time it is run: cross fewer relations in it."
            )
        error = GraphQLError(message, extensions={"code": "COST_EXCEEDED"})
        return Result(data=None, errors=[error], ran=False, cost=Cost(requested=self.cost, limit=limit))

    async def mutation(self) -> Result:
        """Run the root fields one after the other, each as one unit of work."""
        engine = self.engine
        type_ = cast(GraphQLObjectType, engine.schema.mutation_type)
        selector = self._selector()
        data: dict[str, Any] = {}
        fields = self._root_fields(type_)
        for details in fields.values():
            name = details[0].node.name.value
            if name in engine.operations.by_name:
                self.cost += engine.operations.cost(selector, type_, details)
            elif name != "__typename":
                self.cost += engine.mutations.cost(self.operation, selector, type_, details)
        if self.cost > engine.limits.cost:
            return self._too_dear()
        self.keys = list(fields)
        for key, details in fields.items():
            if details[0].node.name.value == "__typename":
                data[key] = type_.name
            else:
                self.underway[key] = Underway(name=details[0].node.name.value, key=key)
        for key, one in self.underway.items():
            details = fields[key]
            try:
                if one.name in engine.operations.by_name:
                    data[key] = await engine.operations.change(selector, type_, details, self.view, one)
                else:
                    data[key] = await engine.mutations.run(self.operation, selector, type_, details, self.view, one)
            except Exception as error:  # the edge of the service: nothing from the inside may reach the caller
                self.errors.append(one.told(reported(error, key, details, self.caller)))
                data[key] = one.left()
        data = {key: data[key] for key in fields}
        self.view.failures.clear()  # each has refused a field
        return await self._noted(data)

    def stopped(self, seconds: float) -> Result:
        """The result of an operation whose time was over: of a mutation, what became of each of its fields."""
        message = f"The request took longer than {seconds:g} seconds and was stopped; ask for less at once."
        cost = Cost(requested=self.cost, limit=self.engine.limits.cost)
        if not self.underway:
            return Result(data=None, errors=[GraphQLError(message, extensions={"code": "TIMEOUT"})], cost=cost)
        failed = {error.path[0] for error in self.errors if error.path}
        found = [one.over(message) for key, one in self.underway.items() if key not in failed]
        errors = [*self.errors, *(error for error in found if error)][: self.engine.limits.errors]
        return Result(data=self._told_unread(), errors=errors, cost=cost)

    def _told_unread(self) -> dict[str, Any]:
        """The payloads of a mutation without what plugins would have to know of before it is shown."""
        type_ = cast(GraphQLObjectType, self.engine.schema.mutation_type)
        return {key: self.underway[key].left() if key in self.underway else type_.name for key in self.keys}

    async def subscription(self, deadlines: Deadlines) -> AsyncGenerator[Result, None]:
        """The results of the one root field, an event each; the last may be an error.

        Reading one event has the time that a request has, since it holds up other listeners.
        """
        engine = self.engine
        type_ = cast(GraphQLObjectType, engine.schema.subscription_type)
        selector = Selector(
            engine.roots.catalogue, engine.schema, self.operation.fragments, self.variables, self.operation.node
        )
        ((key, details),) = self._root_fields(type_).items()
        self.cost = engine.subscriptions.cost(selector, type_, details)
        if self.cost > engine.limits.cost:
            raise Refused(self._too_dear())

        def look() -> View:
            self.view = engine.watch.view(self.caller)
            return self.view

        changes = engine.subscriptions.changes(selector, type_, details, look, deadlines, self.request.after)
        try:
            async for cursor, change in changes:
                yield Result(data={key: change}, errors=self._uncomputed(self.view), cursor=cursor)
        except TimeoutError:
            message = (
                f"Reading a change took longer than {deadlines.seconds:g} seconds, so that the subscription was ended; "
                "subscribe anew, and select less."
            )
            error = GraphQLError(message, path=[key], extensions={"code": "TIMEOUT"})
            yield Result(data=None, errors=[error])
        except Exception as error:  # the edge of the service: nothing from the inside may reach the caller
            yield Result(data=None, errors=[reported(error, key, details, self.caller)])
        finally:
            await changes.aclose()

    def _uncomputed(self, view: View) -> list[GraphQLError]:
        """An error for each computed field that failed; what was raised goes to the log."""
        found: list[GraphQLError] = []
        for key, one in view.uncomputed:
            incident, name = uuid4().hex[:12], one.path[-1]
            words = "incident %s in request %s: %s of %s could not be worked out"
            log.error(words, incident, self.caller.request, name, one.plugin, exc_info=one.error)
            message = f"{name} could not be worked out and is null; tell the operator about incident {incident}."
            path = [key, *(step for step in one.path if step != "*")]
            extensions = {"code": "COMPUTATION_FAILED", "plugin": one.plugin, "incident": incident}
            found.append(GraphQLError(message, path=path, extensions=extensions))
        return found

    def _selector(self) -> Selector:
        """Selections with the values of this run's variables."""
        catalogue, schema = self.engine.roots.catalogue, self.engine.schema
        return Selector(catalogue, schema, self.operation.fragments, self.variables, self.operation.node)

    def _root_fields(self, type_: GraphQLObjectType) -> dict[str, Details]:
        collected = collect_fields(
            self.engine.schema, self.operation.fragments, self.variables, type_, self.operation.node
        )
        return collected.grouped_field_set

    async def root(self, parent: GraphQLObjectType, key: str, details: Details) -> Any:
        """One root field's JSON; null with an error beside it if it can't be read."""
        if details[0].node.name.value == "__typename":
            return parent.name
        if details[0].node.name.value in self.engine.operations.by_name:
            try:
                return await self.engine.operations.ask(self._selector(), parent, details, self.view)
            except Exception as error:  # the edge of the service: nothing from the inside may reach the caller
                self.errors.append(reported(error, key, details, self.caller, self.operation.document))
                return None
        if key not in self.ready:
            return None  # what is wrong with it has been said
        try:
            answer = await self._read(parent, key, details)
        except Exception as error:  # the edge of the service: nothing from the inside may reach the caller
            self.errors.append(reported(error, key, details, self.caller))
            return None
        self.view.uncomputed += [(key, one) for one in answer.failed]
        return orjson.Fragment(answer.text)

    def _ready(
        self, parent: GraphQLObjectType, key: str, details: Details, ground: Ground | None = None
    ) -> Prepared | None:
        """A root field's plan, made or found; None where nothing needs to be asked.

        What is made for a `ground` of its own, which holds just what this statement meets, is not kept.
        """
        roots, operation = self.engine.roots, self.operation
        selector = Selector(roots.catalogue, self.engine.schema, operation.fragments, self.symbols, operation.node)
        name = details[0].node.name.value
        extra = None
        if roots.fields[name].how.startswith("node"):
            extra = roots.shape(name, key, selector.arguments(parent, details), self.variables.coerced)
        if ground is not None and ground is not self.view.ground:
            return roots.prepare(ground, selector, parent, key, details, extra)
        plan_key = (key, self.shape, extra, self.view.key)
        ready: Prepared | None = operation.plan(plan_key)
        if ready is None or not roots.is_current(ready):
            ready = roots.prepare(self.view.ground, selector, parent, key, details, extra)
            if ready is not None and not self.view.sight.unasked:
                operation.keep(plan_key, ready)
        return ready

    async def _read(self, parent: GraphQLObjectType, key: str, details: Details) -> Answer:
        roots, view, variables = self.engine.roots, self.view, self.variables.coerced
        ready = self.ready[key]
        if ready is None:
            return Answer(text=b"[]")

        def make(ground: Ground) -> Plan:
            made = self._ready(parent, key, details, ground)
            return ready.plan if made is None else made.plan

        plan, rows = await view.rows(self.engine.database, ready.plan, make, roots.stated(ready, variables))
        return await roots.answer(ready, plan, rows, variables, view.seen)


def reported(
    error: Exception, key: str, details: Details, caller: Caller, document: DocumentNode | None = None
) -> GraphQLError:
    """The error as the caller may see it; one that nobody expected gets an incident id and goes to the log whole."""
    nodes = [found.node for found in details]
    if isinstance(error, GraphError):
        if isinstance(error, Unavailable) and error.__cause__ is not None:
            log.warning("%s in request %s at %s", error.code, caller.request, key, exc_info=error)
        return GraphQLError(
            error.message, nodes=nodes, path=[key], extensions={"code": error.code, **dict(error.details)}
        )
    if isinstance(error, GraphQLError):
        located = GraphQLError(error.message, nodes=error.nodes or nodes, path=[key], extensions=error.extensions)
        place = None if document is None else place_in_document(document, error)
        return coded(located, "INVALID_ARGUMENT", place)
    if isinstance(error, PluginFailed):
        return GraphQLError(str(error), nodes=nodes, path=[key], extensions=_failed(error))
    incident = uuid4().hex[:12]
    log.error("incident %s in request %s at %s", incident, caller.request, key, exc_info=error)
    return GraphQLError(
        f"Something went wrong inside Accord; tell the operator about incident {incident}.",
        nodes=nodes,
        path=[key],
        extensions={"code": "INTERNAL_ERROR", "incident": incident},
    )


def _failed(failed: PluginFailed) -> dict[str, Any]:
    return {"code": "PLUGIN_FAILED", "plugin": failed.plugin, "incident": failed.incident}


def unseen(failed: PluginFailed) -> GraphQLError:
    """The error beside an answer that leaves out all that a plugin might have hidden, because it could not say."""
    message = (
        f"The plugin {failed.plugin} could not say what you may see, so nothing that it might hide is shown; "
        f"tell the operator about incident {failed.incident}."
    )
    return GraphQLError(message, extensions=_failed(failed))


def withheld(failed: PluginFailed, *, is_kept: bool = False) -> GraphQLError:
    """The error in place of an answer whose classified values a plugin could not take note of.

    Where something was written before, `is_kept`.
    """
    message = (
        f"The plugin {failed.plugin} could not take note of classified values, so the answer is withheld; "
        f"tell the operator about incident {failed.incident}."
    )
    if not is_kept:
        return GraphQLError(message, extensions=_failed(failed))
    return GraphQLError(f"{message} What was written is kept.", extensions={**_failed(failed), "written": True})
