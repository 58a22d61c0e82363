"""Text as it is compared, and the characters that no text may hold."""

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.graph.values.text import fold, is_latin, plain, refuse_controls


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ACME", "acme"),
        ("ÄB", "äb"),
        ("A\u0308B", "äb"),
        ("STRASSE", "straße"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("ŽIŽEK", "žižek"),
        ("\u03b1\u0345\u0301", "\u1fb4"),
    ],
)
def test_texts_that_differ_in_case_or_composition_fold_to_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_folding_keeps_accents_and_blanks_apart() -> None:
    assert fold("Müller") != fold("Muller")
    assert fold("a b") != fold("ab")


def test_folding_every_character_twice_changes_nothing_more() -> None:
    characters = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF)
    assert [one for one in characters if fold(fold(one)) != fold(one)] == []


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(st.text())
def test_folded_text_is_composed_and_folds_to_itself(text: str) -> None:
    assert unicodedata.is_normalized("NFC", fold(text))
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("São Tomé and Príncipe", "sao tome and principe"),
        ("Provence-Alpes-Côte-d’Azur", "provence alpes cote dazur"),
        ("  ŁÓDŹ ", "lodz"),
        ("İstanbul", "istanbul"),
        ("Andaman & Nicobar", "andaman and nicobar"),
        ("กระบี่", "กระบี่"),
        ("東京都", "東京都"),
        ("", ""),
        ("-", ""),
    ],
)
def test_plain_text_is_without_case_accents_and_punctuation(text: str, expected: str) -> None:
    assert plain(text) == unicodedata.normalize("NFC", expected)


@pytest.mark.parametrize("text", ["", "Acme", "Søren ☕", "עברית\u200f", "👩\u200d👩\u200d👧"])
def test_text_of_any_script_is_accepted(text: str) -> None:
    assert refuse_controls(text) is None


@pytest.mark.parametrize(
    ("text", "named"), [("a\x00b", "U+0000"), ("a\x1b[31m", "U+001B"), ("\x7f", "U+007F"), ("\x85", "U+0085")]
)
def test_control_characters_are_refused_and_named(text: str, named: str) -> None:
    for multiline in (False, True):
        problem = refuse_controls(text, multiline=multiline, field="name")
        assert problem is not None
        assert (problem.field, problem.code, problem.severity) == ("name", "invalid", "ERROR")
        assert named in problem.message


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\r\nb"])
def test_line_breaks_and_tabs_stand_in_text_of_several_lines_only(text: str) -> None:
    assert refuse_controls(text, multiline=True) is None
    problem = refuse_controls(text)
    assert problem is not None
    assert "only one line is expected" in problem.message


def test_half_a_surrogate_pair_is_refused() -> None:
    problem = refuse_controls("a\ud83d", multiline=True)
    assert problem is not None
    assert (
        problem.message
        == "The text holds half a surrogate pair (U+D83D), which is no character at position 2: take it out."
    )


def test_a_carriage_return_alone_is_refused_even_in_text_of_several_lines() -> None:
    problem = refuse_controls("a\rb", multiline=True)
    assert problem is not None
    assert "U+000D" in problem.message


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(st.text(alphabet=st.characters()))
def test_what_is_accepted_can_be_encoded(text: str) -> None:
    if refuse_controls(text, multiline=True) is None:
        text.encode("utf-8")


def test_scripts_are_told_apart() -> None:
    assert is_latin("Đà Nẵng, Þórshöfn 12")
    assert not is_latin("Москва")
    assert not is_latin("Minato-ku 港区")
