"""Documents: parsed and validated once, kept with the plans of their fields for as long as they are used."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, cast

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues

from ..graph.reading.selection import Ref
from .exchange import Request
from .limits import Limits, exceeded, too_large
from .places import place_in_document
from .recent import Recent
from .rewording import coded, unsuggested, without_what_follows
from .selecting import fixed_variables

MOST_DOCUMENTS = 500
MOST_CHARACTERS = 1_000_000  # of all documents that are kept; each takes up to a hundred bytes when it is parsed
LONGEST_KEPT = 100_000  # characters
MOST_PLANS = 2_000  # of all documents


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of a valid document."""

    document: DocumentNode
    node: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    fixed: frozenset[str]
    plans: Recent
    mark: object = field(default_factory=object)  # tells its plans from those of other operations

    @property
    def type(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.node.operation

    def plan(self, key: Any) -> Any:
        """The plan that was kept by this key, or None."""
        return self.plans.get((self.mark, key))

    def keep(self, key: Any, plan: Any) -> None:
        """Keep a plan."""
        self.plans.keep((self.mark, key), plan)


@dataclass(frozen=True, kw_only=True)
class Document:
    """A document, or what is wrong with it."""

    operations: Mapping[str | None, Operation]
    errors: Sequence[GraphQLError] = ()


class Documents:
    """The documents that were asked for lately, by their text."""

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        limits: Limits,
        suggestions: bool = True,
        trusted: Mapping[str, str] | None = None,
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._suggestions = suggestions
        self._trusted = trusted
        self._texts = None if trusted is None else frozenset(trusted.values())
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._characters = 0
        self._plans = Recent(MOST_PLANS)

    def text_of(self, request: Request) -> str:
        """The document that a request means, by its text or its id; raises GraphQLError for one that isn't trusted."""
        text, id_ = request.query, request.document_id
        if text is None and id_ is None:
            raise GraphQLError("The request has no document.", extensions={"code": "MALFORMED_REQUEST"})
        if text is None and id_ is not None:
            if self._trusted is None:
                raise _unknown(id_, is_hash=request.is_hash)
            text = self._trusted.get(id_)
        if text is None or (self._texts is not None and text not in self._texts):
            message = "Only documents that the operator trusts are run here; this is none of them."
            raise GraphQLError(message, extensions={"code": "UNTRUSTED_DOCUMENT"})
        return text

    def get(self, text: str) -> Document:
        """The document with this text, parsed and validated."""
        kept = self._kept.get(text)
        if kept is not None:
            self._kept.move_to_end(text)
            return kept
        document = self._read(text)
        if len(text) <= LONGEST_KEPT:
            self._keep(text, document)
        return document

    def _keep(self, text: str, document: Document) -> None:
        self._kept[text] = document
        self._characters += len(text)
        while len(self._kept) > MOST_DOCUMENTS or self._characters > MOST_CHARACTERS:
            gone, _ = self._kept.popitem(last=False)
            self._characters -= len(gone)

    def _read(self, text: str) -> Document:
        limits = self._limits
        try:
            document = parse(
                text,
                max_lexical_tokens=limits.tokens,
                max_comments=limits.tokens,
                allow_empty_selection_sets=False,
            )
        except GraphQLError as error:
            return Document(operations={}, errors=[_unread(error, limits)])
        beyond = exceeded(document, limits)
        if beyond is not None:
            return Document(operations={}, errors=[beyond])
        errors = validate(self._schema, document, max_errors=limits.most_found, hide_suggestions=not self._suggestions)
        if errors:
            found = [_invalid(document, error) for error in errors[: limits.errors]]
            shown = found if self._suggestions else [unsuggested(error) for error in found]
            return Document(operations={}, errors=without_what_follows(shown))
        fragments: dict[str, FragmentDetails] = {}
        for definition in document.definitions:
            if isinstance(definition, FragmentDefinitionNode):
                signatures = {
                    variable.variable.name.value: get_variable_signature(self._schema, variable)
                    for variable in definition.variable_definitions or ()
                }
                # None is taken, though not typed
                fragments[definition.name.value] = FragmentDetails(definition, signatures or None)  # type: ignore[arg-type]
        operations = {
            node.name.value if node.name else None: Operation(
                document=document,
                node=node,
                fragments=fragments,
                fixed=fixed_variables(node, fragments),
                plans=self._plans,
            )
            for node in document.definitions
            if isinstance(node, OperationDefinitionNode)
        }
        return Document(operations=operations)


def _unknown(id_: str, *, is_hash: bool) -> GraphQLError:
    """The error for an id where no documents are kept."""
    if is_hash:  # the very words at which Apollo Client and urql send the text, and no more hashes
        return GraphQLError("PersistedQueryNotSupported", extensions={"code": "PERSISTED_QUERY_NOT_SUPPORTED"})
    message = f"No documents are kept here, so {id_[:60]!r} names none; send the document itself."
    return GraphQLError(message, extensions={"code": "UNKNOWN_DOCUMENT"})


def _unread(error: GraphQLError, limits: Limits) -> GraphQLError:
    """The error for a document that can't be parsed, or was too long to be parsed to its end."""
    if not error.message.endswith("Parsing aborted."):
        return coded(error, "SYNTAX_ERROR")
    if "deeply" in error.message:
        return too_large("depth", limits.depth, "The document nests selections, values or types too deeply to be read")
    return too_large("tokens", limits.tokens, f"The document has more than {limits.tokens:,} words and signs")


def _invalid(document: DocumentNode, error: GraphQLError) -> GraphQLError:
    """The error for a document that breaks a rule of GraphQL, or was too entangled to be checked against all."""
    if error.message == "Validation aborted.":
        error.message = "The document is too entangled to be checked: spread fragments less deeply, select fields once."
        return coded(error, "DOCUMENT_TOO_LARGE")
    return coded(error, "VALIDATION_ERROR", place_in_document(document, error))


def symbolic(values: VariableValues, fixed: frozenset[str]) -> tuple[VariableValues, Any]:
    """The variables with a reference in place of each value that only a parameter takes, and the shape of the rest.

    Equal shapes mean equal statements. Booleans, nulls, enum members, the keys of objects and the lengths of lists of
    objects shape a statement; texts, numbers and lists of them do not.
    """
    coerced: dict[str, Any] = {}
    shape: list[Any] = []
    for name, value in values.coerced.items():
        if name in fixed:
            coerced[name] = value
            shape.append((name, value))
        else:
            coerced[name], outline = _symbol(value, (name,))
            shape.append((name, outline))
    return VariableValues(values.sources, coerced), tuple(shape)


def _symbol(value: Any, path: tuple[str | int, ...]) -> tuple[Any, Any]:
    if isinstance(value, str) and not isinstance(value, Enum):
        return Ref(path), "value"
    if value is None or isinstance(value, bool | Enum):
        return value, (value.__class__.__name__, str(value))
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        outline: list[Any] = []
        for name, inner in cast(dict[str, Any], value).items():
            found[name], shape = _symbol(inner, (*path, name))
            outline.append((name, shape))
        return found, tuple(outline)
    if not isinstance(value, list):
        return Ref(path), "value"
    items = cast(list[Any], value)
    if not items or any(item is None or isinstance(item, dict | list | Enum | bool) for item in items):
        parts = [_symbol(item, (*path, index)) for index, item in enumerate(items)]
        return [part for part, _ in parts], ("list", *(shape for _, shape in parts))
    return Ref(path), "list"
