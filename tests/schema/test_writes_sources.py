"""Sources of accounts: the first is never overwritten, later ones are appended, none is changed or taken away."""

from typing import Any

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import listed, make, read, refused, violation, write, written


async def names(bench: Bench, filter_: dict[str, Any]) -> list[str]:
    return [one["name"] for one in await listed(bench, "accounts", "name", "AccountFilter", filter_)]


SOURCES = "sourceCategory sources(orderBy: [{id: ASC}]) { nodes { category detail isFirst occurredAt } }"
NOON = "2026-03-01T12:00:00.000000Z"


async def test_the_first_source_stays_the_first_and_later_ones_are_appended(bench: Bench) -> None:
    account = await make(bench, "Account", name="A")
    assert (await read(bench, "account", account, SOURCES)) == {"sourceCategory": None, "sources": {"nodes": []}}
    first = {"category": "WEB_FORM", "detail": "Newsletter"}
    early = {"category": "SOCIAL_AD", "occurredAt": "2020-01-01T01:00:00+01:00"}
    await written(bench, "updateAccount", {"id": account, "sources": [first, early]})
    bench.clock.turn(days=1)
    await written(bench, "createAccountSource", {"accountId": account, "category": "IMPORT"})
    stored = await read(bench, "account", account, SOURCES + " version")
    assert stored == {
        "version": 2,
        "sourceCategory": "WEB_FORM",
        "sources": {
            "nodes": [
                {"category": "WEB_FORM", "detail": "Newsletter", "isFirst": True, "occurredAt": NOON},
                {
                    "category": "SOCIAL_AD",
                    "detail": None,
                    "isFirst": False,
                    "occurredAt": "2020-01-01T00:00:00.000000Z",
                },
                {
                    "category": "IMPORT",
                    "detail": None,
                    "isFirst": False,
                    "occurredAt": "2026-03-02T12:00:00.000000Z",
                },
            ]
        },
    }
    assert await names(bench, {"sourceCategory": {"eq": "WEB_FORM"}}) == ["A"]
    assert await names(bench, {"sources": {"some": {"category": {"eq": "IMPORT"}, "isFirst": {"eq": False}}}}) == ["A"]


async def test_a_source_is_kept_as_it_is(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", sources=[{"category": "API"}])
    (source,) = (await read(bench, "account", account, "sources { nodes { id } }"))["sources"]["nodes"]
    fixed = "is set when the record is created and can't be changed."
    update = {"id": source["id"], "category": "IMPORT", "detail": "x", "occurredAt": "2020-01-01T00:00:00Z"}
    assert await refused(bench, "updateAccountSource", update) == [
        violation("NOT_CHANGEABLE", "input.category", f"category {fixed}"),
        violation("NOT_CHANGEABLE", "input.detail", f"detail {fixed}"),
        violation("NOT_CHANGEABLE", "input.occurredAt", f"occurredAt {fixed}"),
    ]
    kept = "Sources are kept as they are; add a new one instead of deleting this."
    assert await refused(bench, "deleteAccountSource", source["id"]) == [violation("APPEND_ONLY", "id", kept)]
    nested = {"id": account, "sources": [{"id": source["id"], "delete": True}]}
    assert await refused(bench, "updateAccount", nested) == [violation("APPEND_ONLY", "input.sources.0", kept)]
    assert (await read(bench, "account", account, SOURCES))["sourceCategory"] == "API"


async def test_a_referral_names_who_referred(bench: Bench) -> None:
    friend, person = await make(bench, "Account", name="Friend"), await make(bench, "Contact", familyName="P")
    sources = [
        {"category": "REFERRAL", "referrerAccountId": friend},
        {"category": "REFERRAL", "referrerContactId": person},
        {"category": "REFERRAL"},
    ]
    fields = "account { sources(orderBy: [{id: ASC}]) { nodes { referrerAccount { name } referrerContact { name } } } }"
    payload = await write(bench, "createAccount", {"name": "A", "sources": sources}, fields)
    message = "A referral without a referrer: give referrerAccountId or referrerContactId if you know who it was."
    assert payload["violations"] == [
        violation("REFERRER_MISSING", "input.sources.2.category", message, severity="WARNING")
    ]
    assert payload["account"]["sources"]["nodes"] == [
        {"referrerAccount": {"name": "Friend"}, "referrerContact": None},
        {"referrerAccount": None, "referrerContact": {"name": "P"}},
        {"referrerAccount": None, "referrerContact": None},
    ]
    shown = await read(bench, "account", friend, "referrals { nodes { account { name } } }")
    assert shown == {"referrals": {"nodes": [{"account": {"name": "A"}}]}}


async def test_sources_go_and_come_back_with_their_account(bench: Bench) -> None:
    account = await make(bench, "Account", name="A", sources=[{"category": "API"}, {"category": "IMPORT"}])
    await written(bench, "deleteAccount", account)
    assert await listed(bench, "accountSources", "id") == []
    await written(bench, "restoreAccount", account)
    stored = await read(bench, "account", account, SOURCES)
    assert [one["isFirst"] for one in stored["sources"]["nodes"]] == [True, False]
