"""What is asked and what comes of it, as values: the request and its caller, the result and its cost.

They are made for every request, and one that is frozen takes four times as long to make; nobody changes any.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from graphql import GraphQLError

from .wording import shown

ALL = "*"  # every permission


@dataclass(kw_only=True)
class Caller:
    """Who asks: the actor with its permissions, and a name for the request in logs.

    `scope` is the plugin whose own work asks; idempotency keys of one scope are not those of another.
    """

    actor: UUID
    request: str
    permissions: frozenset[str] = frozenset()
    scope: str = ""

    def may(self, permission: str) -> bool:
        """Whether the actor holds a permission; `*` stands for all of them."""
        return permission in self.permissions or ALL in self.permissions


@dataclass(kw_only=True)
class Request:
    """One document to run, by its text or an id.

    `is_hash` says that the id is one as Apollo Client and urql send it, which send the text when they are told how.
    `after` is the cursor from which a stream that broke goes on, whatever the document says.
    """

    query: str | None
    variables: Mapping[str, Any] = field(default_factory=dict[str, Any])
    operation_name: str | None = None
    document_id: str | None = None
    is_hash: bool = False
    after: str | None = None


@dataclass(kw_only=True)
class Cost:
    """The rows that an operation may return at most, and how many are allowed."""

    requested: int
    limit: int


@dataclass(kw_only=True)
class Result:
    """What came of a request. Without `ran` nothing was run, and there is no data.

    `cursor` is where a stream goes on after it, if it can.
    """

    data: dict[str, Any] | None
    errors: Sequence[GraphQLError] = ()
    ran: bool = True
    cost: Cost | None = None
    cursor: str | None = None

    def encoded(self) -> bytes:
        """The response as JSON."""
        body: dict[str, Any] = {}
        if self.errors:
            body["errors"] = [shown(error) for error in self.errors]
        if self.ran:
            body["data"] = self.data
        if self.cost is not None:
            body["extensions"] = {"cost": {"requested": self.cost.requested, "limit": self.cost.limit}}
        return orjson.dumps(body)

    def decoded(self) -> dict[str, Any]:
        """The response as Python values."""
        return orjson.loads(self.encoded())


class Refused(Exception):
    """A request that can't be run at all; `result` says why."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result
