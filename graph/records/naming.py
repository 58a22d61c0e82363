"""Naming: the rule of an account's kind, checked on its name and giving it a number."""

from collections.abc import Mapping, Sequence
from typing import Any

import regex

from ...plugins.changes import Change, Unit
from ...plugins.violations import Rule
from ..values.text import fold

PATIENCE = 0.05  # seconds that one pattern may take on one name
PATTERN = Rule(code="NAME_PATTERN", message="{name!r} does not match the naming rule of {kind} accounts{example}.")
PATTERN_SLOW = Rule(
    code="NAME_PATTERN", message="The naming rule of {kind} accounts takes too long on {name!r}; simplify its pattern."
)


async def apply_naming(changes: Sequence[Change], unit: Unit) -> None:
    """Check names that change against the naming rules, and number new accounts."""
    named = [change for change in changes if change.is_live and _is_named(change)]
    if not named:
        return
    kinds = {str(change.after["kind"]) for change in named}
    rules = {row["kind"]: row for row in await unit.rows("NamingRule", "kind", kinds)}
    for change in named:
        rule = rules.get(str(change.after["kind"]))
        name = change.after["name"]
        change.after["unique_name"] = fold(name) if rule and name and rule["unique_names"] else None
        if rule and name and rule["pattern"] and change.is_write:
            _check_pattern(rule, change, unit)
    await _number(named, rules, unit)


def _is_named(change: Change) -> bool:
    return change.changed("name", "kind") or not change.is_write


def _check_pattern(rule: Mapping[str, Any], change: Change, unit: Unit) -> None:
    name, kind = change.after["name"], change.after["kind"]
    try:
        matches = regex.fullmatch(  # pyright: ignore[reportUnknownVariableType]
            rule["pattern"], name, timeout=PATIENCE
        )
    except TimeoutError:
        unit.violate(PATTERN_SLOW.broken(change.at("name"), name=name, kind=kind), change)
        return
    if not matches:
        example = f"; one that does is {rule['example']!r}" if rule["example"] else ""
        unit.violate(PATTERN.broken(change.at("name"), name=name, kind=kind, example=example), change)


async def _number(named: Sequence[Change], rules: Mapping[str, Mapping[str, Any]], unit: Unit) -> None:
    """Give new accounts without a number the next ones of their kind."""
    wanting: dict[str, list[Change]] = {}
    for change in named:
        rule = rules.get(str(change.after["kind"]))
        if rule and rule["number_prefix"] is not None and change.before is None and change.after["number"] is None:
            wanting.setdefault(rule["kind"], []).append(change)
    if not wanting:
        return
    await unit.lock("account numbers")
    fresh = {row["kind"]: row for row in await unit.rows("NamingRule", "kind", wanting)}
    for kind, waiting in wanting.items():
        rule = fresh[kind]
        taken = {change.after["number"] for change in named}
        number = rule["next_number"]
        for change in waiting:
            while (text := f"{rule['number_prefix']}{number:0{rule['number_digits']}d}") in taken:
                number += 1
            change.after["number"] = text
            number += 1
        unit.set_derived("NamingRule", "next_number", {rule["id"]: number})
