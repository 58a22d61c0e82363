"""Writes of addresses: what is typed is stored, countries and states by code or name, and all as one value."""

from typing import Any

import pytest

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import listed, make, read, refused, violation, write, written

POSTAL = "streetLines city district state { code name } postalCode country { code name }"
WHOLE = f"postal {{ {POSTAL} }} formatted"


def postal(country: str, name: str, **elements: Any) -> dict[str, Any]:
    """An address as it is shown."""
    empty = {"streetLines": [], "city": None, "district": None, "state": None, "postalCode": None}
    return empty | elements | {"country": {"code": country, "name": name}}


async def cities(bench: Bench, filter_: dict[str, Any]) -> list[str]:
    return sorted(one["city"] for one in await listed(bench, "addresses", "city", "AddressFilter", filter_))


def missing(path: str, what: str, where: str = "DE (Germany)") -> dict[str, Any]:
    return violation("REQUIRED", path, f"An address in {where} needs {what}: it is missing.", severity="WARNING")


CITY = missing("input.city", "a city")
STREET = missing("input.streetLines", "a street or box")
CODE = missing("input.postalCode", "a postal code such as '26133'")


# what was typed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "stored", "lines"),
    [
        (
            {"streetLines": ["10 Downing St"], "city": "London", "state": {"code": "GB-WSM"}, "postalCode": "SW1A 2AA"},
            postal("GB", "United Kingdom", state={"code": "GB-WSM", "name": "Westminster"}),
            ["10 Downing St", "London", "SW1A 2AA"],
        ),
        (
            {
                "streetLines": ["Marienplatz 1", "II. Stock"],
                "city": "münchen",
                "state": {"name": "Bavaria"},
                "postalCode": "80331",
            },
            postal("DE", "Germany", state={"code": "DE-BY", "name": "Bavaria"}),
            ["Marienplatz 1", "II. Stock", "80331 münchen"],
        ),
        (
            {"streetLines": ["1 rue X"], "city": "PARIS", "state": {"name": "Île-de-France"}, "postalCode": "75001"},
            postal("FR", "France", state={"code": "FR-IDF", "name": "Île-de-France"}),
            ["1 rue X", "75001 PARIS"],
        ),
        (
            {"streetLines": ["Damrak 1"], "city": "Amsterdam", "state": {"code": "nh"}, "postalCode": "1012lg"},
            postal("NL", "Netherlands", state={"code": "NL-NH", "name": "Noord-Holland"}),
            ["Damrak 1", "1012LG Amsterdam"],
        ),
        (
            {"streetLines": ["Seestr. 1"], "city": "Zürich", "state": {"code": "CH-ZH"}, "postalCode": "8001"},
            postal("CH", "Switzerland", state={"code": "CH-ZH", "name": "Zürich"}),
            ["Seestr. 1", "8001 Zürich"],
        ),
        (
            {
                "streetLines": ["1-1 Chiyoda"],
                "city": "Chiyoda-ku",
                "state": {"name": "Tokyo"},
                "postalCode": "100-8111",
            },
            postal("JP", "Japan", state={"code": "JP-13", "name": "Tokyo"}),
            ["1-1 Chiyoda", "Chiyoda-ku, Tokyo", "100-8111"],
        ),
        (
            {"streetLines": ["千代田1-1"], "city": "千代田区", "state": {"name": "東京都"}, "postalCode": "100-8111"},
            postal("JP", "Japan", state={"code": "JP-13", "name": "東京都"}),
            ["〒100-8111", "東京都千代田区", "千代田1-1"],
        ),
        (
            {"streetLines": ["1 Main St"], "city": "Mountain View", "state": {"name": "CA"}, "postalCode": "94043"},
            postal("US", "United States", state={"code": "US-CA", "name": "California"}),
            ["1 Main St", "Mountain View, CA 94043"],
        ),
    ],
)
async def test_what_is_typed_is_stored_and_printed_as_the_country_does(
    bench: Bench, given: dict[str, Any], stored: dict[str, Any], lines: list[str]
) -> None:
    expected = {**stored, **{name: given[name] for name in ("streetLines", "city", "postalCode")}}
    values = given | {"country": {"code": expected["country"]["code"].lower()}}
    payload = await written(bench, "createAddress", values, f"address {{ {WHOLE} {POSTAL} }}")
    assert payload["address"] == {"postal": expected, "formatted": lines} | expected
    assert await read(bench, "address", payload["recordId"], f"{WHOLE} {POSTAL}") == payload["address"]
    whole = await written(bench, "createAddress", {"postal": values}, f"address {{ {WHOLE} {POSTAL} }}")
    assert whole["address"] == payload["address"]


@pytest.mark.parametrize("country", [{"code": "DE"}, {"name": "Germany"}, {"name": "deutschland"}, {"code": "de"}])
async def test_the_country_comes_from_its_code_or_its_name(bench: Bench, country: dict[str, str]) -> None:
    given = {"streetLines": ["X 1"], "city": "Berlin", "postalCode": "10115", "country": country}
    payload = await written(bench, "createAddress", given, "address { country { code name } }")
    assert payload["address"]["country"] == {"code": "DE", "name": "Germany"}


