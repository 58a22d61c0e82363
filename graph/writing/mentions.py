"""Mentions: the record types that inputs name, so that plugins can be asked about them before anything is written."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from ..catalogue import Catalogue, ExtensionField, RecordType, ToAny, ToMany
from ..errors import InvalidInput
from ..identity import type_of_id

Looked = set[tuple[str, str | None, int]]  # lists by what they hold, through which link, and their identity


def mentioned(catalogue: Catalogue, record: RecordType, inputs: Sequence[Mapping[str, Any]]) -> set[str]:
    """The types of the records that inputs change, connect or point at.

    A list that many inputs share, as all that a bulk labels share its labels, is looked at once.
    """
    looked: Looked = set()
    return {record.name, *(name for given in inputs for name in _within(catalogue, record, given, looked))}


def _within(catalogue: Catalogue, record: RecordType, given: Mapping[str, Any], looked: Looked) -> Iterator[str]:
    yield record.name
    references = {f"{link.api}Id": link for link in record.references}
    for name, value in given.items():
        member, link = record.members.get(name), references.get(name)
        if value is None:
            continue
        if name == "by" and "externalId" in value:
            yield "ExternalId"
        elif isinstance(member, ToMany):
            key = (member.target, member.link, id(value))
            if key in looked:
                continue
            looked.add(key)
            for item in cast(list[Mapping[str, Any]], value):
                yield from _within(catalogue, catalogue[member.target], item, looked)
                if member.link is not None:
                    yield from _within(catalogue, catalogue[member.link], item, looked)
        elif isinstance(member, ExtensionField):
            yield from _within(catalogue, catalogue[member.target], value, looked)
        elif isinstance(link, ToAny):
            try:
                yield type_of_id(catalogue, value).name
            except InvalidInput:
                continue  # no id at all, which is said when it is read
        elif link is not None:
            yield link.target
