"""Filling: the values that an input states, parsed into the columns of a change."""

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import Any
from uuid import UUID

from ...plugins.changes import Change
from ...plugins.violations import FieldError, Path, Severity, Violation
from ..catalogue import ABSENT, Column, GroupField, Kind, RecordType, ToAny, ToOne
from ..errors import InvalidInput
from ..identity import parse_any_id, parse_id
from ..storing import TOO_LONG, folded, load, parse, parse_amount, parse_currency
from .intents import CONTROLS
from .rules import GIVEN_TWICE, NOT_CHANGEABLE
from .unit import UnitOfWork, spelled

TEXTS = frozenset({Kind.TEXT, Kind.LONG_TEXT, Kind.CODE})
LONGEST_TRIED = 200  # characters of a text that is too long, up to which the field's own validators are asked of it
UNREADABLE = "\ufffd"  # stands for a text that was refused, so that it is not taken for a missing one

Place = Column | GroupField | ToOne | ToAny


class Filler:
    """Fills the changes of one unit of work; what can't be read is reported with its path, all of it at once."""

    def __init__(self, unit: UnitOfWork) -> None:
        self.unit = unit

    def blank(self, record: RecordType) -> dict[str, Any]:
        """The columns of a new row."""
        usual = self.unit.once.of(_usual, record)
        return blank(record) if usual is None else dict(usual)

    def fill(self, change: Change, record: RecordType, given: Mapping[str, Any], path: Path) -> None:
        """Set the columns that an input states; lists and extensions in it are records of their own."""
        places = self.unit.once.of(_places, record)
        for name, value in given.items():
            match places.get(name):
                case Column() as column:
                    self._set(change, column, value, (*path, name))
                case GroupField() as group:
                    if value is not None or change.before is not None:  # a new record has nothing to empty
                        self._set_group(change, group, value, (*path, name))
                case ToOne() | ToAny() as link:
                    self._set_reference(change, link, value, (*path, name))
                case None:
                    pass

    def readable(self, column: Column, value: Any, path: Path, root: int) -> Any:
        """The value as Python holds it; what can't be read is reported, and ABSENT takes its place."""
        try:
            return parse(column, value)
        except FieldError as error:
            self.unit.refuse_value(_violation(error, path), root)
            return ABSENT

    def id(self, record: RecordType, text: Any, path: Path, root: int) -> UUID | None:
        """The id of a record; None if it can't be one, which is reported."""
        try:
            return parse_id(record, text)
        except InvalidInput as error:
            self.unit.refuse_value(Violation(code=error.code, message=error.message, path=path), root)
            return None

    def _is_free(self, change: Change, column: str, path: Path) -> bool:
        """Whether the input states a column for the first time; twice is a contradiction, even with one value."""
        if column not in change.given:
            return True
        other = spelled(change.at(column))
        self.unit.refuse_value(self._named(GIVEN_TWICE.broken(path, other=other), change), change.root)
        return False

    def _set(self, change: Change, column: Column, value: Any, path: Path, *within: Path) -> None:
        if not self._is_free(change, column.name, path):
            return
        change.given.add(column.name)
        change.paths[column.name] = path
        parsed: Any = None
        currency: str | None = None
        place = path
        if value is not None:
            try:
                if column.currency:
                    place = (*path, "currency")
                    found = parse_currency(value["currency"])
                    currency, place = found.code, (*path, "amount")
                    parsed = parse_amount(value["amount"], found)
                else:
                    parsed = self._checked(change, column, parse(column, value), path)
            except FieldError as error:
                told = _in_its_own_words(column, value) if error.code == TOO_LONG else None
                wrong = _violation(told or error, place, self._plugin(change))
                self.unit.refuse_value(wrong, change.root, path, *within)
                if column.kind in TEXTS:
                    change.after[column.name] = UNREADABLE
                return
        elif column.kind is Kind.TEXT_LIST:
            parsed = ()  # a list without a value is an empty one
        before = change.before
        # whoever may not read it must not learn that a guess is right
        differs = before is not None and (
            before[column.name] != parsed or self.unit.sight.is_masked(self.unit.catalogue[change.record], column)
        )
        if column.policy.create_only and differs:
            self.unit.violate_at(self._named(NOT_CHANGEABLE.broken(path, field=column.api), change), change.root)
            return
        change.after[column.name] = parsed
        if column.folded:
            change.after[column.folded] = folded(parsed)
        if column.currency:
            change.after[column.currency] = currency

    def _checked(self, change: Change, column: Column, parsed: Any, path: Path) -> Any:
        """The value as the field's own validators leave it; a warning of theirs leaves it as it is."""
        for validator in column.validators:
            try:
                checked = validator(parsed)
                parsed = parsed if checked is None else checked  # one that only checks need not give the value back
            except FieldError as error:
                if error.severity is Severity.ERROR:
                    raise
                self.unit.violate_at(_violation(error, path, self._plugin(change)), change.root)
        return parsed

    def _named(self, violation: Violation, change: Change) -> Violation:
        """The violation under the name of the plugin whose field it is about."""
        return replace(violation, plugin=self._plugin(change))

    def _plugin(self, change: Change) -> str:
        """Whose fields a change is about."""
        return self.unit.catalogue[change.record].plugin

    def _set_group(self, change: Change, group: GroupField, value: Any, path: Path) -> None:
        """A group is replaced as a whole: what the value leaves out becomes empty."""
        for api, member in group.members.items():
            inner = None if value is None else value.get(api)
            if isinstance(member, GroupField):
                self._set_group(change, member, inner, (*path, api))
            else:
                self._set(change, member, inner, (*path, api), path)

    def _set_reference(self, change: Change, link: ToOne | ToAny, value: Any, path: Path) -> None:
        if not self._is_free(change, link.column, path):
            return
        change.given.add(link.column)
        change.paths[link.column] = path
        columns: dict[str, Any] = {link.column: None} | ({link.type_column: None} if isinstance(link, ToAny) else {})
        if value is not None:
            try:
                columns = self._reference(link, value)
            except InvalidInput as error:
                wrong = Violation(code=error.code, message=error.message, path=path)
                self.unit.refuse_value(self._named(wrong, change), change.root)
                change.after[link.column] = ABSENT
                return
        before = change.before
        differs = before is not None and (
            any(before[name] != columns[name] for name in columns)
            or self.unit.sight.is_masked(self.unit.catalogue[change.record], link)
        )
        if link.policy.create_only and differs:
            fixed = NOT_CHANGEABLE.broken(path, field=f"{link.api}Id")
            self.unit.violate_at(self._named(fixed, change), change.root)
            return
        change.after.update(columns)

    def _reference(self, link: ToOne | ToAny, text: Any) -> dict[str, Any]:
        """The columns that hold a reference to the record with this id; raises InvalidInput."""
        if isinstance(link, ToOne):
            return {link.column: parse_id(self.unit.catalogue[link.target], text)}
        kind, id_ = parse_any_id(self.unit.catalogue, link, text)
        return {link.type_column: kind.prefix, link.column: id_}


