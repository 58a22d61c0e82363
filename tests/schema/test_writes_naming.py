"""Naming rules of accounts: patterns, unique names, and numbers that are made and handed on."""

from typing import Any

import pytest

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import bulk, listed, make, read, refused, violation, write, written


async def names(bench: Bench, filter_: dict[str, Any]) -> list[str]:
    return [one["name"] for one in await listed(bench, "accounts", "name", "AccountFilter", filter_)]


async def test_a_naming_rule_holds_for_accounts_of_its_kind(bench: Bench) -> None:
    await make(bench, "NamingRule", kind="HOUSEHOLD", pattern=".* household", example="Miller household")
    message = "'Smith' does not match the naming rule of HOUSEHOLD accounts; one that does is 'Miller household'."
    expected = [violation("NAME_PATTERN", "input.name", message)]
    assert await refused(bench, "createAccount", {"name": "Smith", "kind": "HOUSEHOLD"}) == expected
    account = await make(bench, "Account", name="Smith")
    assert await refused(bench, "updateAccount", {"id": account, "kind": "HOUSEHOLD"}) == expected
    await written(bench, "updateAccount", {"id": account, "kind": "HOUSEHOLD", "name": "Smith household"})
    assert await refused(bench, "updateAccount", {"id": account, "name": "Smith"}) == expected


async def test_a_rule_made_later_lets_accounts_keep_their_names_until_they_change(bench: Bench) -> None:
    account = await make(bench, "Account", name="smith")
    await make(bench, "NamingRule", kind="BUSINESS", pattern="[A-Z].*")
    await written(bench, "updateAccount", {"id": account, "description": "still smith"})
    assert await refused(bench, "updateAccount", {"id": account, "name": "smythe"}) == [
        violation(
            "NAME_PATTERN",
            "input.name",
            "'smythe' does not match the naming rule of BUSINESS accounts; choose one that its pattern matches as a "
            "whole: '[A-Z].*'.",
        )
    ]


async def test_a_blank_name_is_missing_and_breaks_no_pattern(bench: Bench) -> None:
    await make(bench, "NamingRule", kind="BUSINESS", pattern="[A-Z].*")
    assert await refused(bench, "createAccount", {"name": "  "}) == [
        violation("REQUIRED", "input.name", "name is blank; give it a value.")
    ]


async def test_names_that_must_be_unique_differ_in_more_than_case(bench: Bench) -> None:
    older = await make(bench, "Account", name="ÄRGER")
    await make(bench, "NamingRule", kind="BUSINESS", uniqueNames=True)
    first = await make(bench, "Account", name="Straße")

    def taken(path: str, id_: str) -> dict[str, Any]:
        message = f"Another Account has the same kind and name: {id_}. Change the value, or update that record."
        return violation("NOT_UNIQUE", path, message)

    assert await refused(bench, "createAccount", {"name": "STRASSE"}) == [taken("input.name", first)]
    assert await refused(bench, "createAccount", {"name": "ärger"}) == [taken("input.name", older)]
    await make(bench, "Account", name="Straße", kind="PARTNER")
    payload = await bulk(bench, "createAccounts", [{"name": "Neu"}, {"name": "neu"}, {"name": "strasse"}])
    message = "The same input has another Account with the same kind and name, at inputs.0.name."
    assert payload["violations"] == [
        violation("NOT_UNIQUE", "inputs.1.name", message),
        taken("inputs.2.name", first),
    ]
    await written(bench, "deleteAccount", first)
    second = await make(bench, "Account", name="Strasse")
    assert await refused(bench, "restoreAccount", first) == [taken("id", second)]
    await written(bench, "updateAccount", {"id": second, "kind": "PERSON"})
    await written(bench, "restoreAccount", first)
    assert await names(bench, {"name": {"eqIgnoreCase": "strasse"}, "kind": {"eq": "BUSINESS"}}) == ["Straße"]


async def test_new_accounts_get_the_next_free_numbers_of_their_kind(bench: Bench) -> None:
    await make(bench, "Account", name="early", number="B-0002")
    rule = await make(bench, "NamingRule", kind="BUSINESS", numberPrefix="B-", numberDigits=4)
    inputs = [{"name": str(n)} for n in range(3)] + [
        {"name": "own", "number": "B-0003"},
        {"name": "p", "kind": "PERSON"},
    ]
    payload = await bulk(bench, "createAccounts", inputs, "account { number }")
    assert payload["violations"] == []
    numbers = [result["account"]["number"] for result in payload["results"]]
    assert numbers == ["B-0001", "B-0004", "B-0005", "B-0003", None]
    assert await read(bench, "namingRule", rule, "nextNumber version") == {"nextNumber": 6, "version": 1}
    preview = await written_nothing(bench, {"name": "dry"})
    assert preview == {"number": "B-0006"}
    assert (await read(bench, "namingRule", rule, "nextNumber"))["nextNumber"] == 6
    await written(bench, "updateNamingRule", {"id": rule, "nextNumber": 77, "numberPrefix": "C"})
    account = await make(bench, "Account", name="next")
    assert (await read(bench, "account", account, "number"))["number"] == "C0077"


