"""A plugin's fields and records go through the same machinery as the core's: storage, API, rules and events."""

import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Any

import pytest
from tortoise import fields
from tortoise.fields.base import Field

from accord.config.composition import CORE, core_catalogue, migration_target
from accord.graph.declaring import DeclarationError, declare
from accord.graph.migrating import MigrationApp, compare, make
from accord.graph.records import RECORDS
from accord.graph.writing.outbox import Event
from accord.plugins.declarations import Policy, computed, group, through, unique
from accord.plugins.fields import Code
from accord.plugins.records import AccountExtension, ContactExtension, Extension, Record
from accord.schema.building import BuiltSchema, build_schema
from accord.tests.accord_fixture import Bench, CoreDatabases, open_bench
from accord.tests.graph.toy_hipaa import MODELS

PACKAGE = "toy_hipaa_migrations"
ALL = (*RECORDS, *MODELS)
VIOLATIONS = "violations { code path message }"
CREATE = f"""mutation ($input: CreateAccountInput!) {{ createAccount(input: $input) {{ id {VIOLATIONS}
  account {{ version hipaa {{ role npi }} }} }} }}"""
UPDATE = f"""mutation ($input: UpdateAccountInput!) {{ updateAccount(input: $input) {{ id {VIOLATIONS}
  account {{ version hipaa {{ role npi specialty }} }} }} }}"""
NPI, OTHER_NPI = "1234567893", "1245319599"


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """The plugin with the migration that was made for it, and the schema with its fields."""

    app: MigrationApp
    source: str
    schema: BuiltSchema


@dataclass
class Told:
    """A consumer that notes what it is told."""

    name = "told"
    events: list[Event]

    async def handle(self, event: Event) -> None:
        self.events.append(event)


@pytest.fixture(scope="session")
async def plugin(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Plugin]:
    folder = tmp_path_factory.mktemp("plugin")
    (folder / PACKAGE).mkdir()
    (folder / PACKAGE / "__init__.py").touch()
    sys.path.insert(0, str(folder))
    app = MigrationApp(label="hipaa", models=("accord.tests.graph.toy_hipaa",), migrations=PACKAGE)
    made = await make((CORE, app), "hipaa", "initial")
    assert made is not None
    schema = build_schema(core_catalogue(ALL), name=lambda: "extensions")
    yield Plugin(app=app, source=made.read_text(encoding="utf-8"), schema=schema)
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
async def bench(core_databases: CoreDatabases, plugin: Plugin, events: list[Event]) -> AsyncIterator[Bench]:
    """An Accord with the plugin, on a database that had the core tables before."""
    location = core_databases.new()
    opening = open_bench(
        location, models=ALL, apps=(CORE, plugin.app), schema=plugin.schema, consumers=[Told(events=events)]
    )
    async with opening as opened:
        yield opened
    core_databases.drop(location)


async def create(bench: Bench, name: str, **values: Any) -> str:
    """The id of a new account."""
    made = await bench.ask(CREATE, input={"name": name, **values})
    assert made["createAccount"]["violations"] == []
    return made["createAccount"]["id"]


async def refused(bench: Bench, mutation: str, **variables: Any) -> list[tuple[str, list[Any]]]:
    """Codes and paths of the violations of a mutation that must have some."""
    (answer,) = (await bench.ask(mutation, **variables)).values()
    assert answer["violations"], answer
    return [(violation["code"], violation["path"]) for violation in answer["violations"]]


async def rows(bench: Bench, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await bench.accord.database.fetch(statement, [])]


# storage -----------------------------------------------------------------------------------------------------------


async def test_a_plugins_migration_is_made_and_leads_to_its_models(bench: Bench, plugin: Plugin):
    catalogue = core_catalogue(ALL)
    target = migration_target(bench.accord.settings, catalogue, apps=(CORE, plugin.app), clock=bench.clock)
    assert await compare(target) == []
    assert await make((CORE, plugin.app), "hipaa", "again") is None
    assert 'dependencies = [("graph", "0' in plugin.source.replace("'", '"')
    assert [kind.namespace for kind in catalogue.extensions("Account")] == ["hipaa"]


