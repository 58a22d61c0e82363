"""Limits of documents: measured before anything runs, in time that grows with the document's length and no faster."""

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one request may ask for.

    tokens       words and signs of a document
    depth        selection sets within each other, introspection aside
    fields       fields when every fragment is written out, introspection aside
    aliases      aliases, likewise
    directives   directives, likewise
    cost         rows that an operation may return at most, by its page sizes; a count or figures cost ten
    errors       errors in one response
    """

    tokens: int = 5_000
    depth: int = 15
    fields: int = 2_000
    aliases: int = 100
    directives: int = 200
    cost: int = 50_000
    errors: int = 20
    introspection: bool = True


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a selection is when every fragment is written out."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0


def exceeded(document: DocumentNode, limits: Limits) -> GraphQLError | None:
    """The first limit that an operation of the document goes beyond, as an error; None if it keeps within all.

    Each fragment is measured once, however often it is spread. Fragments that are missing or contain themselves are
    left to validation.
    """
    measure = _Measure(
        {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    )
    for node in document.definitions:
        if not isinstance(node, OperationDefinitionNode):
            continue
        size = measure.of(node.selection_set)
        for name in ("depth", "fields", "aliases", "directives"):
            found, allowed = getattr(size, name), getattr(limits, name)
            if found > allowed:
                shown = found if found < 10**9 else "over a billion"
                return GraphQLError(
                    f"The document has {shown} {_named(name)}, {allowed} are allowed: ask for less, or in several requests.",
                    extensions={"code": "DOCUMENT_TOO_LARGE", "limit": name, "allowed": allowed},
                )
    if measure.introspects and not limits.introspection:
        return GraphQLError(
            "The schema can't be read from here; ask the operator for it.", extensions={"code": "INTROSPECTION_OFF"}
        )
    return None


def _named(limit: str) -> str:
    return "levels of selections" if limit == "depth" else limit


class _Measure:
    """Measures the selections of one document."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self.introspects = False
        self._fragments = fragments
        self._known: dict[str, Size] = {}
        self._open: set[str] = set()

    def of(self, selection_set: SelectionSetNode | None) -> Size:
        """The size of a selection set."""
        depth = fields = aliases = directives = 0
        for node in selection_set.selections if selection_set else ():
            directives += len(node.directives or ())
            if isinstance(node, FieldNode):
                inner = self._field(node)
                aliases += node.alias is not None
            elif isinstance(node, InlineFragmentNode):
                inner = self.of(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                inner = self._fragment(node.name.value)
            else:
                continue
            depth = max(depth, inner.depth)
            fields += inner.fields
            aliases += inner.aliases
            directives += inner.directives
        return Size(depth=depth, fields=fields, aliases=aliases, directives=directives)

    def _field(self, node: FieldNode) -> Size:
        if node.name.value in INTROSPECTION:
            self.introspects = True
            inner = self.of(node.selection_set)
            return Size(aliases=inner.aliases, directives=inner.directives)
        inner = self.of(node.selection_set)
        return Size(
            depth=inner.depth + (1 if node.selection_set else 0),
            fields=inner.fields + 1,
            aliases=inner.aliases,
            directives=inner.directives,
        )

    def _fragment(self, name: str) -> Size:
        if name in self._known:
            return self._known[name]
        fragment = self._fragments.get(name)
        if fragment is None or name in self._open:
            return Size()
        self._open.add(name)
        self._known[name] = self.of(fragment.selection_set)
        self._open.discard(name)
        return self._known[name]