async def written_nothing(bench: Bench, given: dict[str, Any]) -> Any:
    payload = await write(bench, "createAccount", given, "account { number }", dryRun=True)
    assert payload["violations"] == []
    return payload["account"]


async def test_a_number_is_one_accounts_alone(bench: Bench) -> None:
    first = await make(bench, "Account", name="first", number="N-1")
    message = f"Another Account has the same number: {first}. Change the value, or update that record."
    expected = [violation("NOT_UNIQUE", "input.number", message)]
    assert await refused(bench, "createAccount", {"name": "second", "number": "N-1"}) == expected
    await make(bench, "Account", name="lower case is another", number="n-1")
    second = await make(bench, "Account", name="second")
    assert await refused(bench, "updateAccount", {"id": second, "number": "N-1"}) == expected


async def test_numbers_are_swapped_and_handed_on_in_one_write(bench: Bench) -> None:
    a, b, c = [await make(bench, "Account", name=name, number=name) for name in "ABC"]
    inputs = [{"id": a, "number": "B"}, {"id": b, "number": "C"}, {"id": c, "number": "A"}]
    payload = await bulk(bench, "updateAccounts", inputs, "account { number version }")
    assert [result["account"] for result in payload["results"]] == [
        {"number": number, "version": 2} for number in "BCA"
    ]
    found = await listed(bench, "accounts", "name number", "AccountFilter", {})
    assert found == [{"name": n, "number": m} for n, m in zip("ABC", "BCA", strict=True)]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"pattern": "("}, ("INVALID_PATTERN", "input.pattern", "The pattern can't be used: missing ) at position 1;")),
        ({"pattern": "a+", "example": "b"}, ("INVALID_EXAMPLE", "input.example", "The example does not match")),
        ({"pattern": "(a|aa)+", "example": "a" * 60 + "b"}, ("INVALID_PATTERN", "input.pattern", "The pattern can't")),
        ({"numberDigits": 0}, ("OUT_OF_RANGE", "input.numberDigits", "0 does not fit; it lies between 1 and 12.")),
        ({"numberDigits": None}, ("REQUIRED", "input.numberDigits", "numberDigits is required; give it a value.")),
        (
            {"nextNumber": -1},
            ("OUT_OF_RANGE", "input.nextNumber", "-1 does not fit; it lies between 0 and 2000000000."),
        ),
        ({"nextNumber": None}, ("REQUIRED", "input.nextNumber", "nextNumber is required; give it a value.")),
    ],
)
async def test_a_naming_rule_that_can_not_work_is_refused(
    bench: Bench, given: Any, found: tuple[str, str, str]
) -> None:
    (one,) = await refused(bench, "createNamingRule", {"kind": "PERSON"} | given)
    code, path, message = found
    assert (one["code"], one["path"], one["severity"]) == (code, path.split("."), "ERROR")
    assert one["message"].startswith(message)


