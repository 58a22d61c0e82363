"""A plugin's fields and records go through the same machinery as the core's: storage, API, rules and events."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

import pytest
from tortoise import fields

from accord.config.composition import CORE, core_catalogue, migration_target
from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.graph.declaring import DeclarationError, declare
from accord.graph.migrating import MigrationApp, compare, make
from accord.graph.records import RECORDS
from accord.graph.writing.outbox import Event
from accord.plugins.declarations import Policy, computed, group, through, unique
from accord.plugins.fields import Code
from accord.plugins.records import AccountExtension, ContactExtension, Extension, Record
from accord.schema.building import BuiltSchema, build_schema
from accord.schema.exchange import Caller, Request
from accord.tests.accord_fixture import Bench, CoreDatabases, open_bench
from accord.tests.graph.toy_hipaa import MODELS, ODD, SUMMARISED, UNKNOWN_NPI
from accord.tests.made_migrations import made_migrations

PACKAGE = "toy_hipaa_migrations"
ALL = (*RECORDS, *MODELS)
VIOLATIONS = "violations { code path message }"
CREATE = f"""mutation ($input: CreateAccountInput!) {{ createAccount(input: $input) {{ recordId {VIOLATIONS}
  account {{ version hipaa {{ role npi }} }} }} }}"""
UPDATE = f"""mutation ($input: UpdateAccountInput!) {{ updateAccount(input: $input) {{ recordId {VIOLATIONS}
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
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    folder = tmp_path_factory.mktemp("plugin")
    app = MigrationApp(label="hipaa", models=("accord.tests.graph.toy_hipaa",), migrations=PACKAGE)
    with made_migrations(folder, app):
        (made,) = (folder / PACKAGE).glob("0*.py")
        schema = build_schema(core_catalogue(ALL), name=lambda: "extensions")
        yield Plugin(app=app, source=made.read_text(encoding="utf-8"), schema=schema)


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
    return made["createAccount"]["recordId"]


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
    people = [{"familyName": "Huber"}, {"familyName": "Özdemir", "hipaa": {"mrn": "7"}}]
    await create(bench, "Kestrel", contacts=people)
    await bench.ask(
        """mutation { createAccounts(inputs: [{name: "Merlin"}, {name: "Hobby", hipaa: {npi: "1234567893"}}]) {written}
           upsertAccount(input: {by: {externalId: {system: "erp", value: "1"}}, name: "Falcon"}) { recordId }
           createContact(input: {familyName: "Ngo"}) { recordId } }"""
    )
    assert await rows(bench, "select count(*) from hipaa_account h join account a on a.id = h.owner_id") == [(4,)]
    assert await rows(bench, "select role, count(*) from hipaa_account group by role") == [("NONE", 4)]
    assert await rows(bench, "select mrn from hipaa_contact order by mrn nulls last") == [("7",), (None,), (None,)]


# reading -----------------------------------------------------------------------------------------------------------


async def test_fields_of_every_kind_are_written_and_read_with_their_owner_by_one_statement(bench: Bench):
    made = await bench.ask('mutation { createContact(input: {familyName: "Ngo"}) { recordId } }')
    officer = made["createContact"]["recordId"]
    assert await rows(bench, "select is_officer from hipaa_contact") in ([(0,)], [(False,)])
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
    with bench.counted() as statements:
        answer = await bench.ask(
            """query ($id: ID!) { account(id: $id) { name hipaa { __typename role npi specialty baaSignedOn
               cover { amount currency } seat { city state } summary
               officer { familyName version hipaa { mrn isOfficer } } }
               contacts { nodes { familyName hipaa { mrn } } } } }""",
            id=account,
        )
    assert len(statements) == 1
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
            # a rule of the plugin's changed the officer's row, and so the officer
            "officer": {"familyName": "Ngo", "version": 2, "hipaa": {"mrn": None, "isOfficer": True}},
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
    assert list(shown) == ["baaSignedOn", "cover", "npi", "officer", "role", "seat", "specialty", "summary"]
    stated = plugin.schema.core.type_map["HipaaAccountInput"].fields  # type: ignore[attr-defined]
    assert sorted(stated) == ["baaSignedOn", "cover", "npi", "officerId", "role", "seat", "specialty"]
    # What has no index can't be filtered or sorted by, and an extension without any has no filter at all.
    assert list(plugin.schema.core.type_map["HipaaContactInput"].fields) == ["mrn"]  # type: ignore[attr-defined]
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


FOUND = [
    ("{role: {eq: NONE}}", ["Hobby", "Falcon", "Saker"]),
    ("{role: {in: [COVERED_ENTITY, BUSINESS_ASSOCIATE]}}", ["Kestrel", "Merlin"]),
    ('{npi: {eq: "1234567893"}}', ["Kestrel"]),
    ("{npi: {isNull: true}}", ["Merlin", "Hobby", "Saker"]),
    ("{npi: {isNull: false}, role: {ne: NONE}}", ["Kestrel"]),
    ('{specialty: {startsWithIgnoreCase: "A"}}', ["Merlin"]),
    ('{specialty: {eqIgnoreCase: "ärzte"}}', ["Kestrel"]),
    ('{cover: {gt: {amount: "5", currency: "EUR"}}}', ["Saker"]),
    ("{officerId: {isNull: true}}", ["Kestrel", "Merlin", "Hobby", "Falcon", "Saker"]),
]


async def test_owners_are_found_by_a_plugins_fields(bench: Bench):
    await five(bench)
    for condition, found in FOUND:
        with bench.counted() as statements:
            answer = await bench.ask(
                f"{{ accounts(filter: {{hipaa: {condition}}}) {{ totalCount nodes {{ name }} }} }}"
            )
        assert len(statements) == 1
        names = [node["name"] for node in answer["accounts"]["nodes"]]
        assert (condition, names, answer["accounts"]["totalCount"]) == (condition, found, len(found))
    by_variable = "query ($f: HipaaAccountFilter) { accounts(filter: {hipaa: $f}) { nodes { name } } }"
    answer = await bench.ask(by_variable, f={"npi": {"in": [NPI, OTHER_NPI]}})
    assert [node["name"] for node in answer["accounts"]["nodes"]] == ["Kestrel", "Falcon"]


async def test_a_plugins_fields_are_filtered_by_through_relations(bench: Bench):
    await create(bench, "Kestrel", hipaa={"npi": NPI}, contacts=[{"familyName": "Huber"}])
    await create(bench, "Merlin", contacts=[{"familyName": "Ngo"}])
    answer = await bench.ask(
        """query ($npi: String) { contacts(filter: {accounts: {some: {hipaa: {npi: {eq: $npi}}}}}) {
           nodes { familyName } }
           none: accounts(filter: {not: {hipaa: {npi: {eq: $npi}}}}) { nodes { name } } }""",
        npi=NPI,
    )
    assert answer["contacts"]["nodes"] == [{"familyName": "Huber"}]
    assert answer["none"]["nodes"] == [{"name": "Merlin"}]


SORTED: list[tuple[list[dict[str, Any]], list[str]]] = [
    ([{"hipaa": {"npi": "ASC"}}], ["Kestrel", "Falcon", "Merlin", "Hobby", "Saker"]),
    ([{"hipaa": {"npi": "DESC"}}], ["Saker", "Hobby", "Merlin", "Falcon", "Kestrel"]),
    ([{"hipaa": {"role": "ASC"}}, {"name": "DESC"}], ["Merlin", "Kestrel", "Saker", "Hobby", "Falcon"]),
    ([{"hipaa": {"specialty": "ASC"}}], ["Merlin", "Falcon", "Saker", "Kestrel", "Hobby"]),
    ([{"hipaa": {"cover": "DESC"}}, {"name": "ASC"}], ["Hobby", "Kestrel", "Merlin", "Saker", "Falcon"]),
]
PAGE = """query ($order: [AccountOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  accounts(orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
    nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


async def test_owners_are_sorted_and_paged_by_a_plugins_fields(bench: Bench):
    await five(bench)
    for order, sorted_ in SORTED:
        forwards: list[str] = []
        place: str | None = None
        while place or not forwards:
            answer = await one_page(bench, order=order, first=2, after=place)
            forwards += [node["name"] for node in answer["nodes"]]
            place = answer["pageInfo"]["endCursor"] if answer["pageInfo"]["hasNextPage"] else None
        backwards: list[str] = []
        while place or not backwards:
            answer = await one_page(bench, order=order, last=2, before=place)
            backwards = [*(node["name"] for node in answer["nodes"]), *backwards]
            place = answer["pageInfo"]["startCursor"] if answer["pageInfo"]["hasPreviousPage"] else None
        assert (order, forwards, backwards) == (order, sorted_, sorted_)


async def one_page(bench: Bench, **variables: Any) -> dict[str, Any]:
    with bench.counted() as statements:
        answer = await bench.ask(PAGE, **variables)
    assert len(statements) == 1
    return answer["accounts"]


BESIDE = """query ($first: Int, $after: String, $last: Int, $before: String) {
  accounts(first: $first, after: $after, last: $last, before: $before) {
    nodes { name hipaa { npi role summary } again: hipaa { specialty } }
    edges { node { hipaa { role } } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


async def test_a_plugins_fields_come_with_each_page_of_owners_in_both_directions(bench: Bench):
    await five(bench)
    async with bench.accord.database.transaction() as transaction:  # a row that is yet to be filled in
        await transaction.execute("delete from hipaa_account where specialty = 'augen'")
    whole = await bench.ask(BESIDE, first=10)
    nodes = whole["accounts"]["nodes"]
    assert [node["name"] for node in nodes] == [name for name, _ in FIVE]
    assert nodes[1] == {"name": "Merlin", "hipaa": None, "again": None}
    assert nodes[3]["hipaa"] == {"npi": OTHER_NPI, "role": "NONE", "summary": f"NONE {OTHER_NPI}"}
    assert [node["again"] and node["again"]["specialty"] for node in nodes] == ["Ärzte", None, None, "Zahn", "Zahn"]
    roles = [node["hipaa"] and {"role": node["hipaa"]["role"]} for node in nodes]
    assert [edge["node"]["hipaa"] for edge in whole["accounts"]["edges"]] == roles
    first = await beside(bench, first=2)
    second = await beside(bench, first=2, after=first["pageInfo"]["endCursor"])
    third = await beside(bench, first=2, after=second["pageInfo"]["endCursor"])
    assert [*first["nodes"], *second["nodes"], *third["nodes"]] == nodes
    last = await beside(bench, last=2)
    before = await beside(bench, last=2, before=last["pageInfo"]["startCursor"])
    assert [*before["nodes"], *last["nodes"]] == nodes[1:]
    between = {"after": first["pageInfo"]["startCursor"], "before": last["pageInfo"]["endCursor"]}
    assert (await beside(bench, first=10, **between))["nodes"] == nodes[1:4]


async def beside(bench: Bench, **variables: Any) -> dict[str, Any]:
    with bench.counted() as statements:
        answer = await bench.ask(BESIDE, **variables)
    (statement,) = statements
    assert statement.count("left join hipaa_account") == 1
    return answer["accounts"]


FAILED = {"code": "COMPUTATION_FAILED", "plugin": "core"}  # these fields are declared in place of a plugin's


async def test_a_computed_field_that_fails_is_null_with_an_error_beside_it_wherever_it_is_asked_for(
    bench: Bench, caplog: pytest.LogCaptureFixture
):
    created = """mutation ($input: CreateAccountInput!) { made: createAccount(input: $input) {
      account { name hipaa { summary } } violations { code } } }"""
    values = {"name": "Kestrel", "hipaa": {"npi": UNKNOWN_NPI}}
    written = (await bench.run(created, input=values)).decoded()
    assert written["data"]["made"] == {"account": {"name": "Kestrel", "hipaa": {"summary": None}}, "violations": []}
    read = (await bench.run("{ all: accounts { nodes { name hipaa { summary } } } }")).decoded()
    assert read["data"]["all"]["nodes"] == [{"name": "Kestrel", "hipaa": {"summary": None}}]
    document = """subscription { changes(types: ["Account"], after: "0") {
      recordId node { ... on Account { hipaa { summary } } } } }"""
    caller = Caller(actor=SYSTEM_ACTOR, request="test")
    events = bench.accord.service.subscribe(Request(query=document), caller)
    heard = (await anext(events)).decoded()
    await events.aclose()
    assert heard["data"]["changes"]["node"] == {"hipaa": {"summary": None}}
    paths = [["made", "account", "hipaa", "summary"], ["all", "nodes", "hipaa", "summary"]]
    for answer, path in zip((written, read, heard), [*paths, ["changes", "node", "hipaa", "summary"]], strict=True):
        (error,) = answer["errors"]
        incident = error["extensions"].pop("incident")
        assert (error["extensions"], error["path"]) == (FAILED, path)
        assert incident in error["message"]
        assert UNKNOWN_NPI not in error["message"]
        (logged,) = [record for record in caplog.records if incident in record.getMessage()]
        assert logged.exc_info is not None
        assert isinstance(logged.exc_info[1], LookupError)


def nested(depth: int) -> Any:
    """Lists within lists."""
    found: Any = "deep"
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize(
    "value", [Decimal(1), 2**70, "\ud83d", object(), ["\ud83d"], nested(300)], ids=lambda value: repr(value)[:12]
)
async def test_a_computed_value_that_is_no_json_takes_its_field_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, value: Any
):
    monkeypatch.setitem(ODD, NPI, value)
    created = """mutation ($input: CreateAccountInput!) { createAccount(input: $input) {
      account { name hipaa { npi summary } } } }"""
    written = (await bench.run(created, input={"name": "Kestrel", "hipaa": {"npi": NPI}})).decoded()
    account = {"name": "Kestrel", "hipaa": {"npi": NPI, "summary": None}}
    assert written["data"]["createAccount"]["account"] == account
    read = (await bench.run("{ accounts { nodes { name hipaa { npi summary } } } }")).decoded()
    assert read["data"]["accounts"]["nodes"] == [account]
    paths = (["createAccount", "account", "hipaa", "summary"], ["accounts", "nodes", "hipaa", "summary"])
    for answer, path in zip((written, read), paths, strict=True):
        (error,) = answer["errors"]
        assert (error["extensions"]["code"], error["path"]) == ("COMPUTATION_FAILED", path)
        assert error["extensions"].keys() == {"code", "plugin", "incident"}


@pytest.mark.parametrize("value", [None, 7, {"a": [1.5, "ä"]}, nested(252)], ids=lambda value: repr(value)[:12])
async def test_a_computed_value_that_is_json_arrives_however_deep_it_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, value: Any
):
    monkeypatch.setitem(ODD, NPI, value)
    await create(bench, "Kestrel", hipaa={"npi": NPI})
    found = await bench.ask("{ accounts { nodes { contacts { totalCount } hipaa { summary } } edges { cursor } } }")
    assert found["accounts"]["nodes"] == [{"contacts": {"totalCount": 0}, "hipaa": {"summary": value}}]


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
        ("INVALID_VALUE", ["input", "hipaa", "cover", "amount"]),
        ("NOT_FOUND", ["input", "hipaa", "officerId"]),
        ("TOO_LONG", ["input", "contacts", 1, "hipaa", "mrn"]),
        ("TOO_LONG", ["input", "hipaa", "seat", "state"]),
        ("TOO_LONG", ["input", "hipaa", "specialty"]),
    ]
    wrong = {"role": "COVERED_ENTITY", "officerId": "acc_1"}
    assert sorted(await refused(bench, CREATE, input={"name": "Merlin", "hipaa": wrong})) == [
        ("INVALID_ID", ["input", "hipaa", "officerId"]),
        ("NPI_NEEDED", ["input", "hipaa", "npi"]),
    ]
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

    await bench.ask("mutation ($id: ID!) { deleteAccount(id: $id) { recordId } }", id=kestrel)
    falcon = await create(bench, "Falcon", hipaa={"npi": NPI})
    restore = f"mutation ($id: ID!) {{ restoreAccount(id: $id) {{ {VIOLATIONS} }} }}"
    assert [code for code, _ in await refused(bench, restore, id=kestrel)] == ["NOT_UNIQUE"]
    await bench.ask(UPDATE, input={"id": falcon, "hipaa": {"npi": None}})
    assert await bench.ask(restore, id=kestrel) == {"restoreAccount": {"violations": []}}
    assert (await bench.ask("query ($id: ID!) { account(id: $id) { hipaa { npi } } }", id=kestrel))["account"] == {
        "hipaa": {"npi": NPI}
    }


async def test_of_two_writes_at_once_with_one_unique_value_one_is_refused(bench: Bench):
    inputs = [{"name": name, "hipaa": {"npi": NPI}} for name in ("Kestrel", "Merlin", "Hobby")]
    made = await asyncio.gather(*(bench.ask(CREATE, input=one) for one in inputs))
    violations = [one for answer in made for one in answer["createAccount"]["violations"]]
    assert [(one["code"], one["path"]) for one in violations] == [("NOT_UNIQUE", ["input", "hipaa", "npi"])] * 2
    assert await rows(bench, "select count(*) from hipaa_account") == [(1,)]


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
           recordId account { hipaa { npi } } } }"""
    )
    assert answer["createAccount"] == {"recordId": None, "account": {"hipaa": {"npi": NPI}}}
    assert await rows(bench, "select count(*) from hipaa_account") == [(0,)]


async def test_a_deleted_owner_hides_its_fields_and_a_restored_one_brings_them_back(bench: Bench):
    account = await create(
        bench, "Kestrel", hipaa={"npi": NPI}, contacts=[{"familyName": "Huber", "hipaa": {"mrn": "7"}}]
    )
    await bench.ask("mutation ($id: ID!) { deleteAccount(id: $id) { recordId } }", id=account)
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
    await bench.ask("mutation ($id: ID!) { restoreAccount(id: $id) { recordId } }", id=account)
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
        f"""mutation ($a: ID!) {{ createAgreement(input: {{title: "DPA", accountId: $a}}) {{ recordId {VIOLATIONS}
            agreement {{ version account {{ name }} }} }} }}""",
        a=account,
    )
    id_ = made["createAgreement"].pop("recordId")
    assert made["createAgreement"] == {"violations": [], "agreement": {"version": 1, "account": {"name": "Kestrel"}}}
    assert id_.startswith("baa_")
    with bench.counted() as statements:
        answer = await bench.ask(
            """query ($id: ID!) { node(id: $id) { id ... on Agreement { title } }
               agreements(orderBy: [{title: DESC}], filter: {account: {name: {eq: "Kestrel"}}}) { totalCount
                 nodes { title account { agreements(first: 1) { nodes { title signedOn } } } } }
               accounts(filter: {agreements: {some: {title: {eq: "BAA"}}}}) { totalCount } }""",
            id=id_,
        )
    assert len(statements) == 3
    assert answer["node"] == {"id": id_, "title": "DPA"}
    first = {"account": {"agreements": {"nodes": [{"title": "BAA", "signedOn": "2026-01-31"}]}}}
    assert answer["agreements"] == {"totalCount": 2, "nodes": [{"title": "DPA", **first}, {"title": "BAA", **first}]}
    assert answer["accounts"] == {"totalCount": 1}
    (error,) = await bench.errors('{ agreement(id: "acc_1") { id } }')
    assert (error["extensions"]["code"], error["extensions"]["expected"]) == ("INVALID_ID", "baa")
    answer = await refused(
        bench, UPDATE, input={"id": account, "agreements": [{"title": "x" * 201}, {"signedOn": None}]}
    )
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
    await bench.ask("mutation ($id: ID!) { deleteAccount(id: $id) { recordId } }", id=account)
    assert await bench.ask("{ agreements { totalCount } }") == {"agreements": {"totalCount": 0}}
    await bench.ask("mutation ($id: ID!) { restoreAccount(id: $id) { recordId } }", id=account)
    assert await bench.ask("{ agreements { nodes { title } } }") == {"agreements": {"nodes": [{"title": "BAA"}]}}


# what can't be used ------------------------------------------------------------------------------------------------


def problems(*models: type[Any]) -> list[str]:
    """What is said about models that are declared beside the core's."""
    with pytest.raises(DeclarationError) as raised:
        declare((*RECORDS, *models))
    head, *lines = str(raised.value).splitlines()
    assert head == "the records can't be used:"
    return [line.removeprefix("- ") for line in lines]


def test_clashes_with_the_core_and_between_plugins_name_both_sides():
    class Lists(AccountExtension, namespace="addresses"):
        """A namespace called as a list of the core's."""

        rating = fields.IntField(null=True, description="A figure.")

    class Names(ContactExtension, namespace="familyName"):
        """A namespace called as a field of the core's."""

        rating = fields.IntField(null=True, description="A figure.")

    class First(AccountExtension, namespace="credit"):
        """A namespace that two plugins claim."""

        rating = fields.IntField(null=True, description="A figure.")

    class Second(AccountExtension, namespace="credit"):
        """A namespace that two plugins claim."""

        rating = fields.IntField(null=True, description="A figure.")

    class Roles(ContactExtension, namespace="roles"):
        """A namespace called as a field of the link by which contacts stand in an account's input."""

        rating = fields.IntField(null=True, description="A figure.")

    class Ticket(Record, prefix="acc"):
        """A prefix of the core's."""

        account: Any = fields.ForeignKeyField("graph.Account", related_name="phones", description="Whose it is.")

    class Folder(Record, prefix="con"):
        """A prefix of the core's, and a name that another record makes its table's."""

        class Meta(Record.Meta):
            table = "ticket"

    class OutboxEvent(Record, prefix="out"):
        """A table of Accord's own."""

    assert problems(Lists, Names, First, Second, Roles, Ticket, Folder, OutboxEvent) == [
        f"Ticket ({__name__}) and Folder ({__name__}) both have the table ticket",
        "OutboxEvent: the table outbox_event is Accord's own; call the record something else",
        "Account: the extension Lists and the list addresses of Address records would both be called 'addresses'",
        "Contact: the extension Names and the field family_name would both be called 'familyName'",
        "Account: the extension Second and the extension First would both be called 'credit'",
        "Account: the list phones of Ticket records and the list phones of Phone records would both be called 'phones'",
        "Ticket and Account both use the id prefix 'acc'",
        "Folder and Contact both use the id prefix 'con'",
        "Account.contacts: an input could not tell the field roles of AccountContact from the extension Roles of "
        "Contact, both called 'roles'",
    ]


def test_a_record_that_is_called_as_one_of_the_cores_is_refused():
    class Contact(Record, prefix="xyz"):
        """Another contact."""

        class Meta(Record.Meta):
            table = "xyz_contact"

    assert problems(Contact) == [
        f"two records are called Contact: one in accord.graph.records.contact, one in {__name__}"
    ]


def test_every_slip_of_a_declaration_is_told_at_once():
    class Colour(StrEnum):
        RED = "red"

    class Size(Enum):
        LARGE = "LARGE"

    class Paint(AccountExtension, namespace="paint shop", nonsense=True):
        colour = fields.CharEnumField(Colour, null=True, description="A member that is not named as its value.")
        size = fields.CharEnumField(Size, null=True, description="An enum of no texts.")
        silent = fields.IntField(null=True)
        price = fields.FloatField(null=True, description="A type that Accord doesn't store.")
        token = fields.UUIDField(null=True, description="Not an id.")
        number = Code(20, null=True, unique=True, description="Unique as Tortoise means it.")
        long = fields.CharField(401, null=True, db_index=True, description="Too long for an index.")
        painter: Any = fields.ForeignKeyField("graph.Painter", null=True, related_name="paints")

        class Meta(AccountExtension.Meta):
            indexes = [("colour",)]
            unique_together = [("colour", "size")]

        class Policies:
            numbr = Policy(unique=True)
            silent = computed(int, needs=("price",), by=lambda rows: [0 for _ in rows], description="A field's name.")
            parts = group("Parts", "Of nothing.", one="nowhere")
            pair = unique("number", "nothing")
            links = through("Nowhere", owner="paint", target="account", description="By no record.")
            wild = "PHI"

    class Loose(Extension, namespace="loose"):
        """An extension of nothing."""

    class Unnamed(ContactExtension):
        """An extension that says not what it is called."""

        by = fields.BooleanField(default=False, description="A word of the API's own.")

    class Bare(Record):
        """A record without a prefix."""

    assert problems(Paint, Loose, Unnamed, Bare) == [
        "Paint: it needs a docstring, which is its description in the API",
        "Paint: there is no class argument 'nonsense'; there are namespace",
        "Paint: its namespace is 'paint shop'; it is a name of the API such as namespace='hipaa'",
        "Paint.Meta.unique_together counts deleted rows; write unique(…) among the Policies instead",
        "Paint.Meta.indexes are not kept; db_index=True and the Policies say which indexes there are",
        "Paint.size: Size can't be stored; use a CharEnumField of a StrEnum",
        "Paint.token: a UUID is only for ids; use a foreign key, or a Code of 36 characters",
        "Paint.number: unique=True counts deleted rows; write Policy(unique=True) instead",
        "Paint.Policies.wild is 'PHI'; it takes a Policy, or what unique(), group(), through() or computed() give",
        "Loose: it has no owner; derive it from AccountExtension, ContactExtension or AddressExtension",
        "Unnamed: its namespace is ''; it is a name of the API such as namespace='hipaa'",
        "Bare: its prefix is ''; the prefix of ids is three to ten small letters, as in prefix='acc'",
        "Paint.colour: each member of Colour is named as its value",
        "Paint.silent: a field and a Computed share the name",
        "Paint.price: Accord has no use for a FloatField; use Decimal(places=…)",
        "Paint.long: indexed text holds 400 characters at most",
        "Paint.painter: a field of the API needs a description",
        "Paint.Policies.numbr: Paint has no such field",
        "Paint.Policies.silent: it needs 'price', which is no stored field; "
        "there are colour, size, token, number, long",
        "Paint.Policies.parts: there is no field 'nowhere'",
        "Paint: unique(('number', 'nothing')) names no field 'nothing'",
        "Loose.id: a field of the API needs a description",
        "Unnamed: the field by can't be called 'by', a word of the API's own",
        "Paint.painter: there is no record 'Painter'",
        "Paint.Policies.links: Nowhere has no such keys or is no record",
    ]


async def test_a_computed_field_may_be_async_and_is_called_once_for_a_page(bench: Bench) -> None:
    for number in range(5):
        await create(bench, f"Clinic {number}", hipaa={"npi": None})
    SUMMARISED.clear()
    found = await bench.ask("{ accounts(first: 4) { nodes { hipaa { summary } } } }")
    assert [one["hipaa"]["summary"] for one in found["accounts"]["nodes"]] == ["NONE -"] * 4
    assert SUMMARISED == [4]
    SUMMARISED.clear()
    inputs = [{"name": f"Ward {number}"} for number in range(3)]
    made = await bench.ask(
        "mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs) "
        "{ results { account { hipaa { summary } } } } }",
        inputs=inputs,
    )
    assert [one["account"]["hipaa"]["summary"] for one in made["createAccounts"]["results"]] == ["NONE -"] * 3
    assert SUMMARISED == [3]
