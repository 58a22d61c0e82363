"""What a client accepts: the media type of the answer, by the weights in its Accept header (RFC 9110, 12.5.1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
HTML = "text/html"


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """What an Accept header means here: the media type to answer in, None where nothing there is would be accepted."""

    answer_type: str | None
    wants_page: bool


def accepted(header: str) -> Accepted:
    """Read an Accept header; what is malformed in it counts as not said."""
    ranges = dict(_ranges(header))
    graphql, json = _weight(ranges, GRAPHQL_RESPONSE), _weight(ranges, JSON)
    best = max(graphql, json)[0]
    if not ranges:
        answer_type = JSON
    elif best > 0:
        # The JSON types come before streams whatever their weight, because clients list streams that they do not ask
        # for. Between the two the weight decides, then which is named and not only covered by a wildcard.
        is_named = GRAPHQL_RESPONSE in ranges
        answer_type = GRAPHQL_RESPONSE if graphql > json or (graphql == json and is_named) else JSON
    else:
        answer_type = EVENT_STREAM if _weight(ranges, EVENT_STREAM)[0] > 0 else None
    # A person's browser names HTML, and nothing of GraphQL as much.
    return Accepted(answer_type=answer_type, wants_page=ranges.get(HTML, 0) > best)


def _weight(ranges: Mapping[str, float], media_type: str) -> tuple[float, int]:
    """The weight of a type, and how closely it is described; the closest description counts."""
    main = media_type.partition("/")[0]
    for closeness, name in ((2, media_type), (1, f"{main}/*"), (0, "*/*")):
        if name in ranges:
            return ranges[name], closeness
    return 0, 0


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