async def test_every_owner_has_a_row_whether_its_fields_were_given_or_not(bench: Bench):
    await create(bench, "Kestrel", contacts=[{"familyName": "Huber"}, {"familyName": "Özdemir", "hipaa": {"mrn": "7"}}])
    await bench.ask(
        """mutation { createAccounts(inputs: [{name: "Merlin"}, {name: "Hobby", hipaa: {npi: "1234567893"}}]) { written }
           upsertAccount(input: {by: {externalId: {system: "erp", value: "1"}}, name: "Falcon"}) { id }
           createContact(input: {familyName: "Ngo"}) { id } }"""
    )
    assert await rows(bench, "select count(*) from hipaa_account h join account a on a.id = h.owner_id") == [(4,)]
    assert await rows(bench, "select role, count(*) from hipaa_account group by role") == [("NONE", 4)]
    assert await rows(bench, "select mrn from hipaa_contact order by mrn nulls last") == [("7",), (None,), (None,)]


# reading -----------------------------------------------------------------------------------------------------------


async def test_fields_of_every_kind_are_written_and_read_with_their_owner_by_one_statement(bench: Bench):
    officer = (await bench.ask('mutation { createContact(input: {familyName: "Ngo"}) { id } }'))["createContact"]["id"]
    account = await create(
        bench,
        "Kestrel",
        contacts=[{"familyName": "Huber", "hipaa": {"mrn": "MR-7"}}],
        hipaa={
            "role": "COVERED_ENTITY",
            "npi": NPI,
            "specialty": "  Kardiologie ",
            "baaSignedOn": "2026-02-01",
            "cover": {"amount": "1000000.00", "currency": "USD"},
            "seat": {"city": "Graz"},
            "officerId": officer,
        },
    )
    async with bench.counting() as statements:
        answer = await bench.ask(
            """query ($id: ID!) { account(id: $id) { name hipaa { __typename role npi specialty baaSignedOn
               cover { amount currency } seat { city state } officer { familyName hipaa { mrn } } summary }
               contacts { nodes { familyName hipaa { mrn } } } } }""",
            id=account,
        )
    assert len(statements.texts) == 1
    assert answer["account"] == {
        "name": "Kestrel",
        "hipaa": {
            "__typename": "HipaaAccount",
            "role": "COVERED_ENTITY",
            "npi": NPI,
            "specialty": "Kardiologie",
            "baaSignedOn": "2026-02-01",
            "cover": {"amount": "1000000.00", "currency": "USD"},
            "seat": {"city": "Graz", "state": None},
            "officer": {"familyName": "Ngo", "hipaa": {"mrn": None}},
            "summary": f"COVERED_ENTITY {NPI}",
        },
        "contacts": {"nodes": [{"familyName": "Huber", "hipaa": {"mrn": "MR-7"}}]},
    }
    bare = await create(bench, "Merlin")
    answer = await bench.ask(
        "query ($id: ID!) { node(id: $id) { ... on Account { hipaa { role npi cover { amount } seat { city } } } } }",
        id=bare,
    )
    assert answer["node"] == {"hipaa": {"role": "NONE", "npi": None, "cover": None, "seat": None}}


async def test_the_schema_describes_a_plugins_fields(plugin: Plugin):
    sdl = plugin.schema.schema.as_str()
    assert '"""Where an account stands under HIPAA."""\n  hipaa: HipaaAccount\n' in sdl
    shown = plugin.schema.core.type_map["HipaaAccount"].fields  # type: ignore[attr-defined]
    assert list(shown) == ["role", "npi", "specialty", "baaSignedOn", "cover", "officer", "seat", "summary"]
    stated = plugin.schema.core.type_map["HipaaAccountInput"].fields  # type: ignore[attr-defined]
    assert sorted(stated) == ["baaSignedOn", "cover", "npi", "officerId", "role", "seat", "specialty"]
    # What has no index can't be filtered or sorted by, and an extension without any has no filter at all.
    assert "hipaa" in plugin.schema.core.type_map["AccountFilter"].fields  # type: ignore[attr-defined]
    assert "hipaa" not in plugin.schema.core.type_map["ContactFilter"].fields  # type: ignore[attr-defined]
    assert "hipaa" not in plugin.schema.core.type_map["ContactOrder"].fields  # type: ignore[attr-defined]


