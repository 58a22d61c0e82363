"""Language tags (BCP 47) of the plain kind: a language, perhaps a script, perhaps a region."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from .countries import country, find_country
from .problem import Problem, quoted
from .tables import read_table

_TAG = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|\d{3}))?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Language:
    """A language of ISO 639 that has a code of two letters, by its English name."""

    code: str
    alpha3: str
    name: str


def normalise_language(typed: str, *, field: str = "language") -> str | Problem:
    """The tag in its usual spelling (de, pt-BR, zh-Hant-TW), or why it is none.

    Underscores are read as hyphens, and a code of three letters becomes the one of two letters where there is one, as
    BCP 47 asks. Codes of three letters are taken by their form; there are thousands.
    """
    parts = _TAG.fullmatch(typed.strip().replace("_", "-"))
    if parts is None:
        message = f"{quoted(typed)} is not a language tag: expected is one such as 'de', 'pt-BR' or 'zh-Hant'."
        return Problem(field=field, code="invalid", message=message)
    code, script, region = parts.groups()
    language = languages().get(code.lower())
    if language is None and len(code) == 2:
        message = f"The language {quoted(code)} of the tag {quoted(typed)} is not one of ISO 639, such as 'de'."
        return Problem(field=field, code="unknown", message=message)
    if region and region.isalpha() and country(region.upper()) is None:
        meant = find_country(region)
        advice = f": did you mean {quoted(meant.code)}?" if meant else ", such as 'pt-BR'."
        message = f"The region {quoted(region)} of the tag {quoted(typed)} is not an ISO 3166-1 code{advice}"
        return Problem(field=field, code="unknown", message=message)
    spelled = (language.code if language else code.lower(), script and script.title(), region and region.upper())
    return "-".join(part for part in spelled if part)


@cache
def languages() -> Mapping[str, Language]:
    """The languages by their codes of two letters and of three, those of libraries (ger, fre) among them."""
    known: dict[str, Language] = {}
    for code, alpha3, library_code, name in read_table("languages"):
        language = Language(code=code, alpha3=alpha3, name=name)
        known.update({one: language for one in (code, alpha3, library_code) if one})
    return known
