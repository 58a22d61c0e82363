"""References to any record: declared once by whoever needs one, read, filtered, checked and kept like foreign keys."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tortoise import fields

from accord.config.composition import CORE, core_catalogue
from accord.graph.declaring import DeclarationError, declare
from accord.graph.migrating import MigrationApp
from accord.graph.records import RECORDS
from accord.plugins.declarations import Policy, computed
from accord.plugins.fields import AnyRecord
from accord.plugins.records import AccountExtension, Record
from accord.schema.building import BuiltSchema, build_schema
from accord.tests.accord_fixture import Bench, CoreDatabases, open_bench
from accord.tests.graph.toy_mentions import MODELS
from accord.tests.made_migrations import made_migrations
from accord.tests.schema import writes
from accord.tests.schema.writes import listed, read, refused, violation, written

PACKAGE = "toy_mentions_migrations"
ALL = (*RECORDS, *MODELS)
BERLIN = {"streetLines": ["X 1"], "city": "Berlin", "postalCode": "10115", "country": {"code": "DE"}}


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """The plugin with the migration that was made for it, and the schema with its records."""

    app: MigrationApp
    schema: BuiltSchema


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    app = MigrationApp(label="mentions", models=("accord.tests.graph.toy_mentions",), migrations=PACKAGE)
    with made_migrations(tmp_path_factory.mktemp("plugin"), app):
        yield Plugin(app=app, schema=build_schema(core_catalogue(ALL), name=lambda: "mentions"))


@pytest.fixture
async def bench(core_databases: CoreDatabases, plugin: Plugin) -> AsyncIterator[Bench]:
    """An Accord with the plugin."""
    location = core_databases.new()
    async with open_bench(location, models=ALL, apps=(CORE, plugin.app), schema=plugin.schema) as opened:
        yield opened
    core_databases.drop(location)


async def make_one(bench: Bench, record: str, **values: Any) -> str:
    return await writes.make(bench, record, **values)


# what may be referred to -------------------------------------------------------------------------------------------


async def test_a_plugins_record_has_tasks_and_notes_as_the_cores_have(bench: Bench) -> None:
    errand = await make_one(bench, "Errand", name="buy bread", tasks=[{"title": "now"}], notes=[{"text": "rye"}])
    (task,) = await listed(bench, "tasks", "subjectId subject { __typename ... on Errand { name initials } }")
    assert task == {
        "subjectId": errand,
        "subject": {"__typename": "Errand", "name": "buy bread", "initials": "bb"},
    }
    await written(bench, "deleteErrand", errand)
    assert await listed(bench, "tasks", "id") == await listed(bench, "notes", "id") == []
    await written(bench, "restoreErrand", errand)
    found = await listed(bench, "errands", "name", "ErrandFilter", {"tasks": {"some": {"title": {"eq": "now"}}}})
    assert found == [{"name": "buy bread"}]


async def test_rows_of_links_records_that_refer_to_any_and_those_that_say_so_are_no_subjects(bench: Bench) -> None:
    account = await make_one(bench, "Account", name="A", contacts=[{"familyName": "C"}])
    (relationship,) = await listed(bench, "accountContacts", "id")
    others = [
        relationship["id"],
        await make_one(bench, "Scrap", name="S"),
        await make_one(bench, "Task", title="t", subjectId=account),
        await make_one(bench, "Mention", place="p"),
    ]
    for id_ in others:
        (wrong,) = await refused(bench, "createMention", {"place": "q", "aboutId": id_})
        assert (wrong["code"], wrong["path"]) == ("INVALID_ID", ["input", "aboutId"])
        assert wrong["message"].endswith("ExternalId, Label, NamingRule, Errand.")


# reading -----------------------------------------------------------------------------------------------------------


async def test_one_key_may_stand_for_a_computed_field_of_one_type_and_something_else_of_another(bench: Bench) -> None:
    """Types that a record may have are told apart before their computed fields are filled in."""
    about = [
        await make_one(bench, "Account", name="A", industry="Retail"),
        await make_one(bench, "Errand", name="buy bread"),
        await make_one(bench, "Address", **BERLIN),
    ]
    for id_ in about:
        await make_one(bench, "Mention", place="p", aboutId=id_)
    await make_one(bench, "Mention", place="p")
    fields_ = """about { ... on Account { one: industry } ... on Errand { one: initials many: lines }
      ... on Address { one: district many: formatted } }"""
    with bench.counted() as statements:
        found = await listed(bench, "mentions", fields_)
    assert len(statements) == 1
    assert [mention["about"] for mention in found] == [
        {"one": "Retail"},
        {"one": "bb", "many": ["buy", "bread"]},
        {"one": None, "many": ["X 1", "10115 Berlin"]},
        None,
    ]


async def test_a_reference_to_what_is_gone_counts_as_none_and_is_back_with_it(bench: Bench) -> None:
    errand = await make_one(bench, "Errand", name="buy bread")
    await make_one(bench, "Mention", place="here", aboutId=errand)
    await make_one(bench, "Mention", place="nowhere")
    shown = "place aboutId about { id }"

    async def with_(filter_: dict[str, Any]) -> list[str]:
        found = await listed(bench, "mentions", "place", "MentionFilter", {"aboutId": filter_})
        return [mention["place"] for mention in found]

    async def finds() -> list[list[str]]:
        return [await with_(one) for one in ({"isNull": False}, {"isNull": True}, {"eq": errand}, {"ne": errand})]

    there = {"place": "here", "aboutId": errand, "about": {"id": errand}}
    assert (await listed(bench, "mentions", shown))[0] == there
    assert await finds() == [["here"], ["nowhere"], ["here"], ["nowhere"]]
    await written(bench, "deleteErrand", errand)
    assert (await listed(bench, "mentions", shown))[0] == there | {"about": None}
    assert await finds() == [[], ["here", "nowhere"], [], ["here", "nowhere"]]
    await written(bench, "restoreErrand", errand)
    assert (await listed(bench, "mentions", shown))[0] == there


# writing -----------------------------------------------------------------------------------------------------------


async def test_a_reference_can_be_set_moved_and_emptied(bench: Bench) -> None:
    account = await make_one(bench, "Account", name="A")
    errand = await make_one(bench, "Errand", name="E")
    mention = await make_one(bench, "Mention", place="p", aboutId=account)
    for about in (errand, None, account):
        await written(bench, "updateMention", {"id": mention, "aboutId": about})
        assert (await read(bench, "mention", mention, "aboutId"))["aboutId"] == about
    await written(bench, "updateMention", {"id": mention, "place": "q"})
    assert await read(bench, "account", account, "mentions { nodes { place } }") == {
        "mentions": {"nodes": [{"place": "q"}]}
    }


async def test_a_reference_may_be_part_of_a_key(bench: Bench) -> None:
    account = await make_one(bench, "Account", name="A")
    errand = await make_one(bench, "Errand", name="E")
    first = await make_one(bench, "Mention", place="p", aboutId=account)
    await make_one(bench, "Mention", place="p", aboutId=errand)
    (again,) = await refused(bench, "createMention", {"place": "p", "aboutId": account})
    assert again == violation(
        "NOT_UNIQUE",
        "input.place",
        f"Another Mention has the same about and place: {first}. Change the value, or update that record.",
    )
    await make_one(bench, "Verdict", text="good", aboutId=account)
    (again,) = await refused(bench, "createVerdict", {"text": "bad", "aboutId": account})
    assert (again["code"], again["path"]) == ("NOT_UNIQUE", ["input", "aboutId"])
    (missing,) = await refused(
        bench, "updateVerdict", {"id": (await listed(bench, "verdicts", "id"))[0]["id"], "aboutId": None}
    )
    assert missing == violation("REQUIRED", "input.aboutId", "aboutId is required; give it a value.")


async def test_what_belongs_to_a_record_goes_with_it_although_the_record_lists_it_nowhere(bench: Bench) -> None:
    account = await make_one(bench, "Account", name="A")
    await make_one(bench, "Verdict", text="good", aboutId=account)
    await written(bench, "deleteAccount", account)
    assert await listed(bench, "verdicts", "id") == []
    await written(bench, "restoreAccount", account)
    assert await listed(bench, "verdicts", "text") == [{"text": "good"}]


# declaring ---------------------------------------------------------------------------------------------------------


def test_what_can_be_no_reference_to_any_record_is_said() -> None:
    class Silent(Record, prefix="sil"):
        """A record whose reference says nothing."""

        about = AnyRecord(related_name="tasks", description="")

    class Twice(Record, prefix="twi"):
        """A record whose reference has the name of something else."""

        about = AnyRecord(related_name=None, description="What it is about.")

        class Policies:
            about = computed(str, needs=(), by=lambda rows: rows, description="Something else.")
            abuot = Policy(owner=True)

    class Beside(AccountExtension, namespace="beside"):
        """Fields of accounts."""

        rating = fields.IntField(null=True, description="A figure.")
        about = AnyRecord(related_name=None, description="What it is about.")

    with pytest.raises(DeclarationError) as raised:
        declare((*RECORDS, Silent, Twice, Beside))
    said = [line.removeprefix("- ") for line in str(raised.value).splitlines()[1:]]
    assert "Silent.about: a field of the API needs a description" in said
    assert (
        "Account: the list tasks of Silent records and the list tasks of Task records would both be called 'tasks'"
        in said
    )
    assert "Twice.about: a field and a Computed share the name" in said
    assert "Twice.Policies.abuot: Twice has no such field" in said
    assert "Beside.about: only a Record refers to any record" in said
