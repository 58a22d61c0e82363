"""Telephone numbers as they are typed, and the form they are compared in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.graph.values.phones import Phone, normalise_phone
from accord.graph.values.problem import Problem


@pytest.mark.parametrize(
    ("typed", "country_code", "e164", "extension"),
    [
        ("+49 30 901820", None, "+4930901820", None),
        ("+49 (0)30 / 90 18-20", None, "+4930901820", None),
        ("0049 30 901820", None, "+4930901820", None),
        ("0049 30 901820", "DE", "+4930901820", None),
        ("011 49 30 901820", "US", "+4930901820", None),
        ("030 901820", "DE", "+4930901820", None),
        ("Tel. 030 901820", "DE", "+4930901820", None),
        ("tel:+1-201-555-0123", None, "+12015550123", None),
        ("TEL:+1-201-555-0123;ext=55", None, "+12015550123", "55"),
        ("+1 (555) 123-4567 ext. 9", None, "+15551234567", "9"),
        ("201 555 0123 x12", "US", "+12015550123", "12"),
        ("1-800-FLOWERS", "US", "+18003569377", None),
        ("+39 06 1234567", None, "+39061234567", None),
        ("011 15 1234-5678", "AR", "+5491112345678", None),
        ("+383 44 123 456", None, "+38344123456", None),
        ("＋４９ ３０ ９０１８２０", None, "+4930901820", None),
        ("٠٣٠٩٠١٨٢٠", "DE", "+4930901820", None),
        ("+44 20 7946 0000", "US", "+442079460000", None),
    ],
)
def test_usual_ways_of_writing_give_one_form(
    typed: str, country_code: str | None, e164: str, extension: str | None
) -> None:
    phone = normalise_phone(typed, country_code)
    assert isinstance(phone, Phone)
    assert (phone.e164, phone.extension, phone.typed) == (e164, extension, typed)


def test_a_number_has_forms_for_people_with_its_extension() -> None:
    phone = normalise_phone("+12015550123 ext 5")
    assert phone == Phone(
        typed="+12015550123 ext 5",
        e164="+12015550123",
        extension="5",
        national="(201) 555-0123 ext. 5",
        international="+1 201-555-0123 ext. 5",
        country_code="US",
        is_valid=True,
    )


def test_a_possible_number_outside_the_ranges_given_out_is_accepted_and_marked() -> None:
    phone = normalise_phone("(555) 123-4567", "US")
    assert isinstance(phone, Phone)
    assert (phone.e164, phone.is_valid, phone.country_code) == ("+15551234567", False, None)


def test_a_number_of_the_whole_world_has_no_country() -> None:
    phone = normalise_phone("+800 1234 5678")
    assert isinstance(phone, Phone)
    assert phone.country_code is None


@pytest.mark.parametrize(
    ("typed", "country_code", "code", "said"),
    [
        ("", None, "required", "is empty: expected is one such as '+49 30 901820'"),
        ("   ", "DE", "required", "is empty"),
        ("030 901820", None, "invalid", "has no country prefix, and no country to take it from: write it with one"),
        ("030 901820", "AQ", "invalid", "('AQ' has none): write it with one"),
        ("030 901820", "ZZ", "invalid", "('ZZ' has none)"),
        ("+999 123456", None, "unknown", "begins with a country prefix that no country has"),
        ("abc", "DE", "invalid", "'abc' is not a phone number"),
        ("911", "US", "invalid", "is too short for +1"),
        ("5550123", "US", "invalid", "lacks the area code that numbers of +1 have"),
        ("+447911123456789", None, "invalid", "is too long for +44: give one number only"),
        ("030123456/030987654", "DE", "invalid", "give one number only"),
        ("030 901820 (home)", "DE", "invalid", "has words in it that would be dialled"),
        ("555-0123 cal", "US", "invalid", "has words in it that would be dialled"),
        ("+4930901820 und +49 30 1", None, "invalid", "is not a phone number"),
        ("1" * 101, "DE", "invalid", "is longer than any"),
    ],
)
def test_what_cannot_be_dialled_is_refused_with_what_is_expected(
    typed: str, country_code: str | None, code: str, said: str
) -> None:
    problem = normalise_phone(typed, country_code, field="mobile")
    assert isinstance(problem, Problem)
    assert (problem.field, problem.code, problem.severity) == ("mobile", code, "ERROR")
    assert said in problem.message


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(
    st.text(max_size=120) | st.from_regex(r"\+?[0-9 ()/.-]{3,20}( ?(x|ext\.) ?[0-9]{1,5})?", fullmatch=True),
    st.sampled_from([None, "DE", "US", "AR", "ZZ", ""]),
)
def test_any_text_is_answered_and_a_normal_form_stays_as_it_is(typed: str, country_code: str | None) -> None:
    phone = normalise_phone(typed, country_code)
    if isinstance(phone, Phone):
        assert phone.e164.startswith("+")
        assert phone.e164[1:].isascii()
        assert phone.e164[1:].isdigit()
        again = normalise_phone(phone.e164)
        assert isinstance(again, Phone)
        assert again.e164 == phone.e164
