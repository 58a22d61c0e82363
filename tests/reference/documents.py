"""Documents made from the schema itself: any field, argument, fragment, directive and variable that it allows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)
from hypothesis import strategies as st

from accord.graph.catalogue import RecordType, ToAny
from accord.tests.reference.values import Enumerated, Values, flip, is_list, literal, required

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


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a document may hold. These make a failing document smaller; what it holds hangs on `seed` alone."""

    roots: int
    fields: int
    lists: int
    depth: int
    filters: int
    variables: bool
    fragments: bool
    directives: bool
    seed: int


LIMITS = st.builds(
    Limits,
    roots=st.integers(1, 3),
    fields=st.integers(1, 60),
    lists=st.integers(0, 7),
    depth=st.integers(0, 3),
    filters=st.integers(0, 3),
    variables=st.sampled_from((False, True, True, True)),
    fragments=st.sampled_from((False, True, True, True)),
    directives=st.sampled_from((False, True, True)),
    seed=st.integers(0, 2**63),
)


def generate(values: Values, limits: Limits) -> Generated:
    """A query within these limits; the same limits give the same one."""
    return _Document(values, limits).whole()


class _Document:
    """A document in the making."""

    def __init__(self, values: Values, limits: Limits) -> None:
        self.random = Random(limits.seed)
        self.limits = limits
        self.values = values
        self.schema = values.schema
        self.catalogue = values.rows.catalogue
        self.records = {record.name: record for record in self.catalogue.types.values()}
        self.variables: dict[str, tuple[str, str | None]] = {}
        self.given: dict[str, Any] = {}
        self.fragments: list[tuple[str, str, int, str]] = []
        self.wanted: list[CursorWanted] = []
        self.fields = limits.fields
        self.lists = limits.lists
        self.names = 0

    def chance(self, percent: int) -> bool:
        """True so often."""
        return self.random.random() * 100 < percent

    def fresh(self, letter: str) -> str:
        """A name that is nowhere else in the document."""
        self.names += 1
        return f"{letter}{self.names}"

    def whole(self) -> Generated:
        """The document."""
        scope = Scope(aliased=True)
        roots = [self.root(scope) for _ in range(self.limits.roots)]
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
        record = self.random.choice(
            [self.records[name] for name in ("Account", "Contact", "Address", "Account", "Contact", "Task", "Note")]
            + list(self.catalogue.records())
        )
        way = self.random.randint(0, 19)
        alias = self.fresh("r")
        if way < 13:
            text = self.connection(record, None, record.plural, scope, self.limits.depth, alias=alias)
            return text, True
        if way < 16:
            name, key = ("id", self.values.id(self.random, record))
            if self.chance(60):
                name, key = "by", self.values.key(self.random, record)
            argument = query.fields[record.singular].args[name]
            inner = self.selection(self.object(record.name), Scope(), self.limits.depth)
            return f"{alias}: {record.singular}({name}: {self.placed(argument.type, key)}) {inner}", True
        if way < 17:
            inner = self.node_selection([record])
            return (
                f"{alias}: node(id: {self.placed(query.fields['node'].args['id'].type, self.one_id(record))}) {inner}",
                True,
            )
        several = [record, *(self.random.choice(self.catalogue.records()) for _ in range(self.random.randint(0, 2)))]
        ids = [self.one_id(self.random.choice(several)) for _ in range(self.random.randint(0, 5))]
        inner = self.node_selection(several)
        placed = self.placed(query.fields["nodes"].args["ids"].type, ids)
        return f"{alias}: nodes(ids: {placed}) {inner}", bool(ids)

    def one_id(self, record: RecordType) -> str:
        return self.values.id(self.random, record)

    def object(self, name: str) -> GraphQLObjectType:
        """The object type of that name."""
        type_ = self.schema.type_map[name]
        assert isinstance(type_, GraphQLObjectType)
        return type_

    # selections ------------------------------------------------------------------------------------------------

    def node_selection(self, records: Sequence[RecordType], depth: int | None = None) -> str:
        """What is selected of an interface: its own field, and fragments on the types behind it."""
        depth = max(self.limits.depth - 1, 0) if depth is None else depth
        parts = [self.random.choice(("id", "__typename", "id x: id"))]
        for record in dict.fromkeys(record.name for record in records):
            scope = Scope(aliased=True)
            inner = self.selection(self.object(record), scope, depth, is_apart=True)
            parts.append(f"... on {record}{self.directive()} {inner}")
        return "{ " + " ".join(parts) + " }"

    def selection(self, type_: Any, scope: Scope, depth: int, *, is_apart: bool = False, is_plain: bool = False) -> str:
        """A selection set; `is_apart` gives every key that other types may use otherwise an alias of its own."""
        parts: list[str] = []
        for _ in range(self.random.choice((1, 2, 2, 3, 3, 4))):
            if self.fields <= 0 and parts:
                break
            way = self.random.randint(0, 19)
            if is_plain or is_apart or way < 16 or not self.limits.fragments:
                parts.append(self.field(type_, scope, depth, is_apart=is_apart))
            elif way == 16:
                condition = self.random.choice(("", f" on {type_.name}", *(f" on {i.name}" for i in type_.interfaces)))
                inner = "{ id }" if condition == " on Node" else self.selection(type_, scope, depth, is_plain=True)
                parts.append(f"...{condition}{self.directive()} {inner}")
            elif way == 17:
                parts.append(self.spread(type_, depth))
            else:
                parts.append(self.leaf(type_))
        return "{ " + " ".join(parts) + " }"

    def spread(self, type_: Any, depth: int) -> str:
        """A named fragment, an earlier one if there is any that fits."""
        fitting = [f for f in self.fragments if f[1] == type_.name and f[2] <= depth]
        if fitting and self.chance(50):
            name = self.random.choice(fitting)[0]
        else:
            name = self.fresh("F")
            inner = self.selection(type_, Scope(aliased=True), depth, is_plain=True)
            self.fragments.append((name, type_.name, depth, inner))
        return f"...{name}{self.directive()}"

    def directive(self) -> str:
        """@include or @skip, with a literal or a variable; or nothing."""
        if not self.limits.directives or not self.chance(12):
            return ""
        name = self.random.choice(("include", "skip"))
        # a named type is one
        value = self.placed(GraphQLNonNull(self.schema.type_map["Boolean"]), flip(self.random))  # type: ignore[arg-type]
        return f" @{name}(if: {value})"

    def leaf(self, type_: Any) -> str:
        """A field without fields of its own."""
        leaves = [name for name, one in type_.fields.items() if is_leaf_type(get_named_type(one.type))]
        return self.random.choice([*leaves, "__typename"])

    def field(self, type_: Any, scope: Scope, depth: int, *, is_apart: bool) -> str:
        """Any field."""
        self.fields -= 1
        names = [name for name in type_.fields if self.fits(type_, name, depth)]
        deep = [name for name in names if not is_leaf_type(get_named_type(type_.fields[name].type))]
        deep += [name for name in deep if get_named_type(type_.fields[name].type).name == "Node"] * 3
        name = self.random.choice(deep) if deep and self.chance(45) else self.random.choice([*names, "__typename"])
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
        if named.name == "Node":
            subjects = [self.random.choice(self.subjects(type_, name)) for _ in range(self.random.randint(0, 3))]
            return f"{alias}{name}{directive} {self.node_selection(subjects, depth - 1)}"
        inner_scope = Scope() if alias else scope.of(name)
        inner_depth = depth - 1 if named.name in self.records and name != "node" else depth
        inner = self.selection(named, inner_scope, inner_depth, is_plain=named.name not in self.records)
        return f"{alias}{name}{directive} {inner}"

    def fits(self, type_: Any, name: str, depth: int) -> bool:
        """Whether a field may stand here: lists within lists only so deep."""
        named = get_named_type(type_.fields[name].type)
        if named.name in self.records or named.name == "Node":
            return depth > 0 or name == "node"
        return not type_.fields[name].args or (depth > 0 and self.lists > 0)

    def subjects(self, type_: Any, name: str) -> Sequence[RecordType]:
        """The records that a field of an interface may lead to, those of its rows more often than others."""
        record = self.records[type_.name]
        member = record.members[name]
        assert isinstance(member, ToAny)
        held = [self.catalogue.prefixes[row[member.type_column]] for row in self.values.rows.live(record)]
        return [*held, *(self.records[target] for target in member.targets)]

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
        return f"{key}{name}{arguments}{directive} {self.parts(connection, inner_scope, max(depth - 1, 0))}"

    def parts(self, connection: GraphQLObjectType, scope: Scope, depth: int) -> str:
        """What is selected of a connection."""
        names = ["nodes", "edges", "nodes", "edges", "totalCount", "aggregates", "pageInfo", "__typename"]
        chosen = dict.fromkeys(self.random.choice(names) for _ in range(self.random.choice((1, 1, 2, 3))))
        parts: list[str] = []
        for name in chosen:
            alias = self.alias(name, 10)
            if name in {"totalCount", "__typename"}:
                parts.append(f"{alias}{name}{self.directive()}")
                continue
            named = get_named_type(connection.fields[name].type)
            inner_scope = Scope() if alias else scope.of(name)
            text = (
                f"{alias}{name}{self.directive()} {self.selection(named, inner_scope, depth, is_plain=name != 'nodes')}"
            )
            parts.append(f"... on {connection.name} {{ {text} }}" if self.chance(5) else text)
        return "{ " + " ".join(parts) + " }"

    def arguments(self, args: Any, record: RecordType, parent: RecordType | None, name: str) -> str:
        """The arguments of a connection."""
        given: dict[str, Any] = {}
        if self.limits.filters and self.chance(45):
            given["filter"] = self.values.filter(self.random, record, hops=self.limits.filters - 1)
        if "through" in args and self.limits.filters and self.chance(30):
            link = self.records[get_named_type(args["through"].type).name.removesuffix("Filter")]
            given["through"] = self.values.filter(self.random, link, hops=1, nesting=1)
        if self.chance(50):
            given["orderBy"] = self.values.orders(self.random, record)
        size = self.random.choice((1, 2, 3, 5) if parent else (1, 2, 3, 8, 20, 100 if self.limits.depth < 3 else 20))
        side = self.random.randint(0, 9)
        if side < 6 or (side == 9 and parent and self.limits.depth == 3):  # pages of 50 in pages of 50 cost too much
            given["first"] = size
        elif side < 9:
            given["last"] = size
        for side_name in ("after", "before"):
            if self.chance(15):
                wanted = CursorWanted(
                    parent=parent,
                    name=name,
                    order=literal(given.get("orderBy") or []),
                    place=self.random.randint(0, 30),
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

    def placed(self, type_: Any, value: Any, *, is_only: bool = False, may_vary: bool = True) -> str:
        """A value as literal text, or a variable that holds it, or both mixed; `is_only` where null must not come."""
        if self.limits.variables and may_vary and self.chance(25):
            return self.variable(required(type_) if is_only else type_, value)
        inner = get_nullable_type(type_)
        if isinstance(inner, GraphQLInputObjectType) and isinstance(value, Mapping):
            parts = [
                f"{name}: {self.placed(inner.fields[name].type, one, is_only=inner.is_one_of)}"
                for name, one in value.items()
            ]
            if self.limits.variables and not inner.is_one_of and self.chance(4):
                parts += self.left_out(inner, value)
            return "{" + ", ".join(parts) + "}"
        if is_list(inner) and isinstance(value, list):
            if len(value) == 1 and self.chance(20):
                return self.placed(inner.of_type, value[0], may_vary=False)  # type: ignore[union-attr] # it is a list
            # as above
            return "[" + ", ".join(self.placed(inner.of_type, one) for one in value) + "]"  # type: ignore[union-attr]
        return literal(value)

    def left_out(self, type_: GraphQLInputObjectType, value: Mapping[str, Any]) -> list[str]:
        """A field whose variable is not given: as if it were not there."""
        names = [
            name for name, one in type_.fields.items() if name not in value and not isinstance(one.type, GraphQLNonNull)
        ]
        if not names:
            return []
        name = self.random.choice(names)
        variable = self.fresh("v")
        self.variables[variable] = (str(type_.fields[name].type), None)
        return [f"{name}: ${variable}"]

    def variable(self, type_: Any, value: Any) -> str:
        """A variable that holds the value, given or by default."""
        name = self.fresh("v")
        way = self.random.randint(0, 9)
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