async def test_elements_change_one_by_one_or_all_at_once(bench: Bench) -> None:
    given = {"streetLines": ["X 1"], "city": "Berlin", "state": {"code": "DE-BE"}, "postalCode": "10115"}
    address = await make(bench, "Address", **given, district="Mitte", country={"code": "DE"}, source="form")
    await written(bench, "updateAddress", {"id": address, "streetLines": ["X 2"]})
    stored = postal("DE", "Germany", **given | {"streetLines": ["X 2"], "district": "Mitte"})
    stored["state"] = {"code": "DE-BE", "name": "Berlin"}
    assert (await read(bench, "address", address, WHOLE))["postal"] == stored
    await written(
        bench,
        "updateAddress",
        {"id": address, "state": {"name": "Brandenburg"}, "city": "Potsdam", "postalCode": "14467"},
    )
    changed = await read(bench, "address", address, "state { code name } city source version")
    assert changed == {
        "state": {"code": "DE-BB", "name": "Brandenburg"},
        "city": "Potsdam",
        "source": "form",
        "version": 3,
    }
    whole = {"streetLines": ["1 Main St"], "city": "Reno", "state": {"code": "US-NV"}, "postalCode": "89501"}
    await written(bench, "updateAddress", {"id": address, "postal": whole | {"country": {"code": "US"}}})
    stored = postal("US", "United States", **whole | {"state": {"code": "US-NV", "name": "Nevada"}})
    assert (await read(bench, "address", address, WHOLE))["postal"] == stored
    await written(bench, "updateAddress", {"id": address, "source": None})
    assert (await read(bench, "address", address, WHOLE))["postal"] == stored


async def test_null_empties_an_element_and_absence_leaves_it(bench: Bench) -> None:
    given = {"streetLines": ["X 1"], "city": "Berlin", "postalCode": "10115", "district": "Mitte"}
    address = await make(bench, "Address", **given, state={"code": "DE-BE"}, country={"code": "DE"})
    payload = await write(bench, "updateAddress", {"id": address, "streetLines": None, "state": None, "district": None})
    assert payload["violations"] == [STREET]
    stored = postal("DE", "Germany", city="Berlin", postalCode="10115")
    assert (await read(bench, "address", address, WHOLE)) == {"postal": stored, "formatted": ["10115 Berlin"]}
    required = "country is required; give it a value."
    assert await refused(bench, "updateAddress", {"id": address, "country": None}) == [
        violation("REQUIRED", "input.country", required)
    ]
    assert await refused(bench, "updateAddress", {"id": address, "postal": None}) == [
        violation("REQUIRED", "input.postal.country", required)
    ]


# what is wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{}, {"country": {}}, {"country": None}, {"country": {"code": "", "name": " "}}])
async def test_an_address_needs_a_country(bench: Bench, given: dict[str, Any]) -> None:
    assert await refused(bench, "createAddress", {"city": "X"} | given) == [
        violation("REQUIRED", "input.country", "country is required; give it a value.")
    ]


TWO = "is not an ISO 3166-1 code of two capitals:"
GERMANY = "DE (Germany)?"
SUCH = "such as 'DE' or 'US'."
UNKNOWN = "is no country of ISO 3166-1; give a code such as 'DE' or the English name."


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ({"code": "XX"}, violation("UNKNOWN", "input.country.code", f"'XX' {UNKNOWN}")),
        ({"name": "Atlantis"}, violation("UNKNOWN", "input.country.name", f"'Atlantis' {UNKNOWN}")),
        (
            {"code": "DEU"},
            violation("UNKNOWN", "input.country.code", f"The country 'DEU' {TWO} did you mean {GERMANY}"),
        ),
        (
            {"code": "Germany", "name": "Germany"},
            violation("UNKNOWN", "input.country.code", f"The country 'Germany' {TWO} did you mean {GERMANY}"),
        ),
        (
            {"code": "Atlantis"},
            violation("UNKNOWN", "input.country.code", f"The country 'Atlantis' {TWO} expected is a code {SUCH}"),
        ),
        (
            {"code": "x" * 201},
            violation("TOO_LONG", "input.country.code", "countryCode has 201 characters; 2 are allowed."),
        ),
    ],
)
async def test_a_country_that_is_none_is_refused_once(
    bench: Bench, country: dict[str, str], expected: dict[str, Any]
) -> None:
    assert await refused(bench, "createAddress", {"city": "X", "country": country}) == [expected]