def _places(record: RecordType) -> Mapping[str, Place]:
    """What inputs of a record state by which name."""
    values = {name: member for name, member in record.members.items() if isinstance(member, Column | GroupField)}
    keys = {f"{link.api}Id": link for link in record.references}
    return {name: place for name, place in {**values, **keys}.items() if name not in CONTROLS}


def _usual(record: RecordType) -> Mapping[str, Any] | None:
    """The columns of each new row, but for its key; None where a default is worked out for each."""
    others = (column for column in record.columns.values() if column.name != record.key)
    return None if any(callable(column.default) for column in others) else {**blank(record), record.key: None}


def _in_its_own_words(column: Column, value: Any) -> FieldError | None:
    """What the field's own validators say against a text that is too long: they know what is expected in its place."""
    if column.kind in TEXTS and len(value) <= LONGEST_TRIED:
        for validator in column.validators:
            try:
                validator(value)
            except FieldError as error:
                if error.severity is Severity.ERROR:
                    return error
    return None


def _violation(error: FieldError, path: Path, plugin: str = "core") -> Violation:
    return Violation(code=error.code, message=error.message, path=path, severity=error.severity, plugin=plugin)


def blank(record: RecordType) -> dict[str, Any]:
    """The columns of a new row: defaults, and null elsewhere."""
    row: dict[str, Any] = dict.fromkeys(record.table_columns)
    for column in record.columns.values():
        if column.default is ABSENT:
            continue
        default = column.default() if callable(column.default) else column.default
        row[column.name] = load(column.kind, default, "sqlite") if column.kind is Kind.TEXT_LIST else default
        if column.kind is Kind.ENUM:
            row[column.name] = default.value if isinstance(default, Enum) else default
        if column.folded:
            row[column.folded] = folded(row[column.name])
    return row
