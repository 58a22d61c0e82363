"""Introspection: graphql-core answers what is asked of the schema itself, and hands other root fields back to us."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import orjson
from graphql import (
    ExecutionResult,
    GraphQLObjectType,
    GraphQLSchema,
    execute,  # pyright: ignore[reportUnknownVariableType] - graphql-core types its result in part
)
from graphql.execution.executor import Executor
from graphql.pyutils import Path

from .documents import Operation
from .recent import Recent
from .selecting import Details

MOST_ANSWERS = 4  # each may have a million characters
Read = Callable[[GraphQLObjectType, str, Details], Awaitable[Any]]


class Introspection:
    """Answers queries that ask for the schema, perhaps among other things.

    To answer what a code generator asks takes a good part of a second, in which nothing else is answered, and some
    tools ask once a second: answers to operations that ask for nothing but the schema are kept.
    """

    def __init__(self, schema: GraphQLSchema, reads: Collection[str], *, suggestions: bool) -> None:
        self._schema = schema
        self._reads = reads
        self._suggestions = suggestions
        self._answers = Recent(MOST_ANSWERS)

    async def answer(self, operation: Operation, variables: Mapping[str, Any], read: Read) -> ExecutionResult:
        """Data and errors; `read` answers the root fields that read records."""
        kept: ExecutionResult | None = self._answers.get(operation.mark)
        if kept is not None:
            return kept
        reads = self._reads

        class WithReads(Executor[Any]):
            def execute_field(
                self, parent_type: Any, source: Any, field_details_list: Any, path: Path, position_context: Any
            ) -> Any:
                if parent_type is self.schema.query_type and field_details_list[0].node.name.value in reads:
                    return read(parent_type, str(path.key), field_details_list)
                return super().execute_field(parent_type, source, field_details_list, path, position_context)

        result = execute(
            self._schema,
            operation.document,
            variable_values=dict(variables),
            operation_name=operation.node.name.value if operation.node.name else None,
            executor_class=WithReads,
            hide_suggestions=not self._suggestions,
        )
        if not isinstance(result, ExecutionResult):
            return await result
        if result.data is not None and not result.errors and not operation.node.variable_definitions:
            data = {key: orjson.Fragment(orjson.dumps(value)) for key, value in result.data.items()}
            result = ExecutionResult(data, None)
            self._answers.keep(operation.mark, result)
        return result