FIVE = [
    ("Kestrel", {"role": "COVERED_ENTITY", "npi": NPI, "specialty": "Ärzte"}),
    ("Merlin", {"role": "BUSINESS_ASSOCIATE", "specialty": "augen"}),
    ("Hobby", None),
    ("Falcon", {"npi": OTHER_NPI, "specialty": "Zahn", "cover": {"amount": "5", "currency": "EUR"}}),
    ("Saker", {"specialty": "Zahn", "cover": {"amount": "7", "currency": "EUR"}}),
]


async def five(bench: Bench) -> None:
    for name, hipaa in FIVE:
        await create(bench, name, **({"hipaa": hipaa} if hipaa else {}))


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ({"role": {"eq": "NONE"}}, ["Hobby", "Falcon", "Saker"]),
        ({"role": {"in": ["COVERED_ENTITY", "BUSINESS_ASSOCIATE"]}}, ["Kestrel", "Merlin"]),
        ({"npi": {"eq": NPI}}, ["Kestrel"]),
        ({"npi": {"isNull": True}}, ["Merlin", "Hobby", "Saker"]),
        ({"npi": {"isNull": False}, "role": {"ne": "NONE"}}, ["Kestrel"]),
        ({"specialty": {"startsWithIgnoreCase": "A"}}, ["Merlin"]),
        ({"specialty": {"eqIgnoreCase": "ärzte"}}, ["Kestrel"]),
        ({"cover": {"gt": {"amount": "5", "currency": "EUR"}}}, ["Saker"]),
        ({"officerId": {"isNull": True}}, ["Kestrel", "Merlin", "Hobby", "Falcon", "Saker"]),
    ],
    ids=str,
)
async def test_owners_are_found_by_a_plugins_fields(bench: Bench, filter_: dict[str, Any], found: list[str]):
    await five(bench)
    async with bench.counting() as statements:
        answer = await bench.ask(
            "query ($f: AccountFilter) { accounts(filter: $f) { totalCount nodes { name } } }", f={"hipaa": filter_}
        )
    assert len(statements.texts) == 1
    assert [node["name"] for node in answer["accounts"]["nodes"]] == found
    assert answer["accounts"]["totalCount"] == len(found)


async def test_a_plugins_fields_are_filtered_by_through_relations(bench: Bench):
    await create(bench, "Kestrel", hipaa={"npi": NPI}, contacts=[{"familyName": "Huber"}])
    await create(bench, "Merlin", contacts=[{"familyName": "Ngo"}])
    answer = await bench.ask(
        """query ($npi: String) { contacts(filter: {accountLinks: {some: {account: {hipaa: {npi: {eq: $npi}}}}}}) {
           nodes { familyName } }
           none: accounts(filter: {not: {hipaa: {npi: {eq: $npi}}}}) { nodes { name } } }""",
        npi=NPI,
    )
    assert answer["contacts"]["nodes"] == [{"familyName": "Huber"}]
    assert answer["none"]["nodes"] == [{"name": "Merlin"}]


