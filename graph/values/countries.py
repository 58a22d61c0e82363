"""Countries (ISO 3166-1) and their states (ISO 3166-2), found by code or by name."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from .tables import listed, read_table
from .text import plain


@dataclass(frozen=True, kw_only=True, slots=True)
class Country:
    """A country: its ISO 3166-1 codes and its English name in the order people say it."""

    code: str
    alpha3: str
    numeric: str
    name: str
    other_names: tuple[str, ...] = ()


def named(country: Country) -> str:
    """The country as a message names it."""
    return f"{country.code} ({country.name})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Subdivision:
    """A state, province, county or other part of a country that has an ISO 3166-2 code.

    `postal_key` is the entry of the postal rules that stands for it, where addresses of that country name states;
    `former_codes` are what ISO called it before.
    """

    code: str
    name: str
    parent: str | None = None
    postal_key: str | None = None
    former_codes: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()

    @property
    def country_code(self) -> str:
        return self.code[:2]


class Gazetteer:
    """Both tables, indexed; the states of a country are indexed when that country is first asked for."""

    def __init__(self, country_rows: Iterable[list[str]], subdivision_rows: Iterable[list[str]]) -> None:
        self._countries: dict[str, Country] = {}
        self._found: dict[str, Country] = {}
        self._rows: dict[str, list[list[str]]] = {}
        self._subdivisions: dict[str, dict[str, Subdivision]] = {}
        self._named: dict[str, dict[str, tuple[Subdivision, ...]]] = {}
        for code, alpha3, numeric, name, other_names in country_rows:
            country = Country(code=code, alpha3=alpha3, numeric=numeric, name=name, other_names=listed(other_names))
            self._countries[code] = country
            for key in filter(None, (code, alpha3, numeric, name, *country.other_names)):
                self._found.setdefault(_without_article(key), country)
        for row in subdivision_rows:
            self._rows.setdefault(row[0][:2], []).append(row)

    def countries(self) -> tuple[Country, ...]:
        return tuple(self._countries.values())

    def country(self, code: str) -> Country | None:
        return self._countries.get(code)

    def find_country(self, text: str) -> Country | None:
        return self._found.get(_without_article(text))

    def subdivision(self, code: str) -> Subdivision | None:
        return self._of(code[:2]).get(code)

    def subdivisions_of(self, country_code: str) -> tuple[Subdivision, ...]:
        return tuple(self._of(country_code).values())

    def find_subdivisions(self, country_code: str, text: str) -> tuple[Subdivision, ...]:
        named = self._names_of(country_code).get(plain(text))
        if named:
            return named
        by_code = self.find_by_code(country_code, text)
        return (by_code,) if by_code else ()

    def find_by_code(self, country_code: str, text: str) -> Subdivision | None:
        code, known = text.strip().upper(), self._of(country_code)
        full_code = code if code.startswith(f"{country_code}-") else f"{country_code}-{code}"
        if full_code in known:
            return known[full_code]
        return next((one for one in known.values() if full_code in one.former_codes), None)

    def find_subdivision(self, country_code: str, text: str) -> Subdivision | None:
        found = self.find_subdivisions(country_code, text)
        # A region and its chief town often share a name: addresses mean the level that the post knows, else the top.
        for narrower in (found, [one for one in found if one.postal_key], [one for one in found if not one.parent]):
            if len(narrower) == 1:
                return narrower[0]
        return None

    def _of(self, country_code: str) -> dict[str, Subdivision]:
        known = self._subdivisions.get(country_code)
        if known is None:
            rows = self._rows.get(country_code)
            if rows is None:
                return {}
            known = {
                code: Subdivision(
                    code=code,
                    name=name,
                    parent=parent or None,
                    postal_key=postal_key or None,
                    former_codes=listed(former_codes),
                    other_names=listed(other_names),
                )
                for code, name, parent, postal_key, former_codes, other_names in rows
            }
            self._subdivisions[country_code] = known
        return known

    def _names_of(self, country_code: str) -> dict[str, tuple[Subdivision, ...]]:
        known = self._named.get(country_code)
        if known is not None:
            return known
        named: dict[str, tuple[Subdivision, ...]] = {}
        for one in self._of(country_code).values():
            for key in {plain(name) for name in (one.name, *one.other_names)}:
                named[key] = (*named.get(key, ()), one)
        if named:
            self._named[country_code] = named
        return named


def _without_article(name: str) -> str:
    return plain(name).removeprefix("the ")


@cache
def gazetteer() -> Gazetteer:
    """The one gazetteer of the committed tables; reading them takes about ten milliseconds, once."""
    return Gazetteer(read_table("countries"), read_table("subdivisions"))


def country(code: str) -> Country | None:
    """The country of exactly this ISO 3166-1 code of two capitals."""
    return gazetteer().country(code)


def find_country(text: str) -> Country | None:
    """The country that the text means: a code of two or three letters or digits, or a name, whatever the case.

    Known are English names (short, official, common), former and own names, and UK and EL for GB and GR.
    """
    return gazetteer().find_country(text)


def subdivision(code: str) -> Subdivision | None:
    """The state of exactly this ISO 3166-2 code."""
    return gazetteer().subdivision(code)


def subdivisions_of(country_code: str) -> tuple[Subdivision, ...]:
    """All parts of the country that have a code, of every level, by code."""
    return gazetteer().subdivisions_of(country_code)


def find_by_code(country_code: str, text: str) -> Subdivision | None:
    """The state of this code or former code, in full or its local part (US-CA, ca), whatever the case."""
    return gazetteer().find_by_code(country_code, text)


def find_subdivisions(country_code: str, text: str) -> tuple[Subdivision, ...]:
    """All states that the text may mean: by name without case and accents, else by code in full or its local part."""
    return gazetteer().find_subdivisions(country_code, text)


def find_subdivision(country_code: str, text: str) -> Subdivision | None:
    """The one state that the text means; none when it is unknown, or stands for several of one level."""
    return gazetteer().find_subdivision(country_code, text)
