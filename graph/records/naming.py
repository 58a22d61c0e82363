"""Naming: the rule of an account's kind, checked on its name and giving it a number."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from ...plugins.changes import Change
from ...plugins.violations import Rule
from ..values.text import fold, is_blank
from ..writing.discretion import hidden, refuse_taken
from ..writing.rules import NOT_UNIQUE
from ..writing.unit import UnitOfWork
from .patterns import BadPattern, ready

NUMBERS = "account numbers"  # the lock of whoever takes or sets them
PATIENCE = 0.05  # seconds that one pattern may take on one name
PATTERN = Rule(code="NAME_PATTERN", message="{name!r} does not match the naming rule of {kind} accounts{example}.")
PATTERN_SLOW = Rule(
    code="NAME_PATTERN", message="The naming rule of {kind} accounts takes too long on {name!r}; simplify its pattern."
)
PATTERN_BAD = Rule(
    code="NAME_PATTERN", message="The naming rule of {kind} accounts has a pattern that can't be used: {problem}."
)
LONGEST_SHOWN = 60

Rules = Mapping[str, Mapping[str, Any]]


async def apply_naming(changes: Sequence[Change], unit: UnitOfWork) -> None:
    """Check names that change against the naming rules, and number new accounts."""
    named = [change for change in changes if change.is_live and _is_named(change)]
    if not named:
        return
    kinds = {str(change.after["kind"]) for change in named}
    rules = {row["kind"]: row for row in await unit.rows("NamingRule", "kind", kinds)}
    if not rules:
        for change in named:
            change.after["unique_name"] = None
        return
    slow: set[str] = set()
    hints = await _hints(rules, unit)
    for change in named:
        rule = rules.get(str(change.after["kind"]))
        name = change.after["name"]
        change.after["unique_name"] = fold(name) if rule and name and rule["unique_names"] else None
        change.paths["unique_name"] = change.at("name")
        if rule and name and rule["pattern"] and change.is_write and not is_blank(name):
            _check_pattern(rule, hints.get(rule["kind"], ""), change, slow, unit)
    await _check_older_names([change for change in named if change.after["unique_name"] is not None], unit)
    await _number(named, rules, unit)


def _is_named(change: Change) -> bool:
    return change.changed("name", "kind") or not change.is_write


async def _hints(rules: Rules, unit: UnitOfWork) -> Mapping[str, str]:
    """What helps to find a matching name, by kind: the example or else the pattern, if whoever writes may read it."""
    record = unit.catalogue["NamingRule"]
    having = {row["id"]: row for row in rules.values() if row["pattern"]}
    unseen = await hidden(unit, record, having)
    hints: dict[str, str] = {}
    for id_, row in having.items():
        if id_ in unseen:
            continue
        if row["example"] and not unit.sight.is_masked(record, record.columns["example"]):
            hints[row["kind"]] = f"; one that does is {row['example']!r}"
        elif not unit.sight.is_masked(record, record.columns["pattern"]):
            hints[row["kind"]] = f"; choose one that its pattern matches as a whole: '{row['pattern']}'"
    return hints


def _check_pattern(rule: Mapping[str, Any], hint: str, change: Change, slow: set[str], unit: UnitOfWork) -> None:
    """A pattern that once took too long is not tried on further names: it would hold up everybody."""
    name, kind = change.after["name"], change.after["kind"]
    shown = name if len(name) <= LONGEST_SHOWN else name[: LONGEST_SHOWN - 1] + "…"
    matches: object | None = None
    try:
        if rule["kind"] not in slow:
            matches = ready(rule["pattern"]).fullmatch(name, timeout=PATIENCE)
    except BadPattern as bad:
        unit.violate(PATTERN_BAD.broken(change.at("name"), kind=kind, problem=str(bad)), change)
        return
    except TimeoutError:
        slow.add(rule["kind"])
    if rule["kind"] in slow:
        unit.violate(PATTERN_SLOW.broken(change.at("name"), name=shown, kind=kind), change)
    elif not matches:
        unit.violate(PATTERN.broken(change.at("name"), name=shown, kind=kind, example=hint), change)


async def _check_older_names(named: Sequence[Change], unit: UnitOfWork) -> None:
    """Names must differ from those given before the rule asked for it, too, which no unique key holds."""
    mine = {change.id for change in unit.changes("Account")}
    found = await unit.rows("Account", "name_folded", {change.after["unique_name"] for change in named})
    rows = [row for row in found if row["unique_name"] is None and row["id"] not in mine]
    unseen = await hidden(unit, unit.catalogue["Account"], [row["id"] for row in rows])
    older: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in _noticed(rows, unseen, unit):
        older.setdefault((row["kind"], row["name_folded"]), row)
    for change in named:
        row = older.get((str(change.after["kind"]), change.after["unique_name"]))
        if row is None:
            continue
        path, fields = change.at("name") if change.is_write else change.path, "kind and name"
        if row["id"] in unseen:
            refuse_taken(unit, path, change, what="Account", fields=fields)
        else:
            shown = unit.shown("Account", row["id"])
            unit.violate(NOT_UNIQUE.broken(path, what="Account", fields=fields, id=shown), change)


async def _number(named: Sequence[Change], rules: Rules, unit: UnitOfWork) -> None:
    """Give new accounts without a number the next free ones of their kind; in a dry run, hidden ones count as free."""
    wanting: dict[str, list[Change]] = {}
    for change in named:
        rule = rules.get(str(change.after["kind"]))
        if rule and rule["number_prefix"] is not None and change.before is None and change.after["number"] is None:
            wanting.setdefault(rule["kind"], []).append(change)
    if not wanting:
        return
    await unit.lock(NUMBERS)
    fresh = {row["kind"]: row for row in await unit.rows("NamingRule", "kind", wanting)}
    taken = {change.after["number"] for change in unit.changes("Account")}
    for kind, waiting in wanting.items():
        rule = fresh.get(kind)
        if rule is None or rule["number_prefix"] is None:
            continue
        number, free = rule["next_number"], list[str]()
        while len(free) < len(waiting):
            span = range(number, number + len(waiting) - len(free))
            texts = [f"{rule['number_prefix']}{one:0{rule['number_digits']}d}" for one in span]
            rows = await unit.rows("Account", "number", texts)
            unseen = await hidden(unit, unit.catalogue["Account"], [row["id"] for row in rows])
            taken |= {row["number"] for row in _noticed(rows, unseen, unit)}
            free += [text for text in texts if text not in taken]
            number = span.stop
        for change, text in zip(waiting, free, strict=True):
            change.after["number"] = text
        unit.set_derived("NamingRule", "next_number", {rule["id"]: number})


def _noticed(
    rows: Iterable[Mapping[str, Any]], unseen: Collection[UUID], unit: UnitOfWork
) -> Iterable[Mapping[str, Any]]:
    """The rows that are taken notice of: a dry run tells nothing of those that whoever writes may not see."""
    return [row for row in rows if not (unit.dry_run and row["id"] in unseen)]
