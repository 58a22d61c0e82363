"""What a client accepts: the media type of the answer, by the weights in its Accept header (RFC 9110, 12.5.1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
HTML = "text/html"


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The media ranges of one Accept header, each with its weight from 0 to 1."""

    ranges: Mapping[str, float]

    def answer_type(self) -> str | None:
        """The media type to answer in; None where nothing that there is would be accepted.

        The two JSON types come first whatever their weight, because clients list streams that they do not ask for.
        Between them the weight decides, then which is named and not only covered by a wildcard, then the newer one.
        """
        if not self.ranges:
            return JSON
        graphql, json = self._weight(GRAPHQL_RESPONSE), self._weight(JSON)
        if max(graphql, json)[0] > 0:
            is_named = GRAPHQL_RESPONSE in self.ranges
            return GRAPHQL_RESPONSE if graphql > json or (graphql == json and is_named) else JSON
        return EVENT_STREAM if self._weight(EVENT_STREAM)[0] > 0 else None

    def wants_page(self) -> bool:
        """Whether a person's browser asks: it names HTML, and nothing of GraphQL as much."""
        page = self.ranges.get(HTML, 0)
        return page > max(self._weight(JSON)[0], self._weight(GRAPHQL_RESPONSE)[0])

    def _weight(self, media_type: str) -> tuple[float, int]:
        """The weight of a type, and how closely it is described; the closest description counts."""
        main = media_type.partition("/")[0]
        for closeness, name in ((2, media_type), (1, f"{main}/*"), (0, "*/*")):
            if name in self.ranges:
                return self.ranges[name], closeness
        return 0, 0


def accepted(header: str) -> Accepted:
    """Read an Accept header; what is malformed in it counts as not said."""
    return Accepted(ranges=dict(_ranges(header)))


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    for part in header.split(","):
        name, *parameters = (word.strip().lower() for word in part.split(";"))
        weight = next((word[2:] for word in parameters if word.startswith("q=")), "1")
        main, _, sub = name.partition("/")
        if main and sub and (number := _number(weight)) is not None:
            yield name, number


def _number(text: str) -> float | None:
    digits = text.replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit() and len(text) < 10):
        return None
    return min(float(text), 1.0)
