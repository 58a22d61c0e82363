"""Postal addresses: whether one is complete and consistent by the rules of its country."""

from dataclasses import dataclass, replace

from .countries import Country, country, find_country, named, subdivision
from .postal_rules import PostalRules, Region, postal_rules
from .problem import Problem, Severity, quoted
from .states import complete_state


@dataclass(frozen=True, kw_only=True, slots=True)
class PostalAddress:
    """An address as it is stored: elements as they were typed, and codes.

    `district` is a part of the city (a suburb, a neighbourhood, a dependent locality), `state_code` is ISO 3166-2 in
    full and `country_code` ISO 3166-1 of two capitals. What is missing is None; an empty text counts as missing.
    """

    street_lines: tuple[str, ...] = ()
    city: str | None = None
    district: str | None = None
    state_name: str | None = None
    state_code: str | None = None
    postal_code: str | None = None
    country_code: str | None = None
    recipient: str | None = None
    company: str | None = None


def check_address(address: PostalAddress, *, strict: bool = False) -> list[Problem]:
    """Every problem of the address, of all its elements at once, those of `complete_state` among them.

    Errors are what cannot be right: a country or state code that does not exist, a state code and name that disagree, a
    postal code of a form that the country does not have. Warnings are what may be so: an element that addresses of
    the country need is missing (people store half an address), the state's name is in no list, the postal code is
    not one of that state's, or the country has no postal codes. With `strict`, for an address that must be fit to
    deliver to, warnings are errors.
    """
    problems = _find_problems(address)
    return [replace(problem, severity="ERROR") for problem in problems] if strict else problems


def _find_problems(address: PostalAddress) -> list[Problem]:
    if not address.country_code:
        message = "The country is missing: give its ISO 3166-1 code, such as 'DE' for Germany."
        return [Problem(field="country", code="required", message=message, severity="WARNING")]
    where = country(address.country_code)
    if where is None:
        return [unknown_country(address.country_code)]
    rules = postal_rules(where.code)
    state = complete_state(where.code, address.state_code, address.state_name)
    return [
        *_missing(address, where, rules),
        *state.problems,
        *_doubts_about_postal_code(address, where, rules, find_region(rules, state.code, state.name)),
    ]


def find_region(rules: PostalRules, state_code: str | None, state_name: str | None) -> Region | None:
    """The entry of the postal rules that stands for this state, if the country's addresses name it."""
    state = subdivision(state_code) if state_code else None
    return rules.region(state.postal_key if state else None, state_name)


def unknown_country(code: str) -> Problem:
    """The finding about a text that stands for a country's code and is none."""
    meant = find_country(code)
    advice = f"did you mean {named(meant)}?" if meant else "expected is a code such as 'DE' or 'US'."
    message = f"The country {quoted(code)} is not an ISO 3166-1 code of two capitals: {advice}"
    return Problem(field="country", code="unknown", message=message)


def _missing(address: PostalAddress, where: Country, rules: PostalRules) -> list[Problem]:
    elements: tuple[tuple[str, str, object, str], ...] = (
        ("A", "streetLines", any(line.strip() for line in address.street_lines), "a street or box"),
        ("C", "city", address.city, "a city"),
        ("D", "district", address.district, "a district"),
        ("S", "state", address.state_code or address.state_name, _with_article(rules.state_word)),
        ("Z", "postalCode", address.postal_code, _with_article(rules.postal_code_word) + _such_as(rules)),
    )
    return [
        Problem(
            field=field,
            code="required",
            message=f"An address in {named(where)} needs {what}: it is missing.",
            severity="WARNING",
        )
        for letter, field, value, what in elements
        if letter in rules.required and not value
    ]


def _doubts_about_postal_code(
    address: PostalAddress, where: Country, rules: PostalRules, region: Region | None
) -> list[Problem]:
    if not address.postal_code:
        return []
    if not rules.prints_postal_code:
        code = quoted(address.postal_code)
        message = f"Addresses in {named(where)} have no postal code: {code} is stored and not printed."
        return [_of_postal_code("unused", message, "WARNING")]
    typed, code = quoted(address.postal_code), rules.bare_postal_code(address.postal_code)
    if not rules.accepts_postal_code(code):
        message = f"The {rules.postal_code_word} {typed} is not of the form used in {named(where)}"
        return [_of_postal_code("invalid", f"{message}: expected is one{_such_as(rules)}.", "ERROR")]
    if region and region.postal_codes and not region.postal_codes.match(code):
        message = f"The {rules.postal_code_word} {typed} does not belong to {region.latin_name}: check both."
        return [_of_postal_code("mismatch", message, "WARNING")]
    return []


def _of_postal_code(code: str, message: str, severity: Severity) -> Problem:
    return Problem(field="postalCode", code=code, message=message, severity=severity)


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiouE" else f"a {noun}"


def _such_as(rules: PostalRules) -> str:
    return f" such as {quoted(rules.postal_code_examples[0])}" if rules.postal_code_examples else ""
