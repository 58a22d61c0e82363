"""The service: runs documents. Knows GraphQL and the graph, and nothing of HTTP."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID, uuid4

import orjson
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    get_variable_values,
)
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import VariableValues

from ..graph.databases.database import Database, Reader
from ..graph.errors import GraphError, Unavailable
from .documents import Document, Documents, Operation, coded, symbolic
from .introspecting import Introspection
from .limits import INTROSPECTION, Limits
from .places import place_in_document, place_in_variables
from .reading import Answer, Prepared, Roots
from .selecting import Details, Selector
from .subscribing import Subscriptions
from .wording import shown
from .writing import Mutations

log = logging.getLogger("accord.schema")

ATTEMPTS = 3  # a read that meets a stored filter it doesn't know is compiled anew


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks: the actor, and a name for the request in logs."""

    actor: UUID
    request: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """One document to run."""

    query: str | None
    variables: Mapping[str, Any] = field(default_factory=dict[str, Any])
    operation_name: str | None = None
    document_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The rows that an operation may return at most, and how many are allowed."""

    requested: int
    limit: int


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a request. Without `ran` nothing was run, and there is no data."""

    data: dict[str, Any] | None
    errors: Sequence[GraphQLError] = ()
    ran: bool = True
    cost: Cost | None = None

    def encoded(self) -> bytes:
        """The response as JSON."""
        body: dict[str, Any] = {}
        if self.errors:
            body["errors"] = [shown(error) for error in self.errors]
        if self.ran:
            body["data"] = self.data
        if self.cost is not None:
            body["extensions"] = {"cost": {"requested": self.cost.requested, "limit": self.cost.limit}}
        return orjson.dumps(body)

    def decoded(self) -> dict[str, Any]:
        """The response as Python values."""
        return orjson.loads(self.encoded())


class Refused(Exception):
    """A request that can't be run at all; `result` says why."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


class Service:
    """Runs documents against one schema and one database."""

    def __init__(
        self,
        schema: GraphQLSchema,
        database: Database,
        roots: Roots,
        mutations: Mutations,
        subscriptions: Subscriptions,
        *,
        limits: Limits | None = None,
        seconds: float = 30.0,
        suggestions: bool = True,
        trusted: Mapping[str, str] | None = None,
    ) -> None:
        self.schema = schema
        self.limits = limits or Limits()
        self.seconds = seconds
        self.suggestions = suggestions
        self.subscriptions = subscriptions
        self.database = database
        self.roots = roots
        self.mutations = mutations
        self.introspection = Introspection(schema, roots.fields, suggestions=suggestions)
        self.documents = Documents(schema, limits=self.limits, suggestions=suggestions, trusted=trusted)

    async def run(self, request: Request, caller: Caller, *, queries_only: bool = False) -> Result:
        """Run one document; every error has a code and says what to do."""
        try:
            operation, variables = self._prepared(request)
        except Refused as refused:
            return refused.result
        if queries_only and operation.type is not OperationType.QUERY:
            return _wrong("Only queries can be run by GET; use POST.", "QUERY_REQUIRED")
        if operation.type is OperationType.SUBSCRIPTION:
            return _wrong("A subscription needs a WebSocket or a stream of server-sent events.", "NO_STREAM")
        run = _Run(self, operation, variables, caller, request)
        try:
            async with asyncio.timeout(self.seconds):
                return await run.query() if operation.type is OperationType.QUERY else await run.mutation()
        except TimeoutError:
            message = f"The request took longer than {self.seconds:g} seconds and was stopped; ask for less at once."
            return Result(data=None, errors=[GraphQLError(message, extensions={"code": "TIMEOUT"})])

    async def subscribe(self, request: Request, caller: Caller) -> AsyncGenerator[Result, None]:
        """The results of a subscription as they come; raises Refused before the first where the request is wrong."""
        operation, variables = self._prepared(request)
        if operation.type is not OperationType.SUBSCRIPTION:
            raise Refused(_wrong("The document is no subscription; run it by itself.", "SUBSCRIPTION_REQUIRED"))
        async with aclosing(_Run(self, operation, variables, caller, request).subscription()) as results:
            async for result in results:
                yield result

    def operation_type(self, request: Request) -> OperationType | None:
        """What kind of operation a request asks for; None where it can't be run."""
        try:
            return self._operation(request).type
        except Refused:
            return None

    def _prepared(self, request: Request) -> tuple[Operation, VariableValues]:
        """The operation to run and its variables; raises Refused."""
        operation = self._operation(request)
        variables = get_variable_values(
            self.schema,
            operation.node.variable_definitions or (),
            dict(request.variables),
            max_errors=self.limits.most_found,
            hide_suggestions=not self.suggestions,
        )
        if isinstance(variables, list):
            found = variables[: self.limits.errors]
            errors = [coded(error, "INVALID_VARIABLE", place_in_variables(error)) for error in found]
            raise Refused(Result(data=None, errors=errors, ran=False))
        return operation, variables

    def _operation(self, request: Request) -> Operation:
        """The operation that a request asks for; raises Refused."""
        try:
            text = self.documents.text_of(request.query, request.document_id)
        except GraphQLError as error:
            raise Refused(Result(data=None, errors=[error], ran=False)) from None
        operation, problems = chosen(self.documents.get(text), request.operation_name)
        if operation is None:
            raise Refused(Result(data=None, errors=problems, ran=False))
        return operation


