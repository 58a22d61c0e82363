"""From a GraphQL field to a selection of our own: fragments, directives, aliases and arguments are worked out here."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from graphql import FieldNode, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode, VariableNode, get_named_type
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values
from graphql.language.ast import Node as SyntaxNode

from ..graph.catalogue import (
    AnyId,
    Catalogue,
    Column,
    ComputedField,
    ExtensionField,
    GroupField,
    Kind,
    Member,
    RecordType,
    ToAny,
    ToMany,
    ToOne,
)
from ..graph.reading.selection import (
    Aggregates,
    AnyIdSelection,
    AnySelection,
    ColumnSelection,
    ComputedSelection,
    ConnectionPart,
    ConnectionSelection,
    Constant,
    Cursor,
    Edges,
    ExtensionFigures,
    MoneySelection,
    Node,
    Nodes,
    ObjectSelection,
    Page,
    PageInfo,
    RecordSelection,
    Selection,
    Statistics,
    TotalCount,
)

Details = list[FieldDetails]


class Selector:
    """Makes selections from the fields of one operation."""

    def __init__(
        self,
        catalogue: Catalogue,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDetails],
        variables: VariableValues,
        operation: OperationDefinitionNode,
    ) -> None:
        self.catalogue = catalogue
        self.schema = schema
        self.fragments = fragments
        self.variables = variables
        self.operation = operation

    def arguments(self, parent: GraphQLObjectType, details: Details) -> dict[str, Any]:
        """The arguments of a field; variables in them stand for themselves."""
        first = details[0]
        definition = parent.fields[first.node.name.value]
        return get_argument_values(definition, first.node, self.variables, first.fragment_variable_values)

    def subfields(self, type_: GraphQLObjectType, details: Details) -> Iterator[tuple[str, str, Details]]:
        """Each key of the selection set, the name of its field, and its details."""
        collected = collect_subfields(self.schema, self.fragments, self.variables, self.operation, type_, details)
        for key, found in collected.grouped_field_set.items():
            yield key, found[0].node.name.value, found

    def type_of(self, parent: GraphQLObjectType, details: Details) -> GraphQLObjectType:
        """The object type that a field yields, lists and non-null aside."""
        return cast(GraphQLObjectType, self.named_type(parent, details))

    def named_type(self, parent: GraphQLObjectType, details: Details) -> Any:
        """The type that a field yields, lists and non-null aside, be it an object or a leaf."""
        return cast(Any, get_named_type(parent.fields[details[0].node.name.value].type))

    def object_type(self, name: str) -> GraphQLObjectType:
        """The object type of that name."""
        return cast(GraphQLObjectType, self.schema.type_map[name])

    # records ---------------------------------------------------------------------------------------------------

    def record(self, record: RecordType, details: Details) -> tuple[Selection, ...]:
        """What is selected of a record."""
        type_ = self.object_type(record.name)
        return tuple(
            Constant(key=key, text=type_.name)
            if name == "__typename"
            else self._member(record.members[name], key, type_, found)
            for key, name, found in self.subfields(type_, details)
        )

    def _member(self, member: Member, key: str, parent: GraphQLObjectType, details: Details) -> Selection:
        match member:
            case Column():
                return self._column(member, key, parent, details)
            case GroupField():
                return self._group(member, key, self.type_of(parent, details), details)
            case ComputedField():
                return ComputedSelection(key=key, field=member)
            case ToOne() | ExtensionField():
                target = self.catalogue[member.target]
                return RecordSelection(key=key, member=member, record=target, fields=self.record(target, details))
            case ToAny():
                targets = (self.catalogue[name] for name in member.targets)
                choices = tuple((target, self.record(target, details)) for target in targets)
                return AnySelection(key=key, member=member, choices=choices)
            case AnyId():
                return AnyIdSelection(key=key, member=member)
            case ToMany():
                target = self.catalogue[member.target]
                link = self.catalogue[member.link] if member.link else None
                return self.connection(target, parent, key, details, member=member, link=link)

    def _column(self, column: Column, key: str, parent: GraphQLObjectType, details: Details) -> Selection:
        if column.kind is not Kind.MONEY:
            return ColumnSelection(key=key, column=column)
        type_ = self.type_of(parent, details)
        parts: list[Selection] = [
            Constant(key=inner, text="Money")
            if name == "__typename"
            else MoneySelection(key=inner, column=column, part=name)
            for inner, name, _ in self.subfields(type_, details)
        ]
        return ObjectSelection(key=key, fields=tuple(parts), columns=(column,))

    def _group(self, group: GroupField, key: str, type_: GraphQLObjectType, details: Details) -> Selection:
        fields: list[Selection] = []
        for inner, name, found in self.subfields(type_, details):
            if name == "__typename":
                fields.append(Constant(key=inner, text=type_.name))
                continue
            member = group.members[name]
            if isinstance(member, GroupField):
                fields.append(self._group(member, inner, self.type_of(type_, found), found))
            else:
                fields.append(self._column(member, inner, type_, found))
        return ObjectSelection(key=key, fields=tuple(fields), columns=tuple(group.columns()))

    # connections -----------------------------------------------------------------------------------------------

    def connection(
        self,
        record: RecordType,
        parent: GraphQLObjectType,
        key: str,
        details: Details,
        *,
        member: ToMany | None = None,
        link: RecordType | None = None,
    ) -> ConnectionSelection:
        """What is selected of a page of records."""
        given = self.arguments(parent, details)
        page = Page(
            first=given.get("first"),
            last=given.get("last"),
            after=given.get("after"),
            before=given.get("before"),
            filter=given.get("filter"),
            through=given.get("through"),
            order=tuple(given.get("orderBy") or ()),
        )
        type_ = self.type_of(parent, details)
        parts = tuple(
            self._part(record, link, inner, name, type_, found) for inner, name, found in self.subfields(type_, details)
        )
        return ConnectionSelection(key=key, record=record, page=page, parts=parts, member=member, link=link)

    def _part(
        self,
        record: RecordType,
        link: RecordType | None,
        key: str,
        name: str,
        type_: GraphQLObjectType,
        details: Details,
    ) -> ConnectionPart:
        match name:
            case "nodes":
                return Nodes(key=key, fields=self.record(record, details))
            case "edges":
                return self._edges(record, link, key, self.type_of(type_, details), details)
            case "pageInfo":
                found = self.subfields(self.type_of(type_, details), details)
                return PageInfo(key=key, facts=tuple((inner, fact) for inner, fact, _ in found))
            case "totalCount":
                return TotalCount(key=key)
            case "aggregates":
                return self._aggregates(record, key, self.type_of(type_, details), details)
            case _:
                return Constant(key=key, text=type_.name)

    def _edges(
        self, record: RecordType, link: RecordType | None, key: str, type_: GraphQLObjectType, details: Details
    ) -> Edges:
        fields: list[Selection | Cursor | Node] = []
        for inner, name, found in self.subfields(type_, details):
            match name:
                case "cursor":
                    fields.append(Cursor(key=inner))
                case "node":
                    fields.append(Node(key=inner, fields=self.record(record, found)))
                case "__typename":
                    fields.append(Constant(key=inner, text=type_.name))
                case _ if link is not None:
                    column = link.columns["id"] if name == "linkId" else link.column(name)
                    fields.append(self._column(column, inner, type_, found))
                case _:
                    raise KeyError(name)
        return Edges(key=key, fields=tuple(fields))

    def _aggregates(self, record: RecordType, key: str, type_: GraphQLObjectType, details: Details) -> Aggregates:
        parts: list[TotalCount | Statistics | ExtensionFigures | Constant] = []
        for inner, name, found in self.subfields(type_, details):
            member = record.members.get(name)
            if isinstance(member, ExtensionField):
                extension, figures = self.catalogue[member.target], self.type_of(type_, found)
                added = (self._figure(extension, figures, *one) for one in self.subfields(figures, found))
                parts.append(ExtensionFigures(key=inner, extension=extension, parts=tuple(added)))
            elif name == "count":
                parts.append(TotalCount(key=inner))
            else:
                parts.append(self._figure(record, type_, inner, name, found))
        return Aggregates(key=key, parts=tuple(parts))

    def _figure(
        self, record: RecordType, type_: GraphQLObjectType, key: str, name: str, details: Details
    ) -> Statistics | Constant:
        """The figures over a column, or the name of the type that holds them."""
        if name == "__typename":
            return Constant(key=key, text=type_.name)
        figures = self.type_of(type_, details)
        facts = tuple(
            (inner, f"={figures.name}" if figure == "__typename" else figure)
            for inner, figure, _ in self.subfields(figures, details)
        )
        return Statistics(key=key, column=record.column(name), facts=facts)


def response_key(details: Details) -> str:
    """The name under which a field stands in the answer."""
    node = details[0].node
    return node.alias.value if node.alias else node.name.value


def fixed_variables(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDetails]) -> frozenset[str]:
    """The variables whose values shape the statement, not just its parameters: those of `first` and `last`."""
    found: set[str] = set()
    stack: list[Any] = [operation, *(fragment.definition for fragment in fragments.values())]
    while stack:
        node = stack.pop()
        selection_set = getattr(node, "selection_set", None)
        if selection_set is not None:
            stack.extend(selection_set.selections)
        for argument in getattr(node, "arguments", None) or ():
            if argument.name.value in {"first", "last"} and argument.value.kind == "variable":
                found.add(argument.value.name.value)
    return frozenset(found)


def has_variables(field: FieldNode, fragments: Mapping[str, FragmentDetails]) -> bool:
    """Whether what is selected of a field may depend on variables; fragments count wherever they are used."""
    stack: list[Any] = [field.selection_set, *(fragment.definition for fragment in fragments.values())]
    while stack:
        node = stack.pop()
        if isinstance(node, VariableNode):
            return True
        if isinstance(node, SyntaxNode):
            stack.extend(getattr(node, name) for name in node.keys)
        elif isinstance(node, tuple):
            stack.extend(cast(tuple[Any, ...], node))
    return False
