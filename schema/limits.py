"""Limits of documents: measured before anything runs, in time that grows with the document's length and no faster."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

INTROSPECTION = frozenset({"__schema", "__type"})
COUNTED = {
    "depth": "levels of selections",
    "fields": "fields",
    "aliases": "aliases",
    "directives": "directives",
    "introspections": "introspections (fields __schema and __type, and aliases within them)",
}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one request may ask for.

    tokens          words and signs of a document
    depth           fields with selections within each other, introspection aside
    fields          fields when every fragment is written out
    aliases         aliases, likewise
    directives      directives, likewise
    introspections  fields `__schema` and `__type`, likewise, and aliases within them: each may multiply a long answer
    repeats         fields of one name in one place: to check that they agree takes time that grows with their square
    cost            rows that an operation may return at most, by its page sizes; a count or figures cost ten
    errors          errors in one response
    """

    tokens: int = 5_000
    depth: int = 15
    fields: int = 2_000
    aliases: int = 100
    directives: int = 200
    introspections: int = 3
    repeats: int = 50
    cost: int = 50_000
    errors: int = 20
    introspection: bool = True

    @property
    def most_found(self) -> int:
        """After how many errors to stop looking for more: one beside them says that there may be more."""
        return max(self.errors - 1, 1)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a selection is when every fragment is written out."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    introspections: int = 0


def exceeded(document: DocumentNode, limits: Limits) -> GraphQLError | None:
    """The first limit that an operation of the document goes beyond, as an error; None if it keeps within all.

    Fragments that are missing or contain themselves are left to validation.
    """
    for size in sizes(document):
        for name, words in COUNTED.items():
            found, allowed = getattr(size, name), getattr(limits, name)
            if found > allowed:
                shown = f"{found:,}" if found < 10**9 else "over a billion"
                return too_large(name, allowed, f"The document has {shown} {words}, {allowed:,} are allowed")
        if size.introspections and not limits.introspection:
            return GraphQLError(
                "The schema can't be read from here; ask the operator for it.", extensions={"code": "INTROSPECTION_OFF"}
            )
    name = _repeated(document, limits)
    if name is None:
        return None
    what = f"{name} is selected more than {limits.repeats:,} times in one place"
    return too_large("repeats", limits.repeats, what, "select it once")


def too_large(
    limit: str, allowed: int, what: str, remedy: str = "ask for less, or in several requests"
) -> GraphQLError:
    """The error for a document that goes beyond a limit."""
    return GraphQLError(
        f"{what}: {remedy}.",
        extensions={"code": "DOCUMENT_TOO_LARGE", "limit": limit, "allowed": allowed},
    )


def sizes(document: DocumentNode) -> Iterator[Size]:
    """The size of each operation. Each fragment is measured once, however often it is spread."""
    fragments = {
        node.name.value: _measured(node.selection_set)
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    known: dict[str, Size] = {}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            own = _measured(node.selection_set)
            for name in _inner_first(own, fragments, known):
                known[name] = _written_out(fragments[name], known)
            yield _written_out(own, known)


@dataclass(kw_only=True)
class _Part:
    """What stands in an operation or a fragment itself, and where it spreads fragments: how often, how deep at most."""

    fields: int = 0
    aliases: int = 0
    directives: int = 0
    introspections: int = 0
    depth: int = 0
    spreads: dict[tuple[str, bool], tuple[int, int]] = field(default_factory=dict[tuple[str, bool], tuple[int, int]])


def _measured(selection_set: SelectionSetNode) -> _Part:
    """Measure an operation or a fragment by itself. What stands within `__schema` and `__type` is told apart."""
    part = _Part()
    stack = [(selection_set, 0, False)]
    while stack:
        selections, depth, is_inside = stack.pop()
        for node in selections.selections:
            part.directives += len(node.directives or ())
            if isinstance(node, FragmentSpreadNode):
                times, deepest = part.spreads.get((node.name.value, is_inside), (0, 0))
                part.spreads[node.name.value, is_inside] = (times + 1, max(deepest, depth))
                continue
            inner: SelectionSetNode | None = getattr(node, "selection_set", None)
            below, goes_inside = depth, is_inside
            if isinstance(node, FieldNode):
                goes_inside = is_inside or node.name.value in INTROSPECTION
                part.aliases += node.alias is not None
                part.introspections += node.name.value in INTROSPECTION or (is_inside and node.alias is not None)
                part.fields += 1
                below = depth + (inner is not None and not goes_inside)
            part.depth = max(part.depth, below)
            if inner is not None:
                stack.append((inner, below, goes_inside))
    return part


def _inner_first(part: _Part, fragments: Mapping[str, _Part], known: Mapping[str, Size]) -> list[str]:
    """The fragments not yet known that a part spreads, directly or not, each after those that it spreads itself."""
    order: list[str] = []
    seen = set(known)
    stack = [(iter(part.spreads), "")]
    while stack:
        spreads, within = stack[-1]
        name = next((name for name, _ in spreads if name in fragments and name not in seen), None)
        if name is not None:
            seen.add(name)
            stack.append((iter(fragments[name].spreads), name))
            continue
        stack.pop()
        if within:
            order.append(within)
    return order


def _written_out(part: _Part, known: Mapping[str, Size]) -> Size:
    """The size of a part with its fragments, as far as those are known."""
    fields, aliases, directives = part.fields, part.aliases, part.directives
    introspections, depth = part.introspections, part.depth
    for (name, is_inside), (times, deepest) in part.spreads.items():
        inner = known.get(name, Size())
        fields += times * inner.fields
        aliases += times * inner.aliases
        directives += times * inner.directives
        introspections += times * (inner.introspections + (inner.aliases if is_inside else 0))
        if not is_inside:
            depth = max(depth, deepest + inner.depth)
    return Size(depth=depth, fields=fields, aliases=aliases, directives=directives, introspections=introspections)


def _repeated(document: DocumentNode, limits: Limits) -> str | None:
    """A name that more fields than allowed have in one place; None if there is none.

    Fields of one name in one place are one field of the answer, and what is selected in them is one place again.
    """
    fragments = {
        node.name.value: node.selection_set for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    for operation in document.definitions:
        if not isinstance(operation, OperationDefinitionNode):
            continue
        places = [[operation.selection_set]]
        left = limits.fields  # there are no more, except where a fragment contains itself
        while places and left >= 0:
            for name, nodes in _merged(places.pop(), fragments).items():
                if len(nodes) > limits.repeats:
                    return name
                left -= len(nodes)
                inner = [node.selection_set for node in nodes if node.selection_set]
                if inner:
                    places.append(inner)
    return None


def _merged(
    selection_sets: list[SelectionSetNode], fragments: Mapping[str, SelectionSetNode]
) -> dict[str, list[FieldNode]]:
    """The fields of one place by their names in the answer; a fragment that is spread twice there is there once."""
    fields: dict[str, list[FieldNode]] = {}
    seen: set[str] = set()
    stack = list(selection_sets)
    while stack:
        for node in stack.pop().selections:
            if isinstance(node, FieldNode):
                fields.setdefault((node.alias or node.name).value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                stack.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen and node.name.value in fragments:
                seen.add(node.name.value)
                stack.append(fragments[node.name.value])
    return fields
