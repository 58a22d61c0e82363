"""From rows to inputs in the API's own form, each of which knows the cells that its values came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import orjson

from ...graph.records.account import AccountKind, AccountStatus, LifecycleStage
from ...graph.records.account_contact import ContactRole
from ...graph.records.account_source import SourceCategory
from ...graph.records.actor import ActorKind
from ...graph.records.address_link import AddressKind
from ...graph.records.contact_group import GroupKind
from ...graph.records.email import EmailKind
from ...graph.records.label import LabelScope
from ...graph.records.phone import PhoneKind
from ...graph.records.task import TaskPriority, TaskStatus
from ...plugins.names import camel, snake
from .sheets import Row

# Columns by the fields that are called otherwise; the first that the sheet has is meant.
COLUMNS = {
    "accountId": ("owner", "key"),
    "addressId": ("address",),
    "category": ("source",),
    "contactId": ("owner",),
    "detail": ("source_detail",),
    "dueOn": ("due_in_days",),
    "memberFilter": ("filter",),
    "referrerAccountId": ("source_referrer",),
    "state": ("state_code",),
    "subjectId": ("owner",),
}

OWNERS = {"ACCOUNT": "accounts", "CONTACT": "contacts"}  # the sheets, by what a row says that it belongs to


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of a write with the row it was made from; `nested` are the rows of the objects within it."""

    value: dict[str, Any]
    row: Row
    nested: dict[tuple[str, int], Row] = field(default_factory=dict[tuple[str, int], Row])
    beside: dict[str, Row] = field(default_factory=dict[str, Row])  # rows of plugins, by namespace

    def nest(self, name: str, value: Mapping[str, Any], row: Row) -> None:
        """Add an object that was made from another row to a list of this input."""
        items = self.value.setdefault(name, [])
        self.nested[name, len(items)] = row
        items.append(value)

    def place(self, path: Sequence[str | int]) -> str:
        """The cell that a path within the input leads to."""
        row, rest = self.row, list(path)
        if len(path) > 1 and str(path[0]) in self.beside:
            row, rest = self.beside[str(path[0])], rest[1:]
        if len(path) > 1 and (inner := self.nested.get((str(path[0]), int(path[1])))):
            row, rest = inner, rest[2:]
        name = next((step for step in rest if isinstance(step, str)), "")
        columns = (*COLUMNS.get(name, ()), snake(name), snake(name).removesuffix("_id"), *row.cells)
        return row.place(next(column for column in columns if column in row.cells))


