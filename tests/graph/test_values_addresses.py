"""Whether an address is complete and consistent by the rules of its country."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.graph.values.addresses import PostalAddress, check_address
from accord.graph.values.countries import gazetteer
from accord.graph.values.problem import Problem
from accord.graph.values.states import complete_state

PALO_ALTO = PostalAddress(
    street_lines=("301 Hamilton Avenue",),
    city="Palo Alto",
    state_name="California",
    state_code="US-CA",
    postal_code="94303",
    country_code="US",
)


def found(address: PostalAddress, *, strict: bool = False) -> list[tuple[str, str, str]]:
    return [(one.field, one.code, one.severity) for one in check_address(address, strict=strict)]


def address_in(country_code: str, city: str, postal_code: str | None, state_code: str | None = None) -> PostalAddress:
    return PostalAddress(
        street_lines=("1",), city=city, postal_code=postal_code, state_code=state_code, country_code=country_code
    )


@pytest.mark.parametrize(
    "address",
    [
        PALO_ALTO,
        address_in("DE", "Berlin", "10178"),
        address_in("DE", "Berlin", "D-10178"),
        address_in("AT", "Wien", "A-1010"),
        address_in("CH", "Zürich", "CH-8001"),
        address_in("LU", "Luxembourg", "L-4750"),
        address_in("LV", "Rīga", "LV-1009"),
        address_in("GB", "London", "ec1m 5rf"),
        address_in("IE", "Dublin", None),
        address_in("AE", "Dubai", None, "AE-DU"),
        address_in("CA", "Montréal", "H3Z 2Y7", "CA-QC"),
        address_in("BR", "São Paulo", "01310100", "BR-SP"),
        address_in("XK", "Prishtina", "10000"),
        address_in("AQ", "McMurdo", None),
        address_in("AS", "Pago Pago", "96799"),
        replace(PALO_ALTO, city="APO", state_code=None, state_name="AE", postal_code="09180"),
        PostalAddress(street_lines=("丸の内1-1",), state_name="東京都", postal_code="100-0005", country_code="JP"),
        PostalAddress(street_lines=("Queen's Rd",), city="Central", state_name="Hong Kong Island", country_code="HK"),
    ],
    ids=lambda address: f"{address.country_code}-{address.postal_code}",
)
def test_a_complete_address_has_no_problems_even_when_strict(address: PostalAddress) -> None:
    assert check_address(address, strict=True) == []


def test_half_an_address_is_stored_with_a_warning_for_each_missing_element() -> None:
    assert found(PostalAddress(country_code="US")) == [
        ("streetLines", "required", "WARNING"),
        ("city", "required", "WARNING"),
        ("state", "required", "WARNING"),
        ("postalCode", "required", "WARNING"),
    ]


def test_empty_elements_and_blank_street_lines_are_missing_ones() -> None:
    assert found(replace(PALO_ALTO, street_lines=("", " "), city="")) == [
        ("streetLines", "required", "WARNING"),
        ("city", "required", "WARNING"),
    ]


def test_an_address_fit_to_deliver_to_needs_all_elements() -> None:
    assert found(replace(PALO_ALTO, postal_code=None), strict=True) == [("postalCode", "required", "ERROR")]


def test_the_message_of_a_missing_element_says_what_and_gives_an_example() -> None:
    [problem] = check_address(replace(PALO_ALTO, postal_code=None))
    assert problem.message == "An address in US (United States) needs a ZIP code such as '95014': it is missing."


def test_without_a_country_nothing_else_is_judged() -> None:
    assert found(replace(PALO_ALTO, country_code=None, postal_code="x")) == [("country", "required", "WARNING")]
    assert found(PostalAddress(country_code="")) == [("country", "required", "WARNING")]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("UK", "did you mean GB (United Kingdom)?"),
        ("us", "did you mean US (United States)?"),
        ("Germany", "did you mean DE (Germany)?"),
        ("QQ", "expected is a code such as 'DE' or 'US'."),
    ],
)
def test_an_unknown_country_is_an_error_that_advises(code: str, advice: str) -> None:
    [problem] = check_address(replace(PALO_ALTO, country_code=code))
    assert (problem.field, problem.code, problem.severity) == ("country", "unknown", "ERROR")
    assert problem.message == f"The country '{code}' is not an ISO 3166-1 code of two capitals: {advice}"


@pytest.mark.parametrize(
    ("country_code", "postal_code"),
    [
        ("US", "1234"),
        ("US", "94303\n1"),
        ("DE", "1017"),
        ("DE", "63739,63741"),
        ("GB", "C2H 7AU"),
        ("CA", "H3Z"),
        ("LV", "1009"),
    ],
)
def test_a_postal_code_of_another_form_is_an_error(country_code: str, postal_code: str) -> None:
    address = PostalAddress(country_code=country_code, postal_code=postal_code)
    assert ("postalCode", "invalid", "ERROR") in found(address)


def test_the_message_of_a_wrong_postal_code_names_it_and_gives_an_example() -> None:
    [problem] = check_address(replace(PALO_ALTO, postal_code="9430"))
    assert problem == Problem(
        field="postalCode",
        code="invalid",
        message="The ZIP code '9430' is not of the form used in US (United States): expected is one such as '95014'.",
        severity="ERROR",
    )


def test_a_postal_code_of_another_state_is_a_warning() -> None:
    assert found(replace(PALO_ALTO, postal_code="12345")) == [("postalCode", "mismatch", "WARNING")]


def test_a_postal_code_where_there_are_none_is_a_warning() -> None:
    assert found(address_in("AE", "Dubai", "00000", "AE-DU")) == [("postalCode", "unused", "WARNING")]


def test_a_state_that_its_country_does_not_print_is_no_problem() -> None:
    assert check_address(replace(address_in("DE", "München", "80331", "DE-BY"), state_name="Bayern")) == []


def test_all_problems_are_told_at_once() -> None:
    address = replace(PALO_ALTO, city=None, state_name="Texas", postal_code="x")
    assert found(address) == [
        ("city", "required", "WARNING"),
        ("state", "mismatch", "ERROR"),
        ("postalCode", "invalid", "ERROR"),
    ]


@pytest.mark.parametrize(
    ("country_code", "state_code", "state_name", "expected"),
    [
        ("US", "US-CA", None, ("US-CA", "California")),
        ("US", "ca", None, ("US-CA", "California")),
        ("US", None, "california", ("US-CA", "california")),
        ("US", None, "CA", ("US-CA", "California")),
        ("US", "CA", "ca", ("US-CA", "California")),
        ("DE", "DE-BY", "Bavaria", ("DE-BY", "Bavaria")),
        ("DE", None, "Freistaat X", (None, "Freistaat X")),
        ("JP", None, "東京都", ("JP-13", "東京都")),
        ("CN", "CN-11", None, ("CN-BJ", "Beijing Shi")),
        ("IN", "OR", "Orissa", ("IN-OD", "Orissa")),
        ("HK", None, "Kowloon", (None, "Kowloon")),
        ("US", None, "Armed Forces (AE)", (None, "Armed Forces (AE)")),
        ("US", " ", "", (None, None)),
        ("US", None, None, (None, None)),
        (None, "US-CA", None, ("US-CA", None)),
        ("ZZ", "ca", "x", ("ca", "x")),
    ],
)
def test_code_and_name_of_a_state_derive_from_each_other(
    country_code: str | None, state_code: str | None, state_name: str | None, expected: tuple[str | None, str | None]
) -> None:
    code, name, problems = complete_state(country_code, state_code, state_name)
    assert (code, name) == expected
    assert [one for one in problems if one.severity == "ERROR"] == []


@pytest.mark.parametrize(
    ("country_code", "state_code", "state_name", "code", "message"),
    [
        ("US", "US-CA", "Texas", "mismatch",
         "The state code 'US-CA' is California, but the state name 'Texas' is US-TX: "
         "correct one of them, or leave one out."),
        ("MX", "US-CA", None, "mismatch",
         "The state code 'US-CA' is California in US, but the country is MX (Mexico): correct one of them."),
        ("DE", "XX", None, "unknown",
         "The state code 'XX' is not in ISO 3166-2 for DE (Germany): expected is one such as DE-BB (Brandenburg)."),
        ("HK", "HK-KLN", None, "unknown",
         "HK (Hong Kong) has no ISO 3166-2 codes, so 'HK-KLN' is none: give the state's name only."),
        ("US", "AE", None, "unknown",
         "'AE' (Armed Forces (AE)) has no ISO 3166-2 code, though the post of United States knows it: "
         "give it as the state's name."),
    ],
)  # fmt: skip
def test_what_cannot_be_right_about_a_state_is_an_error(
    country_code: str, state_code: str, state_name: str | None, code: str, message: str
) -> None:
    completed = complete_state(country_code, state_code, state_name)
    assert completed.problems == (Problem(field="state", code=code, message=message, severity="ERROR"),)
    assert (completed.code, completed.name) == (state_code, state_name)


@pytest.mark.parametrize(
    ("country_code", "state_code", "state_name", "code"),
    [
        ("GB", None, "Middlesex", "unknown"),
        ("US", "US-CA", "Kalifornien", "unknown"),
        ("IT", "IT-MI", "Lombardia", "mismatch"),
        ("TW", None, "Chiayi", "ambiguous"),
    ],
)
def test_what_may_be_right_about_a_state_is_a_warning_and_kept_as_typed(
    country_code: str, state_code: str | None, state_name: str, code: str
) -> None:
    completed = complete_state(country_code, state_code, state_name)
    assert [(one.code, one.severity) for one in completed.problems] == [(code, "WARNING")]
    assert (completed.code, completed.name) == (state_code, state_name)


def test_completing_a_state_twice_changes_nothing_more() -> None:
    for country in gazetteer().countries():
        for state in gazetteer().subdivisions_of(country.code):
            once = complete_state(country.code, state.code, None)
            assert once == (state.code, state.name, ())
            assert complete_state(country.code, once.code, once.name) == once


def test_the_states_own_names_agree_with_its_code() -> None:
    for country in gazetteer().countries():
        for state in gazetteer().subdivisions_of(country.code):
            for name in (state.name, *state.other_names):
                assert complete_state(country.code, state.code, name) == (state.code, name, ())


elements = st.none() | st.text(max_size=20)


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(
    st.builds(
        PostalAddress,
        street_lines=st.lists(st.text(max_size=20), max_size=3).map(tuple),
        city=elements,
        state_name=elements,
        state_code=elements,
        postal_code=elements,
        country_code=st.none() | st.text(max_size=3) | st.sampled_from([one.code for one in gazetteer().countries()]),
    )
)
def test_any_address_is_answered_with_problems_and_never_raises(address: PostalAddress) -> None:
    for problem in check_address(address):
        assert problem.field in {"streetLines", "city", "district", "state", "postalCode", "country"}
        assert problem.message.endswith((".", "?"))
