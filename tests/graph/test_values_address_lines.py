"""Addresses as they are written on a letter."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.graph.values.address_lines import format_address
from accord.graph.values.addresses import PostalAddress
from accord.graph.values.countries import gazetteer
from accord.graph.values.states import complete_state

# Address components with the printed address, one file a country: github.com/OpenCageData/address-formatting.
CASES = Path(__file__).parents[3] / "shared" / "data" / "address-format-cases"


def printed(country_code: str, *street_lines: str, for_country: str | None = None, **elements: str) -> list[str]:
    address = PostalAddress(country_code=country_code, street_lines=street_lines, **elements)
    return format_address(address, for_country=for_country)


def test_a_letter_within_the_country_has_no_country_line() -> None:
    elements = {"city": "Palo Alto", "state_code": "US-CA", "state_name": "California", "postal_code": "94303"}
    domestic = ["301 Hamilton Avenue", "Palo Alto, CA 94303"]
    assert printed("US", "301 Hamilton Avenue", **elements) == domestic
    assert printed("US", "301 Hamilton Avenue", for_country="US", **elements) == domestic
    assert printed("US", "301 Hamilton Avenue", for_country="DE", **elements) == [*domestic, "United States"]


def test_recipient_and_company_stand_in_the_order_of_the_country() -> None:
    who = {"recipient": "Ann Lee", "company": "Acme", "city": "X"}
    assert printed("DE", "Weg 1", **who)[:2] == ["Ann Lee", "Acme"]
    assert printed("FR", "1 rue", **who)[:2] == ["Acme", "Ann Lee"]


@pytest.mark.parametrize(
    ("country_code", "elements", "last_line"),
    [
        ("US", {"city": "Springfield", "state_name": "Illinois"}, "Springfield, IL"),
        ("US", {"city": "Springfield", "postal_code": "62704"}, "Springfield 62704"),
        ("US", {"state_name": "Illinois", "postal_code": "62704"}, "IL 62704"),
        ("US", {"postal_code": "62704"}, "62704"),
        ("PH", {"city": "Manila"}, "Manila"),
        ("TR", {"state_name": "İstanbul", "postal_code": "34357"}, "34357 İstanbul"),
        ("MZ", {"city": "Matola", "state_name": "Maputo", "postal_code": "1114"}, "1114 Matola Maputo"),
    ],
)
def test_missing_elements_leave_no_marks_behind(country_code: str, elements: dict[str, str], last_line: str) -> None:
    assert printed(country_code, "1", **elements) == ["1", last_line]


def test_a_state_that_the_country_does_not_name_is_left_out_and_all_else_is_printed() -> None:
    lines = printed("DE", "Weg 1", city="München", district="Sendling", state_name="Bayern", postal_code="80331")
    assert lines == ["Weg 1", "Sendling", "80331 München"]


def test_a_state_with_the_name_of_the_city_is_written_once() -> None:
    elements = {"city": "Madrid", "state_name": "Madrid", "state_code": "ES-M", "postal_code": "28001"}
    assert printed("ES", "C. Mayor 1", **elements) == ["C. Mayor 1", "28001 Madrid"]


@pytest.mark.parametrize(
    ("country_code", "state_code", "state_name", "shown"),
    [
        ("AU", "AU-NSW", "New South Wales", "NSW"),
        ("MX", "MX-JAL", "Jalisco", "Jal."),
        ("IT", "IT-MI", "Milano", "MI"),
        ("ES", "ES-B", "Barcelona", "Barcelona"),
        ("US", None, "Armed Forces (AE)", "AE"),
        ("US", "US-NY", "nueva york", "NY"),
        ("PA", "PA-8", "Panamá", "Panamá"),
        ("VN", "VN-34", "Khanh Hoa province", "Khanh Hoa province"),
    ],
)
def test_a_state_is_shortened_where_its_country_does_so(
    country_code: str, state_code: str | None, state_name: str, shown: str
) -> None:
    address = PostalAddress(country_code=country_code, city="X", state_code=state_code, state_name=state_name)
    assert " ".join(format_address(address)).replace(",", "").removeprefix("X ") == shown


def test_an_address_in_the_script_of_its_country_runs_from_large_to_small() -> None:
    elements = {"city": "千代田区", "state_name": "Tokyo", "state_code": "JP-13", "postal_code": "100-0005"}
    assert printed("JP", "丸の内1-1", recipient="山田", **elements) == [
        "〒100-0005",
        "東京都千代田区",
        "丸の内1-1",
        "山田",
    ]


def test_an_address_of_that_country_in_latin_letters_runs_from_small_to_large() -> None:
    elements = {"city": "Chiyoda-ku", "state_name": "東京都", "state_code": "JP-13", "postal_code": "100-0005"}
    lines = printed("JP", "1-1 Marunouchi", recipient="Yamada", for_country="US", **elements)
    assert lines == ["Yamada", "1-1 Marunouchi", "Chiyoda-ku, Tokyo", "100-0005", "Japan"]


def test_the_prefix_of_a_postal_code_is_printed_on_letters_from_abroad() -> None:
    for typed in ("8001", "CH-8001"):
        assert printed("CH", "Weg 1", city="Zürich", postal_code=typed) == ["Weg 1", "8001 Zürich"]
        lines = printed("CH", "Weg 1", city="Zürich", postal_code=typed, for_country="DE")
        assert lines == ["Weg 1", "CH-8001 Zürich", "Switzerland"]


def test_a_city_that_is_its_country_is_written_once() -> None:
    assert printed("SG", "1 Raffles Pl", city="Singapore", postal_code="048616") == ["1 Raffles Pl", "SINGAPORE 048616"]


def test_territories_of_the_united_states_print_their_code_as_the_state() -> None:
    assert printed("AS", "Route 118", city="Utulei", postal_code="96799") == ["Route 118", "Utulei AS 96799"]


def test_without_a_country_everything_is_printed() -> None:
    address = PostalAddress(street_lines=("Weg 1",), city="X", district="Y", state_name="Z", postal_code="1")
    assert format_address(address, for_country="DE") == ["Weg 1", "Y", "X", "Z", "1"]
    assert format_address(PostalAddress()) == []


def test_no_country_loses_a_street_a_city_or_a_district() -> None:
    for country in gazetteer().countries():
        for street, city, district in (("Weg 1", "Xstadt", "Yheim"), ("道1", "城", "区")):
            address = PostalAddress(street_lines=(street,), city=city, district=district, country_code=country.code)
            text = "\n".join(format_address(address))
            assert all(part in text for part in (street, city, district)), country.code
            assert "%" not in text, country.code


ROAD, NUMBER = ("road", "pedestrian", "street", "footway"), ("house_number", "housenumber")
CITY = ("city", "town", "village", "municipality", "hamlet", "suburb")
DISTRICT = ("suburb", "neighbourhood", "city_district", "quarter", "district")
OF_PLACES = {
    *ROAD, *NUMBER, *CITY, *DISTRICT, "country", "country_code", "county", "county_code", "state", "state_district",
    "state_code", "region", "postcode", "partial_postcode", "continent", "island", "archipelago", "province",
    "postal_city", "residential", "city_block", "area", "department", "commune", "subcounty", "unknown", "name",
    "local_administrative_area",
}  # fmt: skip


def read_cases(text: str) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Components and expected lines of each document; of YAML just what these files use."""
    for document in re.split(r"^---.*$", text, flags=re.MULTILINE):
        components: dict[str, str] = {}
        expected: list[str] = []
        section = ""
        for line in document.splitlines():
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            if not line[0].isspace():
                section = line.partition(":")[0].strip()
            elif section == "components":
                key, _, value = line.partition(":")
                components[key.strip()] = value.strip().strip("'\"")
            elif section == "expected":
                expected.append(line.strip())
        if components:
            yield components, expected


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def as_address(components: dict[str, str], lines: list[str]) -> PostalAddress | None:
    """The address of a case, if street, city and postal code as typed all stand in what is expected.

    Which of many names of a place to print is the other project's question; ours is how to lay out those chosen.
    """
    whole = "\n".join(lines)

    def chosen(keys: tuple[str, ...], *but: str) -> str | None:
        values = (components[key] for key in keys if components.get(key))
        found = (one for one in values if letters(one) in lines or letters(one) not in "".join(but))
        return next((one for one in found if letters(one) in whole), None)

    road = next((components[key] for key in ROAD if key in components), None)
    number = next((components[key] for key in NUMBER if key in components), "")
    street = next((one for one in (f"{road} {number}", f"{number} {road}") if road and letters(one) in lines), None)
    city, postal_code = chosen(CITY), components.get("postcode")
    if not street or not city or (postal_code and letters(postal_code) not in whole):
        return None
    country_code = components["country_code"].upper()
    state = complete_state(country_code, components.get("state_code"), components.get("state"))
    is_right = all(problem.severity == "WARNING" for problem in state.problems)
    return PostalAddress(
        street_lines=(street,),
        city=city,
        district=chosen(DISTRICT, letters(street), letters(city)),
        state_name=state.name,
        state_code=state.code if is_right else None,
        postal_code=postal_code,
        country_code=country_code,
        company=chosen(tuple(key for key in components if key not in OF_PLACES)),
    )


def agreement(country_codes: set[str] | None) -> tuple[int, int]:
    """How many of the cases print exactly the expected lines, and of how many."""
    agreed = compared = 0
    for file in sorted(CASES.glob("*.yaml")):
        if country_codes is not None and file.stem not in country_codes:
            continue
        for components, expected in read_cases(file.read_text(encoding="utf-8")):
            lines = [letters(line) for line in expected[:-1]]
            address = as_address(components, lines)
            if address is not None:
                compared += 1
                agreed += [letters(line) for line in format_address(address)] == lines
    return agreed, compared


MAJOR = "us gb de fr br au in pl no se dk ch is nz za mx gr ro tr sa il ma tn id vn"


@pytest.mark.parametrize(
    ("country_codes", "floor", "expected_cases"), [(set(MAJOR.split()), 54, 60), (None, 113, 165)], ids=["25", "all"]
)
def test_printed_addresses_agree_with_independent_cases(
    country_codes: set[str] | None, floor: int, expected_cases: int
) -> None:
    if not CASES.is_dir():
        pytest.skip(f"NOT RUN: the printed addresses to compare with are not at {CASES}")
    agreed, compared = agreement(country_codes)
    assert compared >= expected_cases
    assert agreed >= floor, f"{agreed} of {compared}"
