"""Addresses: places that accounts and contacts share."""

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise import fields

from ...plugins.changes import Change, CoreUnit
from ...plugins.declarations import computed, group, through
from ...plugins.fields import Code, Decimal, TextList
from ...plugins.records import Record
from ...plugins.violations import FieldError, Path, Rule
from ..values.address_lines import format_address
from ..values.addresses import PostalAddress, check_address, unknown_country
from ..values.countries import find_country, named
from ..values.problem import Problem, quoted
from ..values.states import complete_state
from ..values.text import fold, is_blank
from .findings import violated
from .periods import check_period

OUT_OF_RANGE = Rule(code="OUT_OF_RANGE", message="{value} is no {what}; it lies between -{limit} and {limit}.")
PRINTED = ("street_lines", "city", "district", "state_code", "state_name", "postal_code", "country_code")
STATE = ("state_code", "state_name")
ELEMENTS = {"streetLines": "street_lines", "city": "city", "district": "district", "postalCode": "postal_code"}


def two_letters(value: str) -> None:
    """A longer text may mean a country, but is no code of one."""
    if len(value) > 2:
        problem = unknown_country(value)
        raise FieldError(problem.code.upper(), problem.message)


def printed_lines(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The lines of each address as its own country prints them."""
    return [format_address(postal_address(row)) for row in rows]


def postal_address(row: Mapping[str, Any]) -> PostalAddress:
    """The address in a row, or in the columns of one."""
    return PostalAddress(
        street_lines=tuple(row["street_lines"] or ()),
        city=row["city"],
        district=row["district"],
        state_code=row["state_code"],
        state_name=row["state_name"],
        postal_code=row["postal_code"],
        country_code=row["country_code"],
    )


class Address(Record, prefix="adr", plural="addresses"):
    """A place, linked to any number of accounts and contacts; what was typed is what is stored."""

    street_lines = TextList(default="[]", description="Street, house number and what belongs to them, line by line.")
    city = fields.CharField(150, null=True, db_index=True, description="City or town.")
    district = fields.CharField(150, null=True, description="District, suburb or dependent locality.")
    state_code = Code(6, null=True, db_index=True, description="ISO 3166-2 code, such as US-CA.")
    state_name = fields.CharField(150, null=True, db_index=True, description="Name of the state, province or region.")
    postal_code = fields.CharField(20, null=True, db_index=True, description="Postal code as written there.")
    country_code = Code(2, db_index=True, validators=[two_letters], description="ISO 3166-1 code of two letters.")
    country_name = fields.CharField(80, db_index=True, description="The country's short English name in ISO 3166-1.")
    latitude = Decimal(places=6, null=True, description="Degrees north, -90 to 90.")
    longitude = Decimal(places=6, null=True, description="Degrees east, -180 to 180.")
    valid_from = fields.DateField(null=True, db_index=True, description="First day on which the address is right.")
    valid_to = fields.DateField(null=True, db_index=True, description="Last day on which the address is right.")
    source = fields.CharField(100, null=True, db_index=True, description="Where the address comes from.")

    class Policies:
        state = group("State", "A state, province or region.", code="state_code", name="state_name")
        country = group("Country", "A country.", code="country_code", name="country_name")
        postal = group(
            "PostalAddress",
            "An address as one value.",
            whole=True,
            street_lines="street_lines",
            city="city",
            district="district",
            state="state",
            postal_code="postal_code",
            country="country",
        )
        formatted = computed(
            list[str], needs=PRINTED, by=printed_lines, description="The address's lines as printed in its country."
        )
        accounts = through(
            "AddressLink", owner="address", target="account", description="Accounts at this address.", nested=False
        )
        contacts = through(
            "AddressLink", owner="address", target="contact", description="Contacts at this address.", nested=False
        )
        labels = through("LabelLink", owner="address", target="label", description="Labels on the address.")

    @classmethod
    async def prepare(cls, changes: Sequence[Change], unit: CoreUnit) -> None:
        """Complete country and state from code or name, and check the whole against the country's rules."""
        for change in changes:
            if not change.is_write:
                continue
            is_known = not change.changed("country_code", "country_name") or _complete_country(change, unit)
            if is_known and change.changed(*PRINTED):
                _complete_state(change, unit)
            _check_place_and_time(change, unit)


def _complete_country(change: Change, unit: CoreUnit) -> bool:
    """Code and name come from each other, and must mean the same country. False if no country is known."""
    after = change.after
    before = change.before or {}
    for column in ("country_code", "country_name"):
        if after[column] is not None and is_blank(after[column]):
            after[column] = None
    code, name = after["country_code"], after["country_name"]
    if name is not None and "country_name" not in change.given and code != before.get("country_code"):
        name = None
    if code is not None and "country_code" not in change.given and name != before.get("country_name"):
        code = None
    by_code = find_country(code) if code else None
    by_name = find_country(name) if name else None
    for typed, found, column in ((code, by_code, "country_code"), (name, by_name, "country_name")):
        if typed and found is None:
            message = f"{quoted(typed)} is no country of ISO 3166-1; give a code such as 'DE' or the English name."
            unit.violate(violated(Problem(field="country", code="unknown", message=message), change.at(column)), change)
            return False
    if by_code and by_name and by_code != by_name:
        message = f"The code means {named(by_code)} and the name means {named(by_name)}; give one of them, or mend it."
        problem = Problem(field="country", code="mismatch", message=message)
        unit.violate(violated(problem, change.at("country_name")), change)
    found = by_code or by_name
    if found is not None:
        after |= {"country_code": found.code, "country_name": found.name, "country_name_folded": fold(found.name)}
    return found is not None


def _complete_state(change: Change, unit: CoreUnit) -> None:
    after = change.after
    before = change.before or {}
    code, name = after["state_code"], after["state_name"]
    if "state_name" not in change.given and code != before.get("state_code"):
        name = None
    if "state_code" not in change.given and name != before.get("state_name"):
        code = None
    completed = complete_state(after["country_code"], code, name)
    after |= {"state_code": completed.code, "state_name": completed.name}
    after["state_name_folded"] = None if completed.name is None else fold(completed.name)
    for problem in check_address(postal_address(after)):
        unit.violate(violated(problem, _path(change, problem.field)), change, of=_looked_at(problem))


def _looked_at(problem: Problem) -> Sequence[str]:
    """The columns that a problem of an address hangs on, beside its country."""
    element = ELEMENTS.get(problem.field)
    columns = () if element is None else (element,)
    is_about_state = problem.field == "state" or (problem.field, problem.code) == ("postalCode", "mismatch")
    return (*columns, *STATE) if is_about_state else columns


def _path(change: Change, element: str) -> Path:
    if element in ELEMENTS:
        return change.at(ELEMENTS[element])
    given = next((change.paths[c] for c in (f"{element}_code", f"{element}_name") if c in change.paths), None)
    return given[:-1] if given else (*change.path, element)


def _check_place_and_time(change: Change, unit: CoreUnit) -> None:
    after = change.after
    for column, what, limit in (("latitude", "latitude", 90), ("longitude", "longitude", 180)):
        if after[column] is not None and abs(after[column]) > limit:
            wrong = OUT_OF_RANGE.broken(change.at(column), value=after[column], what=what, limit=limit)
            unit.violate(wrong, change, of=[column])
    check_period(change, unit, "valid_from", "valid_to")
