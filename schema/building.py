"""The schema, built from a catalogue."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import strawberry
from graphql import GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import StrawberryObjectDefinition

from ..graph.catalogue import Catalogue
from ..plugins.names import pascal
from ..plugins.operations import Operation
from .filter_types import add_filters, add_operators
from .input_types import add_groups, add_inputs
from .mutation_types import MutationField, add_mutation, add_violations
from .operation_types import add_operations
from .output_types import add_record, add_shared
from .plugin_report import plugins_operation
from .query_types import RootField, add_query
from .scalars import scalar_map
from .subscription_types import add_subscription
from .typebook import TypeBook, alphabetical

CORE = "core"  # what is no plugin's
WELCOME = """Customers, the people in them, and all that is around both.

Begin with `accounts`, `contacts` or `addresses`: a page of records, whose lists lead on to whatever they are connected
with. Every record has an `id` that holds for the whole API: `node` and `nodes` read by it, whatever the type.

Lists take a `filter`, which crosses relations in both directions, and an `orderBy`; `pageInfo.endCursor` is the `after`
of the next page, and `totalCount` and `aggregates` count all that match.

What is wrong with a request comes in `errors`, each with a code in `extensions.code`; what is wrong with the values of
a write comes in its payload's `violations`. `dryRun` tries a write without keeping it.

`extensions.cost` says how many records an operation may bring along, and how many are allowed: smaller pages cost less.
"""


@dataclass(frozen=True, kw_only=True)
class BuiltSchema:
    """A schema with what each of its root fields does."""

    schema: strawberry.Schema
    core: GraphQLSchema
    reads: dict[str, RootField]
    writes: dict[str, MutationField]

    def field_type(self, type_name: str, field: str) -> str | None:
        """The type of an object's field as the schema spells it; None where there is no such field."""
        found = self.core.type_map.get(type_name)
        shown = found.fields.get(field) if isinstance(found, GraphQLObjectType) else None
        return None if shown is None else str(shown.type)


def _check_one_of_early(type_: GraphQLInputObjectType) -> None:
    """Let graphql-core itself check that one field is given: Strawberry's check knows no place in the document."""
    definition = cast(StrawberryObjectDefinition, type_.extensions["strawberry-definition"])
    if definition.is_one_of:
        type_.is_one_of = True
        type_.out_type = GraphQLInputObjectType.out_type


def build_schema(catalogue: Catalogue, *, name: Callable[[], str], operations: Sequence[Operation] = ()) -> BuiltSchema:
    """Build the schema of a catalogue and of plugins' operations.

    `name` makes a name that no other schema in the process has. Raises SchemaError where two things claim one name.
    """
    book = TypeBook(f"accord_schema_{name()}")
    for record in sorted(catalogue.types.values(), key=lambda one: one.plugin != CORE):
        for column in record.columns.values():
            if column.enum is not None:
                book.name_enum(column.enum, "" if record.plugin == CORE else pascal(record.plugin))
    with book.opened():
        add_shared(book)
        add_operators(book)
        for record in catalogue.types.values():
            add_record(book, catalogue, record)
            add_filters(book, catalogue, record)
            add_groups(book, record)
            add_inputs(book, catalogue, record)
        add_violations(book)
        fields = add_operations(book, catalogue, [plugins_operation(), *operations])
        reads = add_query(book, catalogue, fields.queries)
        writes = add_mutation(book, catalogue, fields.mutations)
        add_subscription(book, catalogue)
        schema = strawberry.Schema(
            query=book.get("Query"),
            mutation=book.get("Mutation"),
            subscription=book.get("Subscription"),
            types=[book.get(record.name) for record in catalogue.records()],
            config=StrawberryConfig(scalar_map=scalar_map(), auto_camel_case=False),
        )
        core = schema._schema  # pyright: ignore[reportPrivateUsage] - Strawberry offers no other way to it
        for type_ in core.type_map.values():  # references are followed while the book is open
            if isinstance(type_, GraphQLInputObjectType):
                _check_one_of_early(type_)
        core.description = WELCOME
        core.type_map = {one: core.type_map[one] for one in sorted(core.type_map, key=alphabetical)}
    return BuiltSchema(schema=schema, core=core, reads=reads, writes=writes)
