"""Codes of languages, time zones and currencies."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from accord.graph.values.currencies import Currency, currencies, find_currency
from accord.graph.values.languages import normalise_language
from accord.graph.values.problem import Problem
from accord.graph.values.time_zones import normalise_time_zone, time_zones


@pytest.mark.parametrize(
    ("typed", "tag"),
    [
        ("de", "de"), ("DE", "de"), (" pt_br ", "pt-BR"), ("zh-hant-tw", "zh-Hant-TW"), ("es-419", "es-419"),
        ("deu", "de"), ("ger-AT", "de-AT"), ("gsw-CH", "gsw-CH"), ("sr-latn", "sr-Latn"),
    ],
)  # fmt: skip
def test_a_language_tag_gets_its_usual_spelling(typed: str, tag: str) -> None:
    assert normalise_language(typed) == tag


@pytest.mark.parametrize(
    ("typed", "code", "message"),
    [
        ("jp", "unknown", "The language 'jp' of the tag 'jp' is not one of ISO 639, such as 'de'."),
        ("en-UK", "unknown", "The region 'UK' of the tag 'en-UK' is not an ISO 3166-1 code: did you mean 'GB'?"),
        ("en-QQ", "unknown", "The region 'QQ' of the tag 'en-QQ' is not an ISO 3166-1 code, such as 'pt-BR'."),
        ("german", "invalid",
         "'german' is not a language tag: expected is one such as 'de', 'pt-BR' or 'zh-Hant'."),
        ("", "invalid", "'' is not a language tag: expected is one such as 'de', 'pt-BR' or 'zh-Hant'."),
        ("d", "invalid", "'d' is not a language tag: expected is one such as 'de', 'pt-BR' or 'zh-Hant'."),
        ("de-", "invalid", "'de-' is not a language tag: expected is one such as 'de', 'pt-BR' or 'zh-Hant'."),
    ],
)  # fmt: skip
def test_what_is_no_language_tag_is_refused(typed: str, code: str, message: str) -> None:
    assert normalise_language(typed) == Problem(field="language", code=code, message=message)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("America/New York", "America/New_York"),
        ("utc", "UTC"),
    ],
)
def test_a_time_zone_gets_its_usual_spelling(typed: str, name: str) -> None:
    assert normalise_time_zone(typed) == name


@pytest.mark.parametrize("typed", ["", "Mars/Olympus", "localtime", "Factory", "../etc/passwd", "CEST", "+01:00"])
def test_what_is_no_time_zone_is_refused(typed: str) -> None:
    problem = normalise_time_zone(typed, field="zone")
    assert isinstance(problem, Problem)
    assert (problem.field, problem.code) == ("zone", "unknown")


def test_every_time_zone_can_be_used() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert len(time_zones()) > 550
    for name in time_zones().values():
        assert now.astimezone(ZoneInfo(name)).utcoffset() is not None


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("eur", Currency(code="EUR", name="Euro", digits=2)),
        ("JPY", Currency(code="JPY", name="Yen", digits=0)),
        ("KWD", Currency(code="KWD", name="Kuwaiti Dinar", digits=3)),
        ("CLF", Currency(code="CLF", name="Unidad de Fomento", digits=4)),
    ],
)
def test_a_currency_knows_its_decimals(typed: str, expected: Currency) -> None:
    assert find_currency(typed) == expected


@pytest.mark.parametrize("typed", ["", "XAU", "XXX", "XDR", "BTC", "€", "EURO", "HRK"])
def test_what_is_no_money_in_use_is_refused(typed: str) -> None:
    problem = find_currency(typed)
    assert isinstance(problem, Problem)
    assert (problem.field, problem.code) == ("currency", "unknown")


def test_the_decimals_are_those_of_the_list_of_2026() -> None:
    by_digits: dict[int, list[str]] = {}
    for one in currencies().values():
        by_digits.setdefault(one.digits, []).append(one.code)
    assert len(by_digits.pop(2)) == 139
    assert {digits: " ".join(codes) for digits, codes in by_digits.items()} == {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }
