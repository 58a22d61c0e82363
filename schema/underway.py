"""A root field of a mutation while it is run: what can be told of it if it does not end as it should."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError

from ..graph.writing.standing import Standing


@dataclass
class Underway:
    """How a field stands; once its write has an outcome, `payload` makes what can be told without reading it back.

    What that leaves out is null in `missing`, a path inside of the payload.
    """

    name: str
    key: str
    standing: Standing = field(default_factory=Standing)
    payload: Callable[[], Any] | None = None
    missing: Sequence[str | int] = ()

    def left(self) -> Any:
        """The payload as far as it can be told; None where nothing can."""
        return None if self.payload is None else self.payload()

    def told(self, error: GraphQLError) -> GraphQLError:
        """An error of this field that says, too, whether what it was to write is kept, if it may be."""
        if self.standing.kept is False or "written" in (error.extensions or {}):
            return error
        if self.standing.kept:
            message = f"{self.name} is done and kept; only its answer is missing. {error.message}"
        else:
            message = f"{self.name} may be kept or not: look before you repeat it. {error.message}"
        return GraphQLError(
            message,
            nodes=error.nodes,
            path=[self.key, *self.missing],
            extensions={**(error.extensions or {}), "written": self.standing.kept},
        )

    def over(self, message: str) -> GraphQLError | None:
        """The error of a field whose request was stopped; None where all of it can be told."""
        if self.payload is not None and not (self.standing.kept and self.missing):
            return None
        error = GraphQLError(message, path=[self.key], extensions={"code": "TIMEOUT"})
        if self.standing.kept is not False:
            return self.told(error)
        return GraphQLError(
            f"{message} {self.name} was not done.", path=[self.key], extensions={"code": "TIMEOUT", "written": False}
        )
