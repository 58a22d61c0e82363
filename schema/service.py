"""The service: runs documents. Knows GraphQL and the graph, and nothing of HTTP."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

from graphql import GraphQLError, GraphQLSchema, OperationType, get_variable_values
from graphql.execution.values import VariableValues

from ..graph.databases.database import Database
from .coercing import Coercer, Variable
from .concealment import Concealment
from .deadlines import Deadlines
from .documents import Document, Documents, Operation
from .exchange import Caller, Refused, Request, Result
from .introspecting import Introspection
from .limits import Limits
from .operating import Operations
from .places import place_in_variables
from .reading import Roots
from .rewording import coded, in_json, without_what_follows
from .run import Engine, Run
from .seeing import Watch
from .subscribing import Subscriptions
from .writing import Mutations


class Service:
    """Runs documents against one schema and one database."""

    def __init__(
        self,
        schema: GraphQLSchema,
        database: Database,
        roots: Roots,
        mutations: Mutations,
        subscriptions: Subscriptions,
        watch: Watch,
        operations: Operations,
        *,
        limits: Limits | None = None,
        seconds: float = 30.0,
        suggestions: bool = True,
        trusted: Mapping[str, str] | None = None,
    ) -> None:
        self.deadlines = Deadlines(seconds)
        self.suggestions = suggestions
        self.engine = Engine(
            schema=schema,
            database=database,
            roots=roots,
            mutations=mutations,
            subscriptions=subscriptions,
            introspection=Introspection(schema, {*roots.fields, *operations.by_name}, suggestions=suggestions),
            limits=limits or Limits(),
            watch=watch,
            operations=operations,
        )
        self.documents = Documents(schema, limits=self.engine.limits, suggestions=suggestions, trusted=trusted)
        self._coercer = Coercer(schema)
        self._concealment = None if suggestions else Concealment(schema)

    async def run(self, request: Request, caller: Caller, *, queries_only: bool = False) -> Result:
        """Run one document; every error has a code and says what to do."""
        try:
            result = await self._run(request, caller, queries_only=queries_only)
        except Refused as refused:
            result = refused.result
        return self._told(result, request)

    async def subscribe(self, request: Request, caller: Caller) -> AsyncGenerator[Result, None]:
        """The results of a subscription as they come; raises Refused before the first where the request is wrong."""
        try:
            operation, variables = self._prepared(request, caller)
            if operation.type is not OperationType.SUBSCRIPTION:
                raise Refused(_wrong("The document is no subscription; run it by itself.", "SUBSCRIPTION_REQUIRED"))
            run = Run(self.engine, operation, variables, caller, request)
            async with aclosing(run.subscription(self.deadlines)) as results:
                async for result in results:
                    yield self._told(result, request)
        except Refused as refused:
            raise Refused(self._told(refused.result, request)) from None

    def operation_type(self, request: Request) -> OperationType | None:
        """What kind of operation a request asks for; None where it can't be run."""
        try:
            return self._operation(request).type
        except Refused:
            return None

    async def _run(self, request: Request, caller: Caller, *, queries_only: bool) -> Result:
        operation, variables = self._prepared(request, caller)
        if queries_only and operation.type is not OperationType.QUERY:
            return _wrong("Only queries can be run by GET; use POST.", "QUERY_REQUIRED")
        if operation.type is OperationType.SUBSCRIPTION:
            return _wrong("A subscription needs a WebSocket or a stream of server-sent events.", "NO_STREAM")
        run = Run(self.engine, operation, variables, caller, request)
        try:
            with self.deadlines.limit():
                return await run.query() if operation.type is OperationType.QUERY else await run.mutation()
        except TimeoutError:
            return run.stopped(self.deadlines.seconds)

    def _told(self, result: Result, request: Request) -> Result:
        """The result as the caller may see it."""
        if self._concealment is None or not result.errors:
            return result
        try:
            text = self.documents.text_of(request)
        except GraphQLError:
            text = request.query or ""
        return self._concealment.conceal(result, request, text)

    def found(self, operation: Operation, caller: Caller) -> None:
        """Told of each operation before anything of it is run, its variables included."""

    def _prepared(self, request: Request, caller: Caller) -> tuple[Operation, VariableValues]:
        """The operation to run and its variables; raises Refused."""
        operation = self._operation(request)
        self.found(operation, caller)
        nodes = operation.node.variable_definitions or ()
        known: Sequence[Variable] | None = operation.plan("variables")
        if known is None:
            known = self._coercer.variables(nodes)
            operation.keep("variables", known)
        variables = self._coercer.coerced(known, request.variables) or get_variable_values(
            self.engine.schema,
            nodes,
            dict(request.variables),
            max_errors=self.engine.limits.most_found,
            hide_suggestions=not self.suggestions,
        )
        if isinstance(variables, list):
            found = variables[: self.engine.limits.errors]
            errors = [
                in_json(coded(error, "INVALID_VARIABLE", place_in_variables(error)), request.variables)
                for error in found
            ]
            raise Refused(Result(data=None, errors=without_what_follows(errors), ran=False))
        return operation, variables

    def _operation(self, request: Request) -> Operation:
        """The operation that a request asks for; raises Refused."""
        try:
            text = self.documents.text_of(request)
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
