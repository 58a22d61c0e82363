"""A plan: one statement, the parameters it waits for, and what Python completes in its answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...plugins.violations import FieldError
from ..catalogue import ComputedField
from ..errors import InvalidInput
from .selection import Ref


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A value of a statement: known (`value`) or to come from a variable (`ref`), converted for the database."""

    convert: Callable[[Any], Any]
    where: str
    ref: Ref | None = None
    value: Any = None


@dataclass(frozen=True, kw_only=True)
class Completion:
    """A computed field in the answer: the way to it (`*` for every element of a list).

    In an answer with records of several types, `record` names the type that has the field.
    """

    path: tuple[str, ...]
    field: ComputedField
    record: str | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A compiled selection, good for every value of its variables."""

    statement: str
    parameters: tuple[Parameter, ...]
    completions: tuple[Completion, ...] = ()
    signature: int | None = None  # of the stored filters that the statement holds, if it may meet any

    def bind(self, variables: Mapping[str, Any]) -> list[Any]:
        """The statement's parameters for these variables; raises InvalidInput for a value that can't be used."""
        return [bound(parameter, variables) for parameter in self.parameters]


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
        return [resolved(item, variables) for item in value]  # type: ignore[reportUnknownVariableType]
    if not isinstance(value, Ref):
        return value
    found: Any = variables
    for step in value.path:
        found = found[step]
    return found


def complete(answer: Any, completions: Sequence[Completion]) -> list[tuple[str, ...]]:
    """Fill the computed fields into a decoded answer, each called once; returns the paths whose computation failed.

    A plugin's function may fail: its field becomes null everywhere, and the rest of the answer stands.
    """
    failed: list[tuple[str, ...]] = []
    for completion in completions:
        *way, key = completion.path
        holders = list(_holders(answer, way))
        try:
            values = list(completion.field.computed.by([holder[key] for holder in holders]))
            if len(values) != len(holders):
                raise ValueError(f"{completion.field.name} gave {len(values)} values for {len(holders)} rows")
        except Exception:  # the field's author may be a plugin: contained here, reported by the caller
            failed.append(completion.path)
            values = [None] * len(holders)
        for holder, value in zip(holders, values, strict=True):
            holder[key] = value
    return failed


def _holders(value: Any, way: Sequence[str]) -> Sequence[dict[str, Any]]:
    found: list[Any] = [value]
    for step in way:
        found = [item for outer in found for item in (outer if step == "*" else [outer.get(step)]) if item is not None]
    return found