@pytest.mark.parametrize(
    ("order", "sorted_"),
    [
        ([{"hipaa": {"npi": "ASC"}}], ["Kestrel", "Falcon", "Merlin", "Hobby", "Saker"]),
        ([{"hipaa": {"npi": "DESC"}}], ["Saker", "Hobby", "Merlin", "Falcon", "Kestrel"]),
        ([{"hipaa": {"role": "ASC"}}, {"name": "DESC"}], ["Merlin", "Kestrel", "Saker", "Hobby", "Falcon"]),
        ([{"hipaa": {"specialty": "ASC"}}], ["Merlin", "Kestrel", "Falcon", "Saker", "Hobby"]),
        ([{"hipaa": {"cover": "DESC"}}, {"name": "ASC"}], ["Hobby", "Kestrel", "Merlin", "Saker", "Falcon"]),
    ],
    ids=str,
)
async def test_owners_are_sorted_and_paged_by_a_plugins_fields(
    bench: Bench, order: list[dict[str, Any]], sorted_: list[str]
):
    await five(bench)
    if order[0]["hipaa"].get("specialty"):
        sorted_ = [name for name in sorted_ if name != "Kestrel"]  # where Ä comes is another test's matter
    page = """query ($order: [AccountOrder!], $first: Int, $after: String, $last: Int, $before: String) {
        accounts(orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
          nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    for size, turning, cursor, more in (
        ("first", "after", "endCursor", "hasNextPage"),
        ("last", "before", "startCursor", "hasPreviousPage"),
    ):
        names: list[str] = []
        place: str | None = None
        while True:
            async with bench.counting() as statements:
                answer = (await bench.ask(page, order=order, **{size: 2, turning: place}))["accounts"]
            assert len(statements.texts) == 1
            nodes = [node["name"] for node in answer["nodes"]]
            names = [*names, *nodes] if size == "first" else [*nodes, *names]
            place = answer["pageInfo"][cursor]
            if not answer["pageInfo"][more]:
                break
        assert len(names) == 5
        assert [name for name in names if name in sorted_] == sorted_


# writing -----------------------------------------------------------------------------------------------------------


async def test_what_is_wrong_with_a_plugins_fields_is_told_with_its_path_and_all_at_once(bench: Bench):
    contacts = [{"familyName": "Huber"}, {"familyName": "Ngo", "hipaa": {"mrn": "M" * 33}}]
    hipaa = {
        "role": "COVERED_ENTITY",
        "npi": "1234567890",
        "specialty": "x" * 81,
        "officerId": "con_00000000-0000-7000-8000-00000000ffff",
        "cover": {"amount": "1.005", "currency": "EUR"},
        "seat": {"state": "long"},
    }
    answer = await refused(bench, CREATE, input={"name": "Kestrel", "hipaa": hipaa, "contacts": contacts})
    assert sorted(answer) == [
        ("INVALID_NPI", ["input", "hipaa", "npi"]),
        ("INVALID_VALUE", ["input", "hipaa", "cover"]),
        ("NOT_FOUND", ["input", "hipaa", "officerId"]),
        ("NPI_NEEDED", ["input", "hipaa", "npi"]),
        ("TOO_LONG", ["input", "contacts", 1, "hipaa", "mrn"]),
        ("TOO_LONG", ["input", "hipaa", "seat", "state"]),
        ("TOO_LONG", ["input", "hipaa", "specialty"]),
    ]
    wrong = await refused(bench, CREATE, input={"name": "Merlin", "hipaa": {"officerId": "acc_1"}})
    assert wrong == [("INVALID_ID", ["input", "hipaa", "officerId"])]
    assert await rows(bench, "select count(*) from hipaa_account") == [(0,)]


async def test_a_unique_field_of_a_plugin_differs_among_live_owners(bench: Bench):
    kestrel = await create(bench, "Kestrel", hipaa={"npi": NPI})
    taken = await bench.ask(CREATE, input={"name": "Merlin", "hipaa": {"npi": NPI}})
    (violation,) = taken["createAccount"]["violations"]
    assert (violation["code"], violation["path"]) == ("NOT_UNIQUE", ["input", "hipaa", "npi"])
    assert kestrel in violation["message"]
    repeated = await refused(
        bench,
        f"mutation ($i: [CreateAccountInput!]!) {{ createAccounts(inputs: $i) {{ {VIOLATIONS} }} }}",
        i=[{"name": name, "hipaa": {"npi": OTHER_NPI}} for name in ("Merlin", "Hobby")],
    )
    assert repeated == [("NOT_UNIQUE", ["inputs", 1, "hipaa", "npi"])]
    merlin = await create(bench, "Merlin", hipaa={"npi": OTHER_NPI})
    answer = await refused(bench, UPDATE, input={"id": merlin, "hipaa": {"npi": NPI}})
    assert answer == [("NOT_UNIQUE", ["input", "hipaa", "npi"])]
    same = await bench.ask(UPDATE, input={"id": merlin, "hipaa": {"npi": OTHER_NPI, "specialty": "Zahn"}})
    assert same["updateAccount"]["violations"] == []

    await bench.ask("mutation ($id: ID!) { deleteAccount(id: $id) { id } }", id=kestrel)
    falcon = await create(bench, "Falcon", hipaa={"npi": NPI})
    restore = f"mutation ($id: ID!) {{ restoreAccount(id: $id) {{ {VIOLATIONS} }} }}"
    assert [code for code, _ in await refused(bench, restore, id=kestrel)] == ["NOT_UNIQUE"]
    await bench.ask(UPDATE, input={"id": falcon, "hipaa": {"npi": None}})
    assert await bench.ask(restore, id=kestrel) == {"restoreAccount": {"violations": []}}
    assert (await bench.ask("query ($id: ID!) { account(id: $id) { hipaa { npi } } }", id=kestrel))["account"] == {
        "hipaa": {"npi": NPI}
    }


async def test_two_owners_may_swap_a_unique_value_in_one_write(bench: Bench):
    one, other = [await create(bench, name, hipaa={"npi": npi}) for name, npi in (("A", NPI), ("B", OTHER_NPI))]
    swap = await bench.ask(
        f"mutation ($i: [UpdateAccountInput!]!) {{ updateAccounts(inputs: $i) {{ {VIOLATIONS} }} }}",
        i=[{"id": one, "hipaa": {"npi": None}}, {"id": other, "hipaa": {"npi": NPI}}],
    )
    assert swap["updateAccounts"]["violations"] == []


async def test_a_change_of_a_plugins_fields_is_a_change_of_their_owner(bench: Bench, events: list[Event]):
    account = await create(bench, "Kestrel", hipaa={"npi": NPI})
    await bench.accord.worker.drain()
    assert events[-1].fields[-2:] == ("hipaa.role", "hipaa.npi")
    events.clear()
    bench.clock.turn(hours=1)

    hipaa = {"specialty": "Zahn", "cover": {"amount": "5", "currency": "EUR"}, "seat": {"city": "Graz"}}
    changed = await bench.ask(UPDATE, input={"id": account, "expectedVersion": 1, "hipaa": hipaa})
    assert changed["updateAccount"]["account"] == {
        "version": 2,
        "hipaa": {"role": "NONE", "npi": NPI, "specialty": "Zahn"},
    }
    await bench.accord.worker.drain()
    (event,) = events
    assert (event.record, event.kind.value, event.version) == ("Account", "UPDATE", 2)
    assert event.fields == ("hipaa.specialty", "hipaa.cover", "hipaa.seat.city")
    read = await bench.ask("query ($id: ID!) { account(id: $id) { updatedAt createdAt } }", id=account)
    assert read["account"]["updatedAt"] > read["account"]["createdAt"]

    stale = await refused(bench, UPDATE, input={"id": account, "expectedVersion": 1, "hipaa": {"npi": None}})
    assert stale == [("STALE_VERSION", ["input", "expectedVersion"])]
    unchanged = await bench.ask(UPDATE, input={"id": account, "hipaa": hipaa})
    assert unchanged["updateAccount"]["account"]["version"] == 2
    absent = await bench.ask(UPDATE, input={"id": account, "hipaa": {}, "name": "Kestrel"})
    assert absent["updateAccount"]["account"]["hipaa"] == {"role": "NONE", "npi": NPI, "specialty": "Zahn"}
    emptied = await bench.ask(UPDATE, input={"id": account, "hipaa": {"specialty": None}})
    assert emptied["updateAccount"]["account"] == {
        "version": 3,
        "hipaa": {"role": "NONE", "npi": NPI, "specialty": None},
    }


async def test_a_dry_run_shows_a_plugins_fields_and_writes_none(bench: Bench):
    answer = await bench.ask(
        """mutation { createAccount(dryRun: true, input: {name: "Kestrel", hipaa: {npi: "1234567893"}}) {
           id account { hipaa { npi } } } }"""
    )
    assert answer["createAccount"] == {"id": None, "account": {"hipaa": {"npi": NPI}}}
    assert await rows(bench, "select count(*) from hipaa_account") == [(0,)]


async def test_a_deleted_owner_hides_its_fields_and_a_restored_one_brings_them_back(bench: Bench):
    account = await create(
        bench, "Kestrel", hipaa={"npi": NPI}, contacts=[{"familyName": "Huber", "hipaa": {"mrn": "7"}}]
    )
    await bench.ask("mutation ($id: ID!) { deleteAccount(id: $id) { id } }", id=account)
    read = """query ($id: ID!) { account(id: $id) { hipaa { npi } } contacts { nodes { hipaa { mrn } } }
        accounts(filter: {hipaa: {npi: {eq: "1234567893"}}}) { totalCount }
        sorted: accounts(orderBy: [{hipaa: {npi: ASC}}]) { nodes { name } } }"""
    assert await bench.ask(read, id=account) == {
        "account": None,
        "contacts": {"nodes": [{"hipaa": {"mrn": "7"}}]},
        "accounts": {"totalCount": 0},
        "sorted": {"nodes": []},
    }
    assert await rows(bench, "select count(*) from hipaa_account where deleted_at is not null") == [(1,)]
    await bench.ask("mutation ($id: ID!) { restoreAccount(id: $id) { id } }", id=account)
    assert await bench.ask(read, id=account) == {
        "account": {"hipaa": {"npi": NPI}},
        "contacts": {"nodes": [{"hipaa": {"mrn": "7"}}]},
        "accounts": {"totalCount": 1},
        "sorted": {"nodes": [{"name": "Kestrel"}]},
    }


# a record of the plugin's own --------------------------------------------------------------------------------------


async def test_a_plugins_own_record_is_read_and_written_as_the_cores_are(bench: Bench, events: list[Event]):
    account = await create(bench, "Kestrel", agreements=[{"title": "BAA", "signedOn": "2026-01-31"}])
    made = await bench.ask(
        f"""mutation ($a: ID!) {{ createAgreement(input: {{title: "DPA", accountId: $a}}) {{ id {VIOLATIONS}
            agreement {{ version account {{ name }} }} }} }}""",
        a=account,
    )
    id_ = made["createAgreement"].pop("id")
    assert made["createAgreement"] == {"violations": [], "agreement": {"version": 1, "account": {"name": "Kestrel"}}}
    assert id_.startswith("baa_")
    async with bench.counting() as statements:
        answer = await bench.ask(
            """query ($id: ID!) { node(id: $id) { id ... on Agreement { title } }
               agreements(orderBy: [{title: DESC}], filter: {account: {name: {eq: "Kestrel"}}}) { totalCount
                 nodes { title account { agreements(first: 1) { nodes { title signedOn } } } } }
               accounts(filter: {agreements: {some: {title: {eq: "BAA"}}}}) { totalCount } }""",
            id=id_,
        )
    assert len(statements.texts) == 3
    assert answer["node"] == {"id": id_, "title": "DPA"}
    first = {"account": {"agreements": {"nodes": [{"title": "BAA", "signedOn": "2026-01-31"}]}}}
    assert answer["agreements"] == {"totalCount": 2, "nodes": [{"title": "DPA", **first}, {"title": "BAA", **first}]}
    assert answer["accounts"] == {"totalCount": 1}
    (error,) = await bench.errors("{ agreement(id: \"acc_1\") { id } }")
    assert error["extensions"] == {"code": "INVALID_ID", "expected": "baa"}
    answer = await refused(bench, UPDATE, input={"id": account, "agreements": [{"title": "x" * 201}, {"signedOn": None}]})
    assert sorted(answer) == [
        ("REQUIRED", ["input", "agreements", 1, "title"]),
        ("TOO_LONG", ["input", "agreements", 0, "title"]),
    ]
    await bench.accord.worker.drain()
    assert [(event.record, event.kind.value) for event in events] == [
        ("Account", "CREATE"),
        ("Agreement", "CREATE"),
        ("Agreement", "CREATE"),
    ]


async def test_a_plugins_own_record_goes_and_comes_back_with_its_owner(bench: Bench):
    account = await create(bench, "Kestrel", agreements=[{"title": "BAA"}, {"title": "DPA"}])
    (dpa,) = (await bench.ask('{ agreements(filter: {title: {eq: "DPA"}}) { nodes { id } } }'))["agreements"]["nodes"]
    taken = await bench.ask(UPDATE, input={"id": account, "agreements": [{"id": dpa["id"], "delete": True}]})
    assert taken["updateAccount"]["violations"] == []
    await bench.ask("mutation ($id: ID!) { deleteAccount(id: $id) { id } }", id=account)
    assert await bench.ask("{ agreements { totalCount } }") == {"agreements": {"totalCount": 0}}
    await bench.ask("mutation ($id: ID!) { restoreAccount(id: $id) { id } }", id=account)
    assert await bench.ask("{ agreements { nodes { title } } }") == {"agreements": {"nodes": [{"title": "BAA"}]}}


# what can't be used ------------------------------------------------------------------------------------------------