async def test_codes_and_names_must_agree(bench: Bench) -> None:
    given = {"streetLines": ["X 1"], "city": "X", "postalCode": "10115"}
    message = "The code means DE (Germany) and the name means FR (France); give one of them, or mend it."
    assert await refused(bench, "createAddress", given | {"country": {"code": "DE", "name": "France"}}) == [
        violation("MISMATCH", "input.country.name", message)
    ]
    message = (
        "The state code 'DE-BY' is Bayern, but the state name 'Hessen' is DE-HE: correct one of them, or leave one out."
    )
    state = {"code": "DE-BY", "name": "Hessen"}
    assert await refused(bench, "createAddress", given | {"country": {"code": "DE"}, "state": state}) == [
        violation("MISMATCH", "input.state", message)
    ]
    message = "The state code 'US-CA' is California in US, but the country is DE (Germany): correct one of them."
    assert await refused(
        bench, "createAddress", {"postal": given | {"country": {"code": "DE"}, "state": {"code": "US-CA"}}}
    ) == [violation("MISMATCH", "input.postal.state", message)]
    address = await make(bench, "Address", **given, state={"code": "DE-BE"}, country={"code": "DE"})
    found = await refused(bench, "updateAddress", {"id": address, "country": {"code": "US"}})
    assert ("MISMATCH", ["input", "state"]) in [(one["code"], one["path"]) for one in found]


async def test_half_an_address_is_stored_and_what_is_missing_is_said(bench: Bench) -> None:
    payload = await write(bench, "createAddress", {"country": {"code": "DE"}}, f"address {{ {WHOLE} }}")
    assert payload["violations"] == [CITY, CODE, STREET]
    assert payload["address"] == {"postal": postal("DE", "Germany"), "formatted": []}
    ireland = await write(bench, "createAddress", {"city": "Dublin", "streetLines": ["X"], "country": {"code": "IE"}})
    assert ireland["violations"] == []


async def test_everything_wrong_with_an_address_is_said_at_once(bench: Bench) -> None:
    given = {
        "streetLines": ["one", "two\nthree"],
        "city": "x" * 151,
        "postalCode": "ABC",
        "country": {"code": "DE"},
        "latitude": "90.5",
        "longitude": "1.2345678",
        "validFrom": "2026-02-01",
        "validTo": "2026-01-31",
    }
    line = "The text holds a line break or tab (U+000A), but only one line is expected at position 4: take it out."
    assert await refused(bench, "createAddress", given) == [
        violation("TOO_LONG", "input.city", "city has 151 characters; 150 are allowed."),
        violation("OUT_OF_RANGE", "input.latitude", "90.5 is no latitude; it lies between -90 and 90."),
        violation("INVALID_VALUE", "input.longitude", "'1.2345678' has more than 6 decimal places; round it."),
        violation(
            "INVALID",
            "input.postalCode",
            "The postal code 'ABC' is not of the form used in DE (Germany): expected is one such as '26133'.",
        ),
        violation("INVALID_CHARACTER", "input.streetLines", line),
        violation(
            "ENDS_BEFORE_START",
            "input.validTo",
            "The last day, 2026-01-31, lies before the first, 2026-02-01; one of them is wrong.",
        ),
    ]


async def test_an_element_given_alone_and_in_the_whole_is_a_contradiction(bench: Bench) -> None:
    whole = {"streetLines": ["X 1"], "city": "A", "postalCode": "10115", "country": {"code": "DE"}}
    message = "The value is given at input.city as well; give it once."
    assert await refused(bench, "createAddress", {"city": "B", "postal": whole}) == [
        violation("CONTRADICTION", "input.postal.city", message)
    ]
    payload = await write(bench, "createAddress", whole | {"postal": None}, "address { city }")
    assert (payload["violations"], payload["address"]) == ([], {"city": "A"})


# finding ---------------------------------------------------------------------------------------------------------


async def test_addresses_are_found_by_the_whole_and_by_elements(bench: Bench) -> None:
    berlin = {"streetLines": ["X 1"], "city": "Berlin", "postalCode": "10115", "country": {"code": "DE"}}
    await make(bench, "Address", **berlin, state={"code": "DE-BE"}, latitude="52.5", longitude="-0.000001")
    await make(bench, "Address", **berlin | {"city": "Bonn", "postalCode": "53111", "streetLines": ["X 1", "Y"]})
    await make(bench, "Address", **berlin | {"city": "Graz", "postalCode": "8010", "country": {"name": "Austria"}})
    assert await cities(bench, {"country": {"code": {"eq": "DE"}}}) == ["Berlin", "Bonn"]
    assert await cities(bench, {"country": {"name": {"eq": "Austria"}}}) == ["Graz"]
    assert await cities(bench, {"postal": {"country": {"code": {"in": ["AT", "CH"]}}}}) == ["Graz"]
    assert await cities(bench, {"state": {"code": {"eq": "DE-BE"}}}) == ["Berlin"]
    assert await cities(bench, {"postalCode": {"startsWith": "1"}, "city": {"startsWithIgnoreCase": "BER"}}) == [
        "Berlin"
    ]
    assert await cities(bench, {"postal": {"eq": berlin | {"state": {"code": "DE-BE"}}}}) == ["Berlin"]
    assert await cities(bench, {"postal": {"eq": berlin}}) == []
    stored = (await listed(bench, "addresses", "latitude longitude", "AddressFilter", {"city": {"eq": "Berlin"}}))[0]
    assert stored == {"latitude": "52.500000", "longitude": "-0.000001"}
