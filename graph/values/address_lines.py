"""Postal addresses as they are written on a letter, by the layout of their country."""

import re
from collections.abc import Mapping
from functools import cache

from .addresses import PostalAddress, find_region
from .countries import country
from .postal_rules import PostalRules, postal_rules
from .text import is_latin, plain

# For an address without a country: everything that it holds, in the most common order.
_WITHOUT_COUNTRY = "%N%n%O%n%A%n%D%n%C%n%S%n%Z"

_PARTS = re.compile(r"(%[A-Z])")


def format_address(address: PostalAddress, *, for_country: str | None = None) -> list[str]:
    """The lines to print on a letter, from the recipient to the country.

    The last line is the country's English name when `for_country`, where the letter is posted, is given and is
    another country. An address in the script of its country is laid out as there, all others from small to large.
    Names stand as typed; a state is shortened where its country does so (CA). What addresses of the country do not
    name (the state in most of Europe) is left out, but no city or district ever is.
    """
    where = country(address.country_code or "")
    if where is None:
        return _fill(_WITHOUT_COUNTRY, _values(address, None, is_local=False, is_abroad=False))
    rules = postal_rules(where.code)
    is_local = not _is_in_latin_script(address)
    is_abroad = for_country is not None and for_country != where.code
    values = _values(address, rules, is_local=is_local, is_abroad=is_abroad)
    if "%C" not in rules.layout and plain(address.city or "") in {plain(n) for n in (where.name, *where.other_names)}:
        values["%C"] = ""  # a city that is its country: Singapore prints its name by itself, Macao by none
    if plain(values["%S"]) == plain(values["%C"]):
        values["%S"] = ""  # Madrid in Madrid is written once
    lines = _fill(_complete_layout(where.code, is_local=is_local), values)
    return [*lines, where.name] if is_abroad else lines


def _is_in_latin_script(address: PostalAddress) -> bool:
    place = " ".join((*address.street_lines, address.city or "", address.district or "")).strip()
    return is_latin(place or address.state_name or "")


def _values(address: PostalAddress, rules: PostalRules | None, *, is_local: bool, is_abroad: bool) -> dict[str, str]:
    return {
        "%N": address.recipient or "",
        "%O": address.company or "",
        "%A": "\n".join(address.street_lines),
        "%D": address.district or "",
        "%C": address.city or "",
        "%S": _printed_state(address, rules, is_local=is_local) if rules else address.state_name or "",
        "%Z": _printed_postal_code(address, rules, is_abroad=is_abroad) if rules else address.postal_code or "",
        "%X": "",
    }


def _printed_state(address: PostalAddress, rules: PostalRules, *, is_local: bool) -> str:
    region = find_region(rules, address.state_code, address.state_name)
    typed = address.state_name or ""
    if region is None:
        return typed
    if is_local:
        in_script = (name for name in (typed, region.key, region.name) if not is_latin(name))
        return next(in_script, typed or region.key)
    # Spain's short keys are those of number plates: its post writes the name.
    if len(region.key) < len(region.name) and is_latin(region.key) and rules.country_code != "ES":
        return region.key
    return typed if typed and is_latin(typed) else region.latin_name


def _printed_postal_code(address: PostalAddress, rules: PostalRules, *, is_abroad: bool) -> str:
    if not address.postal_code:
        return ""
    code = rules.bare_postal_code(address.postal_code)
    # CH-8001 is written on letters from abroad only; prefixes without a dash (AZ, FO, HT) belong to the code.
    is_wanted = is_abroad or not rules.postal_code_prefix.endswith("-")
    return f"{rules.postal_code_prefix}{code}" if is_wanted else code


@cache
def _complete_layout(country_code: str, *, is_local: bool) -> str:
    """The layout of a country with a place for city and district, which some leave out, and without code prefixes."""
    rules = postal_rules(country_code)
    layout = rules.layout if is_local else rules.latin_layout
    if rules.postal_code_prefix:
        layout = layout.replace(f"{rules.postal_code_prefix}%Z", "%Z")
    is_from_large_to_small = layout.index("%A") < layout.index("%N")
    # Chinese, Japanese and Korean run on without a break; others begin a line.
    break_before = "" if rules.layout != rules.latin_layout else "%n"
    for element in ("%C", "%D"):
        if element in layout:
            continue
        if not is_from_large_to_small:
            layout = layout.replace("%A", f"%A%n{element}")
        elif "%n%A" in layout:
            layout = layout.replace("%n%A", f"{break_before}{element}%n%A")
        else:
            layout = layout.replace("%A", f"{element}%n%A")
    return layout


def _fill(layout: str, values: Mapping[str, str]) -> list[str]:
    filled = "\n".join(_fill_line(line, values) for line in layout.split("%n"))
    return [line.strip() for line in filled.split("\n") if line.strip()]


def _fill_line(line: str, values: Mapping[str, str]) -> str:
    """One line of a layout: words stand always, a mark that opens it (〒) or stands between elements only with them."""
    opening, *parts = _PARTS.split(line)
    filled, marks = "", [opening]
    if any(letter.isalpha() for letter in opening):
        filled, marks = opening.strip(), [" "]
    for part in parts:
        if part not in values:
            marks.append(part)
        elif values[part]:
            before = opening
            if filled:
                before = _mark_between(marks) or (" " if is_latin(filled[-1] + values[part][0]) else "")
            filled, marks = filled + before + values[part], []
    return filled


def _mark_between(marks: list[str]) -> str:
    """The mark for two elements of which some between are missing: "Springfield 62704" without a state, not ", "."""
    told = [mark for mark in marks if mark]
    return next((mark for mark in told if mark.isspace()), told[0] if told else "")