def _wrong(message: str, code: str) -> Result:
    return Result(data=None, errors=[GraphQLError(message, extensions={"code": code})], ran=False)


def chosen(document: Document, name: str | None) -> tuple[Operation | None, Sequence[GraphQLError]]:
    """The operation to run, or why there is none."""
    if document.errors:
        return None, document.errors
    if name is not None and name in document.operations:
        return document.operations[name], ()
    if name is not None:
        text = f"The document has no operation called {name[:60]!r}; it has {_names(document)}."
        return None, [GraphQLError(text, extensions={"code": "UNKNOWN_OPERATION"})]
    if len(document.operations) == 1:
        return next(iter(document.operations.values())), ()
    text = f"The document has {len(document.operations)} operations: {_names(document)}; say which by operationName."
    return None, [GraphQLError(text, extensions={"code": "OPERATION_NAME_REQUIRED"})]


def _names(document: Document) -> str:
    return ", ".join(sorted(name or "one without a name" for name in document.operations)) or "none"


class _Run:
    """One operation being run."""

    def __init__(
        self, service: Service, operation: Operation, variables: Any, caller: Caller, request: Request
    ) -> None:
        self.service = service
        self.operation = operation
        self.variables = variables
        self.symbols, self.shape = symbolic(variables, operation.fixed)
        self.caller = caller
        self.request = request
        self.errors: list[GraphQLError] = []
        self.ready: dict[str, Prepared | None] = {}
        self.cost = 0

    async def query(self) -> Result:
        """Run all root fields side by side, each as one statement, if they cost no more than is allowed."""
        query = cast(GraphQLObjectType, self.service.schema.query_type)
        fields = self._planned(query)
        if self.cost > self.service.limits.cost:
            return self._too_dear()
        if not INTROSPECTION.isdisjoint(details[0].node.name.value for details in fields.values()):
            found = await self.service.introspection.answer(self.operation, self.request.variables, self.root)
            self.errors = [*(found.errors or ()), *self.errors]
            return self._result(found.data)
        if len(fields) == 1:
            ((key, details),) = fields.items()
            return self._result({key: await self.root(query, key, details)})
        answers = await asyncio.gather(*(self.root(query, key, details) for key, details in fields.items()))
        places = list(fields)
        self.errors.sort(key=lambda error: places.index(str(error.path[0])) if error.path else 0)  # not as they came
        return self._result(dict(zip(fields, answers, strict=True)))

    def _planned(self, query: GraphQLObjectType) -> dict[str, Details]:
        """The root fields, with their plans and what they cost: as an earlier run left them, if nothing has changed."""
        roots = self.service.roots
        kept: tuple[dict[str, Details], dict[str, Prepared | None]] | None = self.operation.plan(self.shape)
        if kept is not None and all(one is not None and roots.is_current(one) for one in kept[1].values()):
            fields, self.ready = kept
            self.cost = sum(one.cost for one in self.ready.values() if one is not None)
            return fields
        fields = self._root_fields(query)
        names = [details[0].node.name.value for details in fields.values()]
        for key, details in fields.items():
            if details[0].node.name.value in roots.fields:
                self._prepare(query, key, details)
        # the types that ids name are no part of the variables' shape
        if not self.errors and not any(name.startswith("node") for name in names):
            self.operation.keep(self.shape, (fields, self.ready))
        return fields

    def _prepare(self, parent: GraphQLObjectType, key: str, details: Details) -> None:
        """Make the plan of a root field, or note what is wrong with it; add up what it costs."""
        try:
            ready = self._ready(parent, key, details)
            self.ready[key] = ready
            self.cost += 0 if ready is None else ready.cost_for(self.variables.coerced)
        except Exception as error:  # the edge of the service: nothing from the inside may reach the caller
            self.errors.append(reported(error, key, details, self.caller, self.operation.document))

    def _result(self, data: dict[str, Any] | None) -> Result:
        limit = self.service.limits
        return Result(data=data, errors=self.errors[: limit.errors], cost=Cost(requested=self.cost, limit=limit.cost))

    def _too_dear(self) -> Result:
        limit = self.service.limits.cost
        message = f"The operation may return {self.cost:,} rows, {limit:,} are allowed: ask for smaller pages by first."
        error = GraphQLError(message, extensions={"code": "COST_EXCEEDED"})
        return Result(data=None, errors=[error], ran=False, cost=Cost(requested=self.cost, limit=limit))

    async def mutation(self) -> Result:
        """Run the root fields one after the other, each as one unit of work."""
        service = self.service
        type_ = cast(GraphQLObjectType, service.schema.mutation_type)
        selector = Selector(
            service.roots.catalogue, service.schema, self.operation.fragments, self.variables, self.operation.node
        )
        data: dict[str, Any] = {}
        fields = self._root_fields(type_)
        for details in fields.values():
            if details[0].node.name.value != "__typename":
                self.cost += service.mutations.cost(selector, type_, details)
        if self.cost > service.limits.cost:
            return self._too_dear()
        for key, details in fields.items():
            if details[0].node.name.value == "__typename":
                data[key] = type_.name
                continue
            try:
                data[key] = await service.mutations.run(selector, type_, details, self.caller.actor)
            except Exception as error:  # the edge of the service: nothing from the inside may reach the caller
                self.errors.append(reported(error, key, details, self.caller))
                data[key] = None
        return self._result(data)

    async def subscription(self) -> AsyncGenerator[Result, None]:
        """The results of the one root field, an event each; the last may be an error."""
        service = self.service
        type_ = cast(GraphQLObjectType, service.schema.subscription_type)
        selector = Selector(
            service.roots.catalogue, service.schema, self.operation.fragments, self.variables, self.operation.node
        )
        ((key, details),) = self._root_fields(type_).items()
        self.cost = service.subscriptions.cost(selector, type_, details)
        if self.cost > service.limits.cost:
            raise Refused(self._too_dear())
        changes = service.subscriptions.changes(selector, type_, details)
        try:
            async for change in changes:
                yield Result(data={key: change})
        except Exception as error:  # the edge of the service: nothing from the inside may reach the caller
            yield Result(data=None, errors=[reported(error, key, details, self.caller)])
        finally:
            await changes.aclose()

    def _root_fields(self, type_: GraphQLObjectType) -> dict[str, Details]:
        collected = collect_fields(
            self.service.schema, self.operation.fragments, self.variables, type_, self.operation.node
        )
        return collected.grouped_field_set

    async def root(self, parent: GraphQLObjectType, key: str, details: Details) -> Any:
        """One root field's JSON; null with an error beside it if it can't be read."""
        if details[0].node.name.value == "__typename":
            return parent.name
        if key not in self.ready:
            return None  # what is wrong with it has been said
        try:
            answer = await self._read(parent, key, details, self.service.database)
        except Exception as error:  # the edge of the service: nothing from the inside may reach the caller
            self.errors.append(reported(error, key, details, self.caller))
            return None
        for failed in answer.failed:
            self.errors.append(
                GraphQLError(
                    f"{failed[-1]} could not be worked out; it is null where it was asked for.",
                    nodes=[found.node for found in details],
                    path=[key, *(step for step in failed if step != "*")],
                    extensions={"code": "COMPUTATION_FAILED"},
                )
            )
        return orjson.Fragment(answer.text)

    def _ready(self, parent: GraphQLObjectType, key: str, details: Details) -> Prepared | None:
        """A root field's plan, made or found; None where nothing needs to be asked."""
        roots, operation = self.service.roots, self.operation
        selector = Selector(roots.catalogue, self.service.schema, operation.fragments, self.symbols, operation.node)
        name = details[0].node.name.value
        extra = None
        if roots.fields[name].how.startswith("node"):
            extra = roots.shape(name, key, selector.arguments(parent, details), self.variables.coerced)
        plan_key = (key, self.shape, extra)
        ready: Prepared | None = operation.plan(plan_key)
        if ready is None or not roots.is_current(ready):
            ready = roots.prepare(selector, parent, key, details, extra)
            if ready is not None:
                operation.keep(plan_key, ready)
        return ready

    async def _read(self, parent: GraphQLObjectType, key: str, details: Details, reader: Reader) -> Answer:
        roots = self.service.roots
        ready = self.ready[key]
        for _ in range(ATTEMPTS):
            if ready is None:
                return Answer(text=b"[]")
            answer = await roots.run(ready, self.variables.coerced, reader)
            if answer is not None:
                return answer
            await roots.ground.stored.refresh(reader, self.service.database.kind)
            ready = self._ready(parent, key, details)
        raise Unavailable("CONFLICT", "The filters of the groups keep changing; try again in a moment.")


def reported(
    error: Exception, key: str, details: Details, caller: Caller, document: DocumentNode | None = None
) -> GraphQLError:
    """The error as the caller may see it; one that nobody expected gets an incident id and goes to the log whole."""
    nodes = [found.node for found in details]
    if isinstance(error, GraphError):
        return GraphQLError(
            error.message, nodes=nodes, path=[key], extensions={"code": error.code, **dict(error.details)}
        )
    if isinstance(error, GraphQLError):
        located = GraphQLError(error.message, nodes=error.nodes or nodes, path=[key], extensions=error.extensions)
        place = None if document is None else place_in_document(document, error)
        return coded(located, "INVALID_ARGUMENT", place)
    incident = uuid4().hex[:12]
    log.error("incident %s in request %s at %s", incident, caller.request, key, exc_info=error)
    return GraphQLError(
        f"Something went wrong inside Accord; tell the operator about incident {incident}.",
        nodes=nodes,
        path=[key],
        extensions={"code": "INTERNAL_ERROR", "incident": incident},
    )
