"""Telephone numbers: what was typed, in the one form that compares and dials everywhere (E.164) and to be read."""

import re
import unicodedata
from dataclasses import dataclass

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
    country_code_for_region,
    format_number,
    is_possible_number_with_reason,
    is_valid_number,
    national_significant_number,
    number_type,
    parse,
    region_code_for_number,
)

from .problem import Problem, quoted

_MOST_CHARACTERS = 100
_URI_START = re.compile(r"^\s*tel:", re.IGNORECASE)
_URI_PARAMETERS = re.compile(r";(?:phone-context|isub)=[^;]*", re.IGNORECASE)
_WORLDWIDE = "001"
# Enough last digits to see whether letters were read as some of them.
_COMPARED_DIGITS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Phone:
    """A telephone number. `e164` is without the extension; `national` and `international` are for people and have it.

    `is_valid` tells whether the number lies in a range that is given out; one that is merely possible (a made-up
    number such as (555) 123-4567, or a range newer than our list) is accepted.
    """

    typed: str
    e164: str
    extension: str | None
    national: str
    international: str
    country_code: str | None
    is_valid: bool


def normalise_phone(typed: str, country_code: str | None = None, *, field: str = "phone") -> Phone | Problem:
    """The number, read as in `country_code` when it has no country prefix of its own, or why it cannot be one.

    Accepted are all usual ways of writing: "+49 30 …", "0049 …", "tel:+49…", "(0)30/…", "ext. 12", "x12", ";ext=12".
    """
    text = _URI_PARAMETERS.sub("", _URI_START.sub("", typed)).strip()
    if not text:
        return _refused(field, "required", "The phone number is empty: expected is one such as '+49 30 901820'.")
    if len(text) > _MOST_CHARACTERS:
        return _refused(field, "invalid", f"The phone number {quoted(typed)} is longer than any: give one number only.")
    if country_code is None and text.startswith("00"):
        text = "+" + text[2:]
    region = country_code if country_code and country_code_for_region(country_code) else None
    try:
        number = parse(text, region)
    except NumberParseException as refusal:
        return _unreadable(field, typed, country_code, refusal)
    return _impossible(field, typed, text, number) or _phone(typed, number)


def _phone(typed: str, number: PhoneNumber) -> Phone:
    region = region_code_for_number(number)
    if region is None:
        regions = COUNTRY_CODE_TO_REGION_CODE.get(number.country_code or 0, ())
        region = regions[0] if len(regions) == 1 else None
    return Phone(
        typed=typed,
        e164=format_number(number, PhoneNumberFormat.E164),
        extension=number.extension or None,
        national=format_number(number, PhoneNumberFormat.NATIONAL),
        international=format_number(number, PhoneNumberFormat.INTERNATIONAL),
        country_code=None if region == _WORLDWIDE else region,
        is_valid=is_valid_number(number),
    )


def _unreadable(field: str, typed: str, country_code: str | None, refusal: NumberParseException) -> Problem:
    shown = quoted(typed)
    if refusal.error_type == NumberParseException.INVALID_COUNTRY_CODE:
        if typed.lstrip().startswith(("+", "00", "tel:+")):
            message = f"The phone number {shown} begins with a country prefix that no country has."
            return _refused(field, "unknown", f"{message} Expected is one such as '+49 30 901820'.")
        message = f"The phone number {shown} has no country prefix, and no country to take it from"
        if country_code:
            message += f" ({quoted(country_code)} has none)"
        return _refused(field, "invalid", f"{message}: write it with one, such as '+49 30 901820'.")
    message = f"{shown} is not a phone number: expected is one such as '+49 30 901820' or '+1 201 555 0123 ext. 12'."
    return _refused(field, "invalid", message)


def _impossible(field: str, typed: str, text: str, number: PhoneNumber) -> Problem | None:
    shown = f"The phone number {quoted(typed)}"
    if _letters_became_digits(text, number):
        message = f"{shown} has words in it that would be dialled: leave them out, and write an extension as 'ext. 12'."
        return _refused(field, "invalid", message)
    reason = is_possible_number_with_reason(number)
    if reason == ValidationResult.IS_POSSIBLE:
        return None
    prefix = f"+{number.country_code}"
    expected = {
        ValidationResult.TOO_SHORT: f"is too short for {prefix}",
        ValidationResult.TOO_LONG: f"is too long for {prefix}: give one number only",
        ValidationResult.IS_POSSIBLE_LOCAL_ONLY: f"lacks the area code that numbers of {prefix} have",
    }.get(reason, f"has a number of digits that no number of {prefix} has")
    example = "" if expected.endswith("only") else ": expected is the whole number, area code included"
    return _refused(field, "invalid", f"{shown} {expected}{example}.")


def _letters_became_digits(text: str, number: PhoneNumber) -> bool:
    """Whether words were read as the letters on a telephone's keys: "030 901820 (home)" would dial 4663 at its end.

    Words before the number and around its extension are skipped by the library and do no harm. In toll-free numbers
    letters are meant as digits (1-800-FLOWERS).
    """
    if not any(character.isalpha() for character in text):
        return False
    digits = "".join(str(unicodedata.decimal(character)) for character in text if character.isdecimal())
    read = national_significant_number(number)[-_COMPARED_DIGITS:] + (number.extension or "")
    return not digits.endswith(read) and number_type(number) != PhoneNumberType.TOLL_FREE


def _refused(field: str, code: str, message: str) -> Problem:
    return Problem(field=field, code=code, message=message)