class Inputs:
    """Makes the inputs of all sheets; `ids` holds the ids of what is written already, by sheet and key.

    Tasks are due so many days after `today`. `extras` are the sheets of plugins, by namespace.
    """

    def __init__(
        self, sheets: Mapping[str, Sequence[Row]], today: date, extras: Mapping[str, Mapping[str, Sequence[Row]]]
    ) -> None:
        self.today = today
        self._extras = {
            (namespace, sheet): {row["key"]: row for row in rows}
            for namespace, several in extras.items()
            for sheet, rows in several.items()
            if sheet in OWNERS.values()
        }
        self.ids: dict[str, dict[str, str]] = {}
        self._employments = _by_owner(sheets["employments"], "contact", sheets)
        self._phones = _by_owner(sheets["phones"], "owner", sheets)
        self._emails = _by_owner(sheets["emails"], "owner", sheets)

    def actor(self, row: Row) -> Input:
        """Somebody who looks after accounts."""
        value = {"name": row["name"], "kind": row.choice("kind", ActorKind), "email": row.text("email")}
        return Input(row=row, value=value)

    def naming_rule(self, row: Row) -> Input:
        """How accounts of a kind are named and numbered."""
        value = {
            "kind": row.choice("account_kind", AccountKind),
            "pattern": row.text("pattern"),
            "example": row.text("example"),
            "uniqueNames": row.flag("unique_names"),
            "numberPrefix": row.text("number_prefix"),
            "numberDigits": row.number("number_digits"),
        }
        return Input(row=row, value=value)

    def label(self, row: Row) -> Input:
        """A label that can be put on records."""
        value = {
            "name": row["name"],
            "colour": row["colour"],
            "scope": row.choice("scope", LabelScope),
            "description": row.text("description"),
        }
        return Input(row=row, value=value)

    def address(self, row: Row) -> Input:
        """An address, without those who use it."""
        value: dict[str, Any] = {
            "streetLines": row.parts("street_lines", "|"),
            "district": row.text("district"),
            "city": row.text("city"),
            "postalCode": row.text("postal_code"),
            "country": {"code": row["country"]},
            "latitude": row.text("latitude"),
            "longitude": row.text("longitude"),
            "validFrom": row.text("valid_from"),
            "validTo": row.text("valid_to"),
            "source": row.text("source"),
        }
        if row["state_code"]:
            value["state"] = {"code": row["state_code"]}
        return Input(row=row, value=value)

    def account(self, row: Row) -> Input:
        """An account with its labels, external ids, phones and e-mails; its parent must have an id by now."""
        value: dict[str, Any] = {
            "name": row["name"],
            "legalName": row.text("legal_name"),
            "kind": row.choice("kind", AccountKind),
            "industry": row.text("industry"),
            "lifecycleStage": row.choice("lifecycle_stage", LifecycleStage),
            "status": row.choice("status", AccountStatus),
            "website": row.text("website"),
            "employeeCount": row.number("employee_count"),
            "description": row.text("description"),
            "parentId": self._id(row, "parent", "accounts"),
            "ownerId": self._id(row, "owner", "actors"),
            "labels": self._ids(row, "labels", "labels"),
            "externalIds": _external_ids(row),
        }
        if row["annual_revenue"]:
            value["annualRevenue"] = {"amount": row["annual_revenue"], "currency": row["currency"]}
        return self._reached(self._extended(Input(row=row, value=value), "accounts"), "ACCOUNT")

    def contact(self, row: Row) -> Input:
        """A contact with all that belongs to it; whom it reports to must have an id by now."""
        value: dict[str, Any] = {
            "prefix": row.text("prefix"),
            "givenName": row.text("given_name"),
            "familyName": row.text("family_name"),
            "suffix": row.text("suffix"),
            "preferredName": row.text("preferred_name"),
            "title": row.text("title"),
            "department": row.text("department"),
            "language": row.text("language"),
            "timeZone": row.text("time_zone"),
            "doNotContact": row.flag("do_not_contact"),
            "reportsToId": self._id(row, "reports_to", "contacts"),
            "labels": self._ids(row, "labels", "labels"),
            "externalIds": _external_ids(row),
        }
        contact = self._extended(Input(row=row, value=value), "contacts")
        for employment in self._employments.get(("CONTACT", row["key"]), ()):
            relationship = {
                "id": self._id(employment, "account", "accounts"),
                "roles": employment.choices("roles", ContactRole),
                "isPrimary": employment.flag("is_primary"),
                "startedOn": employment.text("started_on"),
                "endedOn": employment.text("ended_on"),
            }
            contact.nest("accounts", relationship, employment)
        return self._reached(contact, "CONTACT")

    def source(self, row: Row) -> Input:
        """What brought an account to the company; a referrer may be any account, so this comes after all of them."""
        value = {
            "accountId": self._id(row, "key", "accounts"),
            "category": row.choice("source", SourceCategory),
            "detail": row.text("source_detail"),
            "referrerAccountId": self._id(row, "source_referrer", "accounts"),
        }
        return Input(row=row, value=value)

    def address_link(self, row: Row) -> Input:
        """An account's or a contact's use of an address."""
        value = {
            "accountId" if row["owner_type"] == "ACCOUNT" else "contactId": self._owner(row),
            "addressId": self._id(row, "address", "addresses"),
            "kind": row.choice("kind", AddressKind),
            "isPrimary": row.flag("is_primary"),
        }
        return Input(row=row, value=value)

    def group(self, row: Row) -> Input:
        """A group of contacts with its members or its filter."""
        value: dict[str, Any] = {
            "name": row["name"],
            "kind": row.choice("kind", GroupKind),
            "description": row.text("description"),
            "members": self._ids(row, "members", "contacts"),
        }
        if row["filter"]:
            try:
                value["memberFilter"] = orjson.loads(row["filter"])
            except orjson.JSONDecodeError as error:
                raise row.wrong("filter", f"it is no JSON: {error}.") from error
        return Input(row=row, value=value)

    def task(self, row: Row) -> Input:
        """Something to do about an account or a contact."""
        days = row.number("due_in_days")
        value = {
            "subjectId": self._owner(row),
            "title": row["title"],
            "description": row.text("description"),
            "assigneeId": self._id(row, "assignee", "actors"),
            "dueOn": None if days is None else (self.today + timedelta(days=days)).isoformat(),
            "status": row.choice("status", TaskStatus),
            "priority": row.choice("priority", TaskPriority),
        }
        return Input(row=row, value=value)

    def note(self, row: Row) -> Input:
        """What somebody wrote down about an account or a contact."""
        value = {
            "subjectId": self._owner(row),
            "text": row["text"],
            "isInternal": row.flag("is_internal"),
            "isPinned": row.flag("is_pinned"),
        }
        return Input(row=row, value=value)

    def extra(self, row: Row) -> Input:
        """A record of a plugin, which belongs to an account and perhaps to a contact."""
        value: dict[str, Any] = {camel(column): row.text(column) for column in row.cells}
        for column, sheet in (("account", "accounts"), ("contact", "contacts")):
            if column in row.cells:
                value[f"{column}Id"] = self._id(row, column, sheet)
                del value[column]
        return Input(row=row, value=value)

    def _extended(self, owner: Input, sheet: str) -> Input:
        """The account or contact with what plugins know of it."""
        for (namespace, extended), rows in self._extras.items():
            row = rows.get(owner.row["key"]) if extended == sheet else None
            if row is not None:
                given = {camel(column): cell for column, cell in row.cells.items() if cell and column != "key"}
                owner.value[namespace] = given
                owner.beside[namespace] = row
        return owner

    def _reached(self, owner: Input, kind: str) -> Input:
        """The owner with its phones and e-mails."""
        for phone in self._phones.get((kind, owner.row["key"]), ()):
            value = {
                "kind": phone.choice("kind", PhoneKind),
                "number": phone["number"],
                "country": phone.text("country"),
                "isPrimary": phone.flag("is_primary"),
            }
            owner.nest("phones", value, phone)
        for email in self._emails.get((kind, owner.row["key"]), ()):
            value = {
                "kind": email.choice("kind", EmailKind),
                "address": email["address"],
                "isPrimary": email.flag("is_primary"),
            }
            owner.nest("emails", value, email)
        return owner

    def _owner(self, row: Row) -> str | None:
        """The id of the account or contact that a row belongs to."""
        if row["owner_type"] not in OWNERS:
            raise row.wrong("owner_type", f"{row['owner_type']!r} is neither ACCOUNT nor CONTACT.")
        return self._id(row, "owner", OWNERS[row["owner_type"]])

    def _id(self, row: Row, column: str, sheet: str) -> str | None:
        """The id of the record that a cell names by key; None where it is empty."""
        return self._find(row, column, sheet, row[column]) if row[column] else None

    def _ids(self, row: Row, column: str, sheet: str) -> list[dict[str, Any]]:
        return [{"id": self._find(row, column, sheet, key)} for key in row.parts(column)]

    def _find(self, row: Row, column: str, sheet: str, key: str) -> str:
        if key not in self.ids[sheet]:
            raise row.wrong(column, f"no row of {sheet}.csv has the key {key!r}.")
        return self.ids[sheet][key]


def _external_ids(row: Row) -> list[dict[str, str]]:
    """The pairs of system and id in a cell such as `crm-legacy:A-15183;erp:409121`."""
    pairs = [part.partition(":") for part in row.parts("external_ids")]
    return [{"system": system, "value": value} for system, _, value in pairs]


def _by_owner(
    rows: Sequence[Row], column: str, sheets: Mapping[str, Sequence[Row]]
) -> Mapping[tuple[str, str], Sequence[Row]]:
    """Rows by the kind and the key of what they belong to, which must be there."""
    known = {kind: {row["key"] for row in sheets[sheet]} for kind, sheet in OWNERS.items()}
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        kind = row.cells.get("owner_type", "CONTACT")
        if kind not in known:
            raise row.wrong("owner_type", f"{kind!r} is neither ACCOUNT nor CONTACT.")
        if row[column] not in known[kind]:
            raise row.wrong(column, f"no row of {kind.lower()}s.csv has the key {row[column]!r}.")
        found.setdefault((kind, row[column]), []).append(row)
    return found