LARGE = "with its repetitions written out it has more than 2,000 characters"
DEEP = "(a|" * 20 + "x" + ")+" * 20
STRANGE = (
    "is not understood; put a backslash before a sign that stands for itself, and leave out fuzzy matching, recursion "
    "and the like"
)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("a{9999999}", LARGE),
        ("a{,2000}b", LARGE),
        ("(a{1000}){1000}", LARGE),
        ("(?:[)(]{50}){50}", LARGE),
        (r"(?:\){50}){50}", LARGE),
        (DEEP, LARGE),
        ("(" * 21 + ")" * 21, "its groups are nested deeper than 20; flatten them"),
        ("a)", "the parenthesis at position 1 closes nothing; leave it out"),
        ("(?:abc){e<=1}", f"'{{e<=1}}' at position 7 {STRANGE}"),
        ("a(?R)?", f"'(?R)?' at position 1 {STRANGE}"),
        (r"\L<names>", rf"'\L<names>' at position 0 {STRANGE}"),
        ("(?x)a{3 0 0}", f"'(?x)a{{3 0 ' at position 0 {STRANGE}"),
        ("(?V1)[[a]--[b]]", f"'(?V1)[[a]-' at position 0 {STRANGE}"),
        ("[" + r"\p{L}" * 50, rf"'[\p{{L}}\p{{L' at position 0 {STRANGE}"),
    ],
)
async def test_a_pattern_that_would_take_much_memory_to_be_made_ready_is_refused(
    bench: Bench, pattern: str, problem: str
) -> None:
    if problem == LARGE:
        problem += "; repeat less, or use * or + where no number is needed"
    message = f"The pattern can't be used: {problem}."
    given = {"kind": "PERSON", "pattern": pattern, "example": "a"}
    payload = await write(bench, "createNamingRule", given, "recordId", dryRun=True)
    assert payload["violations"] == [violation("INVALID_PATTERN", "input.pattern", message)]
    assert await refused(bench, "createNamingRule", given) == [violation("INVALID_PATTERN", "input.pattern", message)]


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (r"^\S.{1,118}\S$", "Miller"),
        (r"(?i)[^]\s[:digit:]_-]+(?: & [\p{L}.]+)*(?:,? (?>gmbh|ltd\.?|s\.a\.))?", "Bär & Söhne, GmbH"),
        (r"(?P<first>\p{Lu}\w*+)-(?P=first) \1(?<=x)(?!.)", "Max-Max Max"),
        (r"[A-Z]{3}-\d{8}-\d{4}\{\x41\}", "ABC-12345678-1234{A}"),
        ("(?:(?:ab){10}c){9}", ("ab" * 10 + "c") * 9),
        ("a{1,200}", "a" * 200),
    ],
)
async def test_patterns_with_what_is_commonly_used_match(bench: Bench, pattern: str, name: str) -> None:
    await make(bench, "NamingRule", kind="PERSON", pattern=pattern, example=name)
    await make(bench, "Account", name=name, kind="PERSON")
    (one,) = await refused(bench, "createAccount", {"name": "_", "kind": "PERSON"})
    assert one["code"] == "NAME_PATTERN"


async def test_a_pattern_stored_before_it_was_measured_lets_no_name_pass(bench: Bench) -> None:
    rule = await make(bench, "NamingRule", kind="BUSINESS", pattern="a")
    async with bench.accord.database.transaction() as transaction:
        await transaction.execute("update naming_rule set pattern = '(a{1000}){1000}'")
    message = (
        f"The naming rule of BUSINESS accounts has a pattern that can't be used: {LARGE}; "
        "repeat less, or use * or + where no number is needed."
    )
    assert await refused(bench, "createAccount", {"name": "a"}) == [violation("NAME_PATTERN", "input.name", message)]
    await written(bench, "updateNamingRule", {"id": rule, "pattern": "a+"})
    await make(bench, "Account", name="aa")


async def test_of_many_rules_for_one_kind_one_pattern_is_tried(bench: Bench) -> None:
    given = {"kind": "PERSON", "pattern": "(a|aa)+", "example": "a" * 60 + "b"}
    payload = await bulk(bench, "createNamingRules", [given] * 100)
    codes = [one["code"] for one in payload["violations"]]
    assert (codes.count("NOT_UNIQUE"), codes.count("INVALID_PATTERN"), len(codes)) == (99, 1, 100)


async def test_a_kind_has_one_naming_rule_and_keeps_it(bench: Bench) -> None:
    rule = await make(bench, "NamingRule", kind="PERSON")
    message = f"Another NamingRule has the same kind: {rule}. Change the value, or update that record."
    assert await refused(bench, "createNamingRule", {"kind": "PERSON"}) == [
        violation("NOT_UNIQUE", "input.kind", message)
    ]
    message = "kind is set when the record is created and can't be changed."
    assert await refused(bench, "updateNamingRule", {"id": rule, "kind": "BUSINESS"}) == [
        violation("NOT_CHANGEABLE", "input.kind", message)
    ]


async def test_a_pattern_that_takes_too_long_holds_nobody_up(bench: Bench) -> None:
    await make(bench, "NamingRule", kind="BUSINESS", pattern="(x|xx)+")
    payload = await bulk(bench, "createAccounts", [{"name": "x" * 59 + "y"}] * 50)
    assert payload["written"] == 0
    assert {(one["code"], one["message"]) for one in payload["violations"]} == {
        (
            "NAME_PATTERN",
            f"The naming rule of BUSINESS accounts takes too long on '{'x' * 59}y'; simplify its pattern.",
        )
    }
    assert len(payload["violations"]) == 50
