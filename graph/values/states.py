"""The state of an address: its ISO 3166-2 code and its name derive from each other and must agree."""

from typing import NamedTuple

from .countries import (
    Country,
    Subdivision,
    country,
    find_by_code,
    find_subdivision,
    find_subdivisions,
    named,
    subdivision,
    subdivisions_of,
)
from .postal_rules import postal_rules
from .problem import Problem, Severity, quoted
from .text import plain


class CompletedState(NamedTuple):
    """What is known of a state after completion; where there are problems, code and name are as they were typed."""

    code: str | None
    name: str | None
    problems: tuple[Problem, ...] = ()


def complete_state(country_code: str | None, state_code: str | None, state_name: str | None) -> CompletedState:
    """Fill the code from the name or the name from the code.

    The code may be written in full or as its local part (US-CA, ca) and comes back in full. A name is kept as typed,
    in whatever language or script, except that a code typed as the name becomes the name.
    Errors are a code that the country does not have, and a name that is known to be another state's. A name that is
    unknown or ambiguous is a warning, as no list has all languages. Without a known country nothing is judged.
    """
    code, name = (state_code or "").strip() or None, (state_name or "").strip() or None
    where = country(country_code or "")
    if where is None or (code is None and name is None):
        return CompletedState(code, name)
    if code is None:
        return _from_name(where, name or "")
    state = find_by_code(where.code, code)
    if state is None:
        return CompletedState(code, name, (_unknown_code(where, code),))
    if name is None:
        return CompletedState(state.code, state.name)
    return _agreed(where, state, name)


def _from_name(where: Country, name: str) -> CompletedState:
    state = find_subdivision(where.code, name)
    if state is not None:
        return CompletedState(state.code, _as_name(state, name))
    several = find_subdivisions(where.code, name)
    if several:
        choices = ", ".join(f"{one.code} ({one.name})" for one in several)
        message = f"The state {quoted(name)} may be one of {choices} in {named(where)}: give its code as well."
        return CompletedState(None, name, (_problem("ambiguous", message, "WARNING"),))
    if not _has_states(where) or postal_rules(where.code).region(None, name):
        return CompletedState(None, name)
    return CompletedState(None, name, (_unknown_name(where, name),))


def _agreed(where: Country, state: Subdivision, name: str) -> CompletedState:
    meant = find_subdivisions(where.code, name)
    if not meant:
        return CompletedState(state.code, name, (_unknown_name(where, name),))
    if state in meant:
        return CompletedState(state.code, _as_name(state, name))
    other = meant[0]
    message = (
        f"The state code {quoted(state.code)} is {state.name}, but the state name {quoted(name)} is {other.code}: "
        "correct one of them, or leave one out."
    )
    # Milan lies in Lombardy: a name one level up or down is imprecise, not wrong.
    is_kin = any(state.parent == one.code or one.parent == state.code for one in meant)
    return CompletedState(state.code, name, (_problem("mismatch", message, "WARNING" if is_kin else "ERROR"),))


def _as_name(state: Subdivision, typed: str) -> str:
    is_name = plain(typed) in {plain(known) for known in (state.name, *state.other_names)}
    return typed if is_name else state.name


def _unknown_code(where: Country, code: str) -> Problem:
    elsewhere = subdivision(code.upper())
    if elsewhere is not None:
        message = (
            f"The state code {quoted(code)} is {elsewhere.name} in {elsewhere.country_code}, "
            f"but the country is {named(where)}: correct one of them."
        )
        return _problem("mismatch", message)
    if not _has_states(where):
        return _problem(
            "unknown", f"{named(where)} has no ISO 3166-2 codes, so {quoted(code)} is none: give the state's name only."
        )
    region = postal_rules(where.code).region(code.upper(), None)
    if region is not None:
        message = f"{quoted(code)} ({region.name}) has no ISO 3166-2 code, though the post of {where.name} knows it: "
        return _problem("unknown", f"{message}give it as the state's name.")
    message = f"The state code {quoted(code)} is not in ISO 3166-2 for {named(where)}"
    return _problem("unknown", f"{message}: expected is one such as {_example(where)}.")


def _unknown_name(where: Country, name: str) -> Problem:
    message = (
        f"The state name {quoted(name)} is not known for {named(where)}: expected is one such as {_example(where)}."
    )
    return _problem("unknown", message, "WARNING")


def _example(where: Country) -> str:
    """A state as an example: one that stands in addresses where there are such."""
    states = subdivisions_of(where.code)
    one = next((state for state in states if state.postal_key), states[0])
    return f"{one.code} ({one.name})"


def _has_states(where: Country) -> bool:
    return bool(subdivisions_of(where.code))


def _problem(code: str, message: str, severity: Severity = "ERROR") -> Problem:
    return Problem(field="state", code=code, message=message, severity=severity)
