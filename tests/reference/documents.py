"""Documents made from the schema itself: any field, argument, fragment, directive and variable that it allows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from accord.graph.catalogue import RecordType
from accord.tests.reference.values import Draw, Enumerated, Values, is_list, literal, required
from graphql import (
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)
from hypothesis import strategies as st

DEPTH = 3  # connections within one another
MOST_FIELDS = 60
MOST_LISTS = 7
SAFE = {"id", "__typename", "createdAt", "updatedAt", "version", "formatted"}  # alike in every type that has them


@dataclass(frozen=True, kw_only=True)
class CursorWanted:
    """A place of a list whose cursor a document needs: `parent` is None at the root."""

    parent: RecordType | None
    name: str
    order: str
    place: int


@dataclass(frozen=True, kw_only=True)
class Generated:
    """A document with its variables. `wanted` says which cursors to put in place of "@@0@@", "@@1@@" and so on."""

    text: str
    variables: Mapping[str, Any]
    wanted: Sequence[CursorWanted]
    reads: int

    def filled(self, cursors: Sequence[str | None]) -> tuple[str, dict[str, Any]]:
        """Text and variables with cursors in their places; a list without rows has none, and null stands there."""
        text = self.text
        known = {f"@@{number}@@": cursor for number, cursor in enumerate(cursors)}
        for mark, cursor in known.items():
            text = text.replace(f'"{mark}"', literal(cursor))
        variables = {
            name: known.get(value, value) if isinstance(value, str) else value for name, value in self.variables.items()
        }
        return text, variables


@dataclass
class Scope:
    """What stands in one selection set under keys of its own, fields that merge with it included."""

    arguments: dict[str, str] = field(default_factory=dict)
    inner: dict[str, "Scope"] = field(default_factory=dict)
    aliased: bool = False  # every field with arguments gets an alias that is nowhere else

    def of(self, name: str) -> "Scope":
        """The scope of a field without an alias."""
        return self.inner.setdefault(name, Scope(aliased=self.aliased))


@st.composite
def documents(draw: Draw, values: Values) -> Generated:
    """Any query."""
    return _Document(draw, values).whole()


class _Document:
    """A document in the making."""

    def __init__(self, draw: Draw, values: Values) -> None:
        self.draw = draw
        self.values = values
        self.schema = values.schema
        self.catalogue = values.rows.catalogue
        self.records = {record.name: record for record in self.catalogue.types.values()}
        self.variables: dict[str, tuple[str, str | None]] = {}
        self.given: dict[str, Any] = {}
        self.fragments: list[tuple[str, str, int, str]] = []
        self.wanted: list[CursorWanted] = []
        self.fields = MOST_FIELDS
        self.lists = MOST_LISTS
        self.names = 0

    def chance(self, percent: int) -> bool:
        """True so often; shrinks to false."""
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def choice(self, options: Sequence[Any]) -> Any:
        """One of them; shrinks to the first."""
        return self.draw(st.sampled_from(options))

    def fresh(self, letter: str) -> str:
        """A name that is nowhere else in the document."""
        self.names += 1
        return f"{letter}{self.names}"

    def whole(self) -> Generated:
        """The document."""
        scope = Scope(aliased=True)
        roots = [self.root(scope) for _ in range(self.draw(st.sampled_from((1, 1, 1, 2, 3))))]
        reads = sum(is_read for _, is_read in roots)
        body = " ".join(text for text, _ in roots)
        if self.chance(5):
            body = f"__typename {body}"
        heading = ""
        if self.variables:
            declared = ", ".join(
                f"${name}: {type_}" + (f" = {default}" if default else "")
                for name, (type_, default) in self.variables.items()
            )
            heading = f"query Generated({declared}) "
        parts = [f"{heading}{{ {body} }}"]
        parts += [f"fragment {name} on {type_} {text}" for name, type_, _, text in self.fragments]
        if self.chance(30):
            parts.reverse()
        return Generated(text="\n".join(parts), variables=self.given, wanted=self.wanted, reads=reads)

    def root(self, scope: Scope) -> tuple[str, bool]:
        """A root field, and whether it reads."""
        query = self.schema.query_type
        assert query is not None
        record = self.choice(
            [self.records[name] for name in ("Account", "Contact", "Address", "Account", "Contact")]
            + list(self.catalogue.records())
        )
        way = self.draw(st.integers(0, 19))
        alias = self.fresh("r")
        if way < 13:
            text = self.connection(record, None, record.plural, scope, DEPTH, alias=alias)
            return text, True
        if way < 16:
            name, key = ("id", self.values.id(self.draw, record))
            if self.chance(60):
                name, key = "by", self.values.key(self.draw, record)
            argument = query.fields[record.singular].args[name]
            inner = self.selection(self.object(record.name), Scope(), DEPTH)
            return f"{alias}: {record.singular}({name}: {self.placed(argument.type, key)}) {inner}", True
        if way < 17:
            inner = self.node_selection([record])
            return f"{alias}: node(id: {self.placed(query.fields['node'].args['id'].type, self.one_id(record))}) {inner}", True
        several = [record, *(self.choice(self.catalogue.records()) for _ in range(self.draw(st.integers(0, 2))))]
        ids = [self.one_id(self.choice(several)) for _ in range(self.draw(st.integers(0, 5)))]
        inner = self.node_selection(several)
        placed = self.placed(query.fields["nodes"].args["ids"].type, ids)
        return f"{alias}: nodes(ids: {placed}) {inner}", bool(ids)

    def one_id(self, record: RecordType) -> str:
        return self.values.id(self.draw, record)

    def object(self, name: str) -> GraphQLObjectType:
        """The object type of that name."""
        type_ = self.schema.type_map[name]
        assert isinstance(type_, GraphQLObjectType)
        return type_

    # selections ------------------------------------------------------------------------------------------------

    def node_selection(self, records: Sequence[RecordType]) -> str:
        """What is selected of an interface: its own field, and fragments on the types behind it."""
        parts = [self.choice(("id", "__typename", "id x: id"))]
        for record in dict.fromkeys(record.name for record in records):
            scope = Scope(aliased=True)
            inner = self.selection(self.object(record), scope, DEPTH - 1, is_apart=True)
            parts.append(f"... on {record}{self.directive()} {inner}")
        return "{ " + " ".join(parts) + " }"

    def selection(self, type_: Any, scope: Scope, depth: int, *, is_apart: bool = False, is_plain: bool = False) -> str:
        """A selection set; `is_apart` gives every key that other types may use otherwise an alias of its own."""
        parts: list[str] = []
        for _ in range(self.draw(st.sampled_from((1, 2, 2, 3, 3, 4)))):
            if self.fields <= 0 and parts:
                break
            way = self.draw(st.integers(0, 19))
            if is_plain or is_apart or way < 16:
                parts.append(self.field(type_, scope, depth, is_apart=is_apart))
            elif way == 16:
                inner = self.selection(type_, scope, depth, is_plain=True)
                condition = self.choice(("", f" on {type_.name}", " on Node" if "id" in type_.fields and depth else ""))
                if condition == " on Node":
                    inner = "{ id }" if any(i.name == "Node" for i in type_.interfaces) else inner
                    condition = condition if inner == "{ id }" else ""
                parts.append(f"...{condition}{self.directive()} {inner}")
            elif way == 17:
                parts.append(self.spread(type_, depth))
            else:
                parts.append(self.leaf(type_, scope))
        return "{ " + " ".join(parts) + " }"

    def spread(self, type_: Any, depth: int) -> str:
        """A named fragment, an earlier one if there is any that fits."""
        fitting = [f for f in self.fragments if f[1] == type_.name and f[2] <= depth]
        if fitting and self.chance(50):
            name = self.choice(fitting)[0]
        else:
            name = self.fresh("F")
            inner = self.selection(type_, Scope(aliased=True), depth, is_plain=True)
            self.fragments.append((name, type_.name, depth, inner))
        return f"...{name}{self.directive()}"

    def directive(self) -> str:
        """@include or @skip, with a literal or a variable; or nothing."""
        if not self.chance(12):
            return ""
        name = self.choice(("include", "skip"))
        value = self.placed(GraphQLNonNull(self.schema.type_map["Boolean"]), self.draw(st.booleans()))  # type: ignore[arg-type]
        return f" @{name}(if: {value})"

    def leaf(self, type_: Any, scope: Scope) -> str:
        """A field without fields of its own."""
        leaves = [name for name, one in type_.fields.items() if is_leaf_type(get_named_type(one.type))]
        return self.choice([*leaves, "__typename"])

    def field(self, type_: Any, scope: Scope, depth: int, *, is_apart: bool) -> str:
        """Any field."""
        self.fields -= 1
        names = [name for name in type_.fields if self.fits(type_, name, depth)]
        deep = [name for name in names if not is_leaf_type(get_named_type(type_.fields[name].type))]
        name = self.choice(deep) if deep and self.chance(45) else self.choice([*names, "__typename"])
        directive = self.directive()
        if name == "__typename":
            return f"{self.alias(name, 10)}{name}{directive}"
        one = type_.fields[name]
        named = get_named_type(one.type)
        if is_leaf_type(named):
            must = is_apart and name not in SAFE
            return f"{self.alias(name, 100 if must else 15)}{name}{directive}"
        if one.args:
            record = self.records[type_.name]
            return self.connection(self.target(named), record, name, scope, depth, directive=directive)
        alias = self.alias(name, 100 if is_apart else 15)
        inner_scope = Scope() if alias else scope.of(name)
        inner_depth = depth - 1 if named.name in self.records and name != "node" else depth
        inner = self.selection(named, inner_scope, inner_depth, is_plain=named.name not in self.records)
        return f"{alias}{name}{directive} {inner}"

    def fits(self, type_: Any, name: str, depth: int) -> bool:
        """Whether a field may stand here: lists within lists only so deep."""
        named = get_named_type(type_.fields[name].type)
        if named.name in self.records:
            return depth > 0 or name == "node"
        return not type_.fields[name].args or (depth > 0 and self.lists > 0)

    def alias(self, name: str, percent: int) -> str:
        return f"{self.fresh('a')}: " if self.chance(percent) else ""

    def target(self, connection: Any) -> RecordType:
        """The record that a connection is a list of."""
        return self.records[get_named_type(connection.fields["nodes"].type).name]

    # connections -----------------------------------------------------------------------------------------------

    def connection(
        self,
        record: RecordType,
        parent: RecordType | None,
        name: str,
        scope: Scope,
        depth: int,
        *,
        alias: str | None = None,
        directive: str = "",
    ) -> str:
        """A connection with its arguments, merged with the same field beside it where that has the same."""
        self.lists -= 1
        owner = self.schema.query_type if parent is None else self.object(parent.name)
        assert owner is not None
        if name in scope.arguments and self.chance(40):
            arguments, key, inner_scope = scope.arguments[name], "", scope.of(name)
        else:
            arguments = self.arguments(owner.fields[name].args, record, parent, name)
            if alias is None and (scope.aliased or name in scope.arguments or self.chance(20)):
                alias = self.fresh("c")
            key = f"{alias}: " if alias else ""
            inner_scope = Scope() if alias else scope.of(name)
            if not alias:
                scope.arguments[name] = arguments
        connection = get_named_type(owner.fields[name].type)
        assert isinstance(connection, GraphQLObjectType)
        return f"{key}{name}{arguments}{directive} {self.parts(connection, inner_scope, depth - 1)}"

    def parts(self, connection: GraphQLObjectType, scope: Scope, depth: int) -> str:
        """What is selected of a connection."""
        names = ["nodes", "edges", "nodes", "edges", "totalCount", "aggregates", "pageInfo", "__typename"]
        chosen = dict.fromkeys(self.choice(names) for _ in range(self.draw(st.sampled_from((1, 1, 2, 3)))))
        parts: list[str] = []
        for name in chosen:
            alias = self.alias(name, 10)
            if name in {"totalCount", "__typename"}:
                parts.append(f"{alias}{name}{self.directive()}")
                continue
            named = get_named_type(connection.fields[name].type)
            inner_scope = Scope() if alias else scope.of(name)
            text = f"{alias}{name}{self.directive()} {self.selection(named, inner_scope, depth, is_plain=name != 'nodes')}"
            parts.append(f"... on {connection.name} {{ {text} }}" if self.chance(5) else text)
        return "{ " + " ".join(parts) + " }"

    def arguments(self, args: Any, record: RecordType, parent: RecordType | None, name: str) -> str:
        """The arguments of a connection."""
        given: dict[str, Any] = {}
        if self.chance(45):
            given["filter"] = self.values.filter(self.draw, record, hops=2)
        if "through" in args and self.chance(30):
            link = self.records[get_named_type(args["through"].type).name.removesuffix("Filter")]
            given["through"] = self.values.filter(self.draw, link, hops=1, nesting=1)
        if self.chance(50):
            given["orderBy"] = self.values.orders(self.draw, record)
        size = self.draw(st.sampled_from((1, 2, 3, 5) if parent else (1, 2, 3, 8, 20, 100)))
        side = self.draw(st.integers(0, 9))
        if side < 6 or (parent is None and side == 9):
            given["first"] = size
        elif side < 9:
            given["last"] = size
        for side_name in ("after", "before"):
            if self.chance(15):
                wanted = CursorWanted(
                    parent=parent,
                    name=name,
                    order=literal(given.get("orderBy") or []),
                    place=self.draw(st.integers(0, 30)),
                )
                given[side_name] = f"@@{len(self.wanted)}@@"
                self.wanted.append(wanted)
        for absent in ("filter", "orderBy", "first", "after"):
            if absent not in given and absent not in {"last", "before"} and self.chance(4):
                given[absent] = None
        if not given:
            return ""
        return "(" + ", ".join(f"{key}: {self.placed(args[key].type, value)}" for key, value in given.items()) + ")"

    # values ----------------------------------------------------------------------------------------------------

    def placed(self, type_: Any, value: Any, *, is_only: bool = False) -> str:
        """A value as literal text, or a variable that holds it, or both mixed; `is_only` where null must not come."""
        if self.chance(25):
            return self.variable(required(type_) if is_only else type_, value)
        inner = get_nullable_type(type_)
        if isinstance(inner, GraphQLInputObjectType) and isinstance(value, Mapping):
            parts = [
                f"{name}: {self.placed(inner.fields[name].type, one, is_only=inner.is_one_of)}"
                for name, one in value.items()
            ]
            if not inner.is_one_of and self.chance(4):
                parts += self.left_out(inner, value)
            return "{" + ", ".join(parts) + "}"
        if is_list(inner) and isinstance(value, list):
            if len(value) == 1 and self.chance(20):
                return self.placed(required(inner.of_type), value[0])  # type: ignore[union-attr] # it is a list
            return "[" + ", ".join(self.placed(inner.of_type, one) for one in value) + "]"  # type: ignore[union-attr]
        return literal(value)

    def left_out(self, type_: GraphQLInputObjectType, value: Mapping[str, Any]) -> list[str]:
        """A field whose variable is not given: as if it were not there."""
        names = [name for name, one in type_.fields.items() if name not in value and not isinstance(one.type, GraphQLNonNull)]
        if not names:
            return []
        name = self.choice(names)
        variable = self.fresh("v")
        self.variables[variable] = (str(type_.fields[name].type), None)
        return [f"{name}: ${variable}"]

    def variable(self, type_: Any, value: Any) -> str:
        """A variable that holds the value, given or by default."""
        name = self.fresh("v")
        way = self.draw(st.integers(0, 9))
        default = literal(value) if way >= 8 and value is not None and "@@" not in literal(value) else None
        self.variables[name] = (str(type_), default)
        if default is None or way == 8:
            self.given[name] = plain(value)
        return f"${name}"


def plain(value: Any) -> Any:
    """A value as JSON."""
    match value:
        case Enumerated():
            return str(value)
        case Mapping():
            return {name: plain(inner) for name, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
        case _:
            return value
