"""A plan: one statement, the parameters it waits for, and what Python completes in its answer."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from ...plugins.violations import FieldError
from ..catalogue import ComputedField
from ..errors import GraphError, InvalidInput
from .selection import Ref

MARK = "="  # no column is called so
PLAIN = frozenset({str, int, float, bool, type(None)})  # what holds no other values
SEEN = re.compile("\x03([0-9]+):([^\x03]*)\x03")  # marks a row with classified values; no JSON text holds it
WITHHELD = "\x02"  # what a statement answers in place of members whose filter the caller may not use


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A value of a statement: known (`value`) or to come from a variable (`ref`), converted for the database."""

    convert: Callable[[Any], Any]
    where: str
    ref: Ref | None = None
    value: Any = None


@dataclass(frozen=True, kw_only=True)
class Completion:
    """A computed field of a plugin in the answer: the way to it (`*` for every element of a list).

    In an answer with records of several types, `record` names the type that has the field. Where a record may be of any
    type, another type may have another field of the same key: then what waits for this one says `mark` under MARK.
    """

    path: tuple[str, ...]
    field: ComputedField
    plugin: str
    record: str | None = None
    mark: str | None = None


@dataclass(frozen=True, kw_only=True)
class Uncomputed:
    """A computed field of a plugin that could not be worked out: its place in the answer, null everywhere, and why."""

    path: tuple[str, ...]
    plugin: str
    error: Exception


@dataclass(frozen=True, kw_only=True)
class Classified:
    """Classified fields of one record type that a statement reads of the same rows, and the classes of their data.

    `whole` where the answer hangs on the values of rows that are not named: figures, filters and orders.
    """

    record: str
    fields: tuple[str, ...]
    classes: frozenset[str]
    whole: bool = False


Seen = dict[Classified, dict[UUID, None]]  # the rows whose classified values an answer holds


class Unsettled(Exception):
    """A statement would be run that met record types before plugins had said what may be seen of them: a bug."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A compiled selection, good for every value of its variables, once plugins were asked about all that it meets."""

    statement: str
    parameters: tuple[Parameter, ...]
    completions: tuple[Completion, ...] = ()
    signature: int | None = None  # of the stored filters that the statement holds, if it may meet any
    withheld: GraphError | None = None  # why a stored filter can't be used for this caller, if one can't
    classified: tuple[Classified, ...] = ()
    unasked: frozenset[str] = frozenset()

    def bind(self, variables: Mapping[str, Any]) -> list[Any]:
        """The statement's parameters for these variables; raises InvalidInput for a value that can't be used."""
        if self.unasked:
            raise Unsettled(f"plugins were not asked about {', '.join(sorted(self.unasked))}; settle before binding")
        return [bound(parameter, variables) for parameter in self.parameters]

    def note_uses(self, seen: Seen) -> None:
        """Note the classified values that an answer hangs on whatever rows it holds, and if it holds none."""
        for one in self.classified:
            if one.whole:
                seen.setdefault(one, {})


def bound(parameter: Parameter, variables: Mapping[str, Any]) -> Any:
    """One parameter's value for the database."""
    value = resolved(parameter.value if parameter.ref is None else parameter.ref, variables)
    try:
        return parameter.convert(value)
    except FieldError as error:
        raise InvalidInput(error.code, f"{parameter.where}: {error.message}", argument=parameter.where) from None
    except InvalidInput as error:
        raise InvalidInput(
            error.code, f"{parameter.where}: {error.message}", argument=parameter.where, **error.details
        ) from None


def resolved(value: Any, variables: Mapping[str, Any]) -> Any:
    """A value with every reference in it replaced by what it stands for."""
    if isinstance(value, tuple | list):
        # isinstance leaves the items unknown
        return [resolved(item, variables) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(value, Ref):
        return value
    found: Any = variables
    for step in value.path:
        found = found[step]
    return found


def unmarked(plan: Plan, text: str, seen: Seen) -> str:
    """The statement's text without its marks of rows with classified values, which are noted in `seen`.

    Raises GraphError where the answer hangs on a stored filter that can not be used for the caller.
    """
    if plan.withheld is not None and WITHHELD in text:
        raise plan.withheld
    plan.note_uses(seen)
    if "\x03" not in text:
        return text

    def note(mark: re.Match[str]) -> str:
        seen.setdefault(plan.classified[int(mark[1])], {})[UUID(mark[2])] = None
        return ""

    return SEEN.sub(note, text)


async def complete(answer: Any, completions: Sequence[Completion]) -> list[Uncomputed]:
    """Fill the computed fields into a decoded answer, each called once; returns those whose computation failed.

    A plugin's function may fail, or give what is no JSON: its field becomes null everywhere, and the rest of the answer
    stands.
    """
    failed: list[Uncomputed] = []
    for completion in completions:
        *way, key = completion.path
        holders = _waiting(_holders(answer, way), key, completion.mark)
        try:
            found = completion.field.computed.by([holder[key] for holder in holders])
            values = _encodable(list(await found if inspect.isawaitable(found) else found))
            if len(values) != len(holders):
                raise ValueError(f"{completion.field.name} gave {len(values)} values for {len(holders)} rows")
        except Exception as error:  # the field's author may be a plugin: contained here, reported by the caller
            failed.append(Uncomputed(path=completion.path, plugin=completion.plugin, error=error))
            values = [None] * len(holders)
        for holder, value in zip(holders, values, strict=True):
            holder[key] = value
    return failed


def _encodable(values: list[Any]) -> list[Any]:
    """The values, of which each can be encoded in an answer, however deep it stands there; raises TypeError."""
    if PLAIN.issuperset(map(type, values)):
        orjson.dumps(values)
        return values
    return [orjson.Fragment(orjson.dumps(value)) for value in values]


def _waiting(holders: Sequence[dict[str, Any]], key: str, mark: str | None) -> Sequence[dict[str, Any]]:
    """Those of the holders that wait for the field of a completion."""
    if mark is None:
        return holders
    return [one for one in holders if isinstance(one.get(key), dict) and one[key].get(MARK) == mark]


def _holders(value: Any, way: Sequence[str]) -> Sequence[dict[str, Any]]:
    found: list[Any] = [value]
    for step in way:
        found = [item for outer in found for item in (outer if step == "*" else [outer.get(step)]) if item is not None]
    return found
