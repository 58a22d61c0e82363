"""Scalars of the API. They travel as text and are checked where they are used, so that what is wrong has a path."""

from typing import Any, NewType

import strawberry
from graphql import FloatValueNode, GraphQLError, IntValueNode, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

DateTime = NewType("DateTime", str)
Date = NewType("Date", str)
Decimal = NewType("Decimal", str)
PathSegment = NewType("PathSegment", str)
JSON = NewType("JSON", object)


def _text(name: str, example: str) -> dict[str, Any]:
    """How a scalar written as text is read, from a variable and from a document."""
    message = f"{name} is written as text, like {example!r}."

    def parse(value: Any) -> str:
        if not isinstance(value, str):
            raise GraphQLError(message)
        return value

    def parse_literal(node: ValueNode, variables: Any = None) -> str:
        if not isinstance(node, StringValueNode):
            raise GraphQLError(message, node)
        return node.value

    return {"parse_value": parse, "parse_literal": parse_literal}


NO_DECIMAL = "Decimal is written as text, like '12.50'."


def _decimal(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise GraphQLError(NO_DECIMAL)
    return str(value)


def _decimal_literal(node: ValueNode, variables: Any = None) -> str:
    """The digits as they stand in the document: as a float, some of them would be lost."""
    if not isinstance(node, StringValueNode | IntValueNode | FloatValueNode):
        raise GraphQLError(NO_DECIMAL, node)
    return node.value


def scalar_map() -> dict[object, ScalarDefinition]:
    """The scalars by the types that stand for them."""
    return {
        DateTime: strawberry.scalar(
            name="DateTime",
            description="A moment, ISO 8601 in UTC with microseconds, such as 2026-01-31T12:00:00.000000Z.",
            specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
            **_text("DateTime", "2026-01-31T12:00:00Z"),
        ),
        Date: strawberry.scalar(
            name="Date",
            description="A day of the calendar, such as 2026-01-31.",
            specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
            **_text("Date", "2026-01-31"),
        ),
        Decimal: strawberry.scalar(
            name="Decimal",
            description="A decimal number in text, exact to its last digit, such as 1234.50.",
            parse_value=_decimal,
            parse_literal=_decimal_literal,
        ),
        PathSegment: strawberry.scalar(
            name="PathSegment",
            description="One step of the way into an input: the name of a field, or the place in a list from 0.",
        ),
        JSON: strawberry.scalar(name="JSON", description="Any JSON value."),
    }
