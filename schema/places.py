"""Where in a document something stands, told as callers write it: `accounts.nodes.contacts.filter.name`."""

import re

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    ListValueNode,
    Node,
    ObjectFieldNode,
    VariableDefinitionNode,
)
from graphql.language.ast import QUERY_DOCUMENT_KEYS

IN_VARIABLE = re.compile(r"Variable '(\$\w+)' has invalid (?:default )?value(?: at (\S+))?: ")
INDEX = re.compile(r"\[(\d+)\]")


def place_in_document(document: DocumentNode, error: GraphQLError) -> str | None:
    """The way to what an error of validation is about, from a root field or a fragment on; None if it has none."""
    if not error.nodes:
        return None
    target = error.nodes[-1]
    stack: list[tuple[Node, tuple[str, ...]]] = [(definition, ()) for definition in document.definitions]
    while stack:
        node, way = stack.pop()
        if not _holds(node, target):
            continue  # so that a long document is not gone through for each of its errors
        here = (*way, *_step(node))
        if node is target:
            return ".".join(here) or None
        if isinstance(node, ListValueNode):
            stack += [(item, (*here, str(place))) for place, item in enumerate(node.values)]
        else:
            stack += [(child, here) for child in _children(node)]
    return None


def place_in_variables(error: GraphQLError) -> str | None:
    """The way into a variable's value to what an error found by coercion is about: `$filter.name.eq`."""
    found = IN_VARIABLE.match(error.message)
    return None if found is None else found[1] + INDEX.sub(r".\1", found[2] or "")


def _holds(node: Node, target: Node) -> bool:
    """Whether the one node stands within the other, as far as their places in the text are known."""
    own, wanted = node.loc, target.loc
    return own is None or wanted is None or own.start <= wanted.start <= wanted.end <= own.end


def _step(node: Node) -> tuple[str, ...]:
    match node:
        case FieldNode():
            return ((node.alias or node.name).value,)
        case ArgumentNode() | ObjectFieldNode() | FragmentDefinitionNode():
            return (node.name.value,)
        case VariableDefinitionNode():
            return (f"${node.variable.name.value}",)
        case _:
            return ()


def _children(node: Node) -> list[Node]:
    found: list[Node] = []
    for key in QUERY_DOCUMENT_KEYS[node.kind]:
        value = getattr(node, key, None)
        if isinstance(value, Node):
            found.append(value)
        elif isinstance(value, list | tuple):
            # isinstance leaves the items unknown
            found += [item for item in value if isinstance(item, Node)]  # pyright: ignore[reportUnknownVariableType]
    return found
