"""A plugin reads every change and sets values of its own records alone, until the checks begin."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from accord.plugins import Change, Unit, Violation
from accord.tests.plugins.working.toy_host import CREATE, UPDATE, Toys
from accord.tests.plugins.working.toys import NPI_NEEDED, HipaaAccount, HipaaAgreement

HOOKS = ("prepare", "validate", "before_commit")
AGREE = """mutation ($title: String!, $id: ID!) { createHipaaAgreement(input: {title: $title, accountId: $id}) {
  recordId violations { code path plugin } } }"""
RENAME = """mutation ($id: ID!, $title: String!) { updateHipaaAgreement(input: {id: $id, title: $title}) {
  violations { code path plugin } } }"""
SOMEBODY = UUID("00000000-0000-7000-8000-0000000000ff")
LATER = datetime(1999, 1, 1, tzinfo=UTC)


def set_after(change: Change) -> None:
    change.after["name"] = "Mine"


def add_to_after(change: Change) -> None:
    change.after |= {"name": "Mine"}


def take_from_after(change: Change) -> None:
    change.after.pop("name")


def empty_after(change: Change) -> None:
    change.after.clear()


def replace_after(change: Change) -> None:
    change.after = {"name": "Mine"}


def set_before(change: Change) -> None:
    before: Any = change.before
    before["name"] = "Mine"


def state_more(change: Change) -> None:
    change.given.add("kind")


def replace_given(change: Change) -> None:
    change.given = {"kind"}


def set_path(change: Change) -> None:
    change.paths["name"] = ("elsewhere",)


def replace_id(change: Change) -> None:
    change.id = SOMEBODY


TRIES: Sequence[Callable[[Change], None]] = (
    set_after,
    add_to_after,
    take_from_after,
    empty_after,
    replace_after,
    set_before,
    state_more,
    replace_given,
    set_path,
    replace_id,
)


@pytest.mark.parametrize("hook", HOOKS)
async def test_no_hook_changes_a_record_of_others(toys: Toys, hook: str):
    account = await toys.create("Kestrel", kyc={"risk": "LOW"})
    refused: list[str] = []

    async def overstep(unit: Unit) -> None:
        for change in (*unit.changes("Account"), *unit.changes("KycAccount")):
            for attempt in TRIES:
                try:
                    attempt(change)
                except Exception:
                    refused.append(attempt.__name__)
        id_ = unit.changes("Account")[0].id
        for rows in (await unit.after("Account", [id_])).values(), await unit.rows_after("Account", "id", [id_]):
            for row in rows:
                changeable: Any = row
                try:
                    changeable["name"] = "Mine"
                except Exception:
                    refused.append("row")

    toys.hipaa.doing[hook] = overstep
    await toys.bench.ask(UPDATE, input={"id": account, "name": "Merlin", "kyc": {"risk": "HIGH"}})
    tries = [attempt.__name__ for attempt in TRIES]
    assert refused == [*tries, *tries, "row", "row"]
    stored = "select name, name_folded, kind, risk, version from account join kyc_account k on k.owner_id = account.id"
    assert await toys.rows(stored) == [("Merlin", "merlin", "BUSINESS", "HIGH", 2)]


@pytest.mark.parametrize("hook", HOOKS)
async def test_trying_to_refuses_the_write_and_the_log_says_what_to_do(
    toys: Toys, hook: str, caplog: pytest.LogCaptureFixture
):
    async def overstep(unit: Unit) -> None:
        unit.changes("Account")[0].after["kind"] = "NONSENSE"

    toys.hipaa.doing[hook] = overstep
    (error,) = await toys.bench.errors(CREATE, input={"name": "Kestrel"})
    assert (error["extensions"]["code"], error["extensions"]["plugin"]) == ("PLUGIN_FAILED", "hipaa")
    assert f"incident {error['extensions']['incident']} in plugin hipaa, {hook}" in caplog.text
    assert "NotYours: Account belongs to somebody else" in caplog.text
    assert "asked of the API, by context.ask, after the commit" in caplog.text
    assert await toys.rows("select count(*) from account") == [(0,)]


async def test_prepare_sets_values_of_its_own_records_and_their_folded_twins(toys: Toys):
    async def prepare(unit: Unit) -> None:
        for change in unit.changes(HipaaAgreement):
            change.after["title"] = f"{change.after['title']} OF {unit.today.year}"
            change.after |= {"signed_on": unit.today}
        for change in unit.changes(HipaaAccount):
            change.after.update(npi="77")

    toys.hipaa.doing["prepare"] = prepare
    account = await toys.create("Kestrel")
    await toys.bench.ask(AGREE, title="Standard", id=account)
    assert await toys.rows("select title, title_folded from hipaa_agreement") == [
        ("Standard OF 2026", "standard of 2026")
    ]
    assert await toys.rows("select npi, npi_folded from hipaa_account") == [("77", "77")]


@pytest.mark.parametrize("hook", HOOKS[1:])
async def test_what_is_checked_stays_even_in_a_change_kept_from_prepare(
    toys: Toys, hook: str, caplog: pytest.LogCaptureFixture
):
    kept: list[Change] = []

    async def prepare(unit: Unit) -> None:
        kept[:] = unit.changes(HipaaAccount)

    async def overstep(unit: Unit) -> None:
        assert unit.changes(HipaaAccount)[0] is kept[0]
        kept[0].after["npi"] = "77"

    toys.hipaa.doing |= {"prepare": prepare, hook: overstep}
    (error,) = await toys.bench.errors(CREATE, input={"name": "Kestrel"})
    assert error["extensions"]["code"] == "PLUGIN_FAILED"
    assert "NotYours: nothing can be added to the unit any more; set values in prepare or in a mutation" in caplog.text


async def test_a_records_own_methods_set_values_while_they_may(toys: Toys, monkeypatch: pytest.MonkeyPatch):
    refused: list[str] = []

    async def prepare(model: type, changes: Sequence[Change], unit: Unit) -> None:
        for change in changes:
            change.after["title"] = "Prepared"

    async def validate(model: type, changes: Sequence[Change], unit: Unit) -> AsyncIterator[tuple[Change, Violation]]:
        for change in changes:
            try:
                change.after["title"] = "Too late"
            except Exception as error:
                refused.append(str(error))
            yield NPI_NEEDED.on(change, "title")

    account = await toys.create("Kestrel")
    monkeypatch.setattr(HipaaAgreement, "prepare", classmethod(prepare))
    made = (await toys.bench.ask(AGREE, title="Standard", id=account))["createHipaaAgreement"]
    assert made["violations"] == []
    assert await toys.rows("select title from hipaa_agreement") == [("Prepared",)]
    monkeypatch.setattr(HipaaAgreement, "validate_changes", classmethod(validate))
    made = (await toys.bench.ask(AGREE, title="Standard", id=account))["createHipaaAgreement"]
    assert made["violations"] == [{"code": "NPI_NEEDED", "path": ["input", "title"], "plugin": "hipaa"}]
    assert [text.partition(";")[0] for text in refused] == ["nothing can be added to the unit any more"]


ACCORDS = {
    "id": SOMEBODY,
    "version": 500,
    "created_at": LATER,
    "created_by": SOMEBODY,
    "created_by_id": SOMEBODY,
    "updated_at": LATER,
    "updated_by_id": SOMEBODY,
    "deleted_at": LATER,
    "deletion": SOMEBODY,
}


@pytest.mark.parametrize("name", ACCORDS)
async def test_what_accord_sets_in_a_plugins_rows_is_not_the_plugins(
    toys: Toys, name: str, caplog: pytest.LogCaptureFixture
):
    async def update(unit: Unit) -> None:
        for change in unit.changes(HipaaAgreement):
            await unit.update(HipaaAgreement, change.id, {name: ACCORDS[name]})

    async def create(unit: Unit) -> None:
        for change in unit.changes(HipaaAgreement):
            values = {"title": "Other", "account": change.after["account_id"], name: ACCORDS[name]}
            await unit.create(HipaaAgreement, values)

    async def set_(unit: Unit) -> None:
        for change in unit.changes(HipaaAgreement):
            change.after["created_by_id" if name == "created_by" else name] = ACCORDS[name]

    account = await toys.create("Kestrel")
    agreement = (await toys.bench.ask(AGREE, title="Standard", id=account))["createHipaaAgreement"]["recordId"]
    rows = await toys.rows("select * from hipaa_agreement")
    for overstep in (update, create, set_):
        caplog.clear()
        toys.hipaa.doing["prepare"] = overstep
        (error,) = await toys.bench.errors(RENAME, id=agreement, title="Usual")
        assert (error["extensions"]["code"], error["extensions"]["plugin"]) == ("PLUGIN_FAILED", "hipaa")
        stated = "created_by_id" if name == "created_by" else name
        assert f"NotYours: HipaaAgreement.{stated} is set by Accord alone" in caplog.text
        assert ("use unit.delete" in caplog.text) is (name in {"deleted_at", "deletion"})
    assert await toys.rows("select * from hipaa_agreement") == rows


@pytest.mark.parametrize("name", ["owner", "owner_id", "deleted_at"])
async def test_an_extension_stays_with_its_owner(toys: Toys, name: str, caplog: pytest.LogCaptureFixture):
    other = UUID((await toys.create("Merlin")).removeprefix("acc_"))
    account = await toys.create("Kestrel")

    async def update(unit: Unit) -> None:
        for change in unit.changes("Account"):
            await unit.update(HipaaAccount, change.id, {name: LATER if name == "deleted_at" else other})

    toys.hipaa.doing["prepare"] = update
    (error,) = await toys.bench.errors(UPDATE, input={"id": account, "name": "Falcon"})
    assert error["extensions"]["code"] == "PLUGIN_FAILED"
    column = "deleted_at" if name == "deleted_at" else "owner_id"
    assert f"NotYours: HipaaAccount.{column} is set by Accord alone; an extension" in caplog.text


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("title_folded", "NotYours: HipaaAgreement.title_folded follows title; set that"),
        ("titel", "LookupError: HipaaAgreement has no column titel; did you mean title?"),
    ],
)
async def test_a_column_that_is_none_of_the_records_fields_is_not_set(
    toys: Toys, column: str, said: str, caplog: pytest.LogCaptureFixture
):
    async def prepare(unit: Unit) -> None:
        for change in unit.changes(HipaaAgreement):
            change.after[column] = "x"

    toys.hipaa.doing["prepare"] = prepare
    account = await toys.create("Kestrel")
    (error,) = await toys.bench.errors(AGREE, title="Standard", id=account)
    assert error["extensions"]["code"] == "PLUGIN_FAILED"
    assert said in caplog.text


async def test_a_change_tells_where_what_it_makes_necessary_went_wrong(toys: Toys):
    account = await toys.create("Kestrel")

    async def prepare(unit: Unit) -> None:
        for change in unit.changes("Account"):
            await unit.update(HipaaAccount, change.id, {"npi": "x" * 20}, because=change)
            unit.violate(NPI_NEEDED.broken(change.at("name")), change)

    toys.hipaa.doing["prepare"] = prepare
    made = (await toys.bench.ask(UPDATE, input={"id": account, "name": "Merlin"}))["updateAccount"]
    assert [(one["code"], one["path"], one["plugin"]) for one in made["violations"]] == [
        ("TOO_LONG", ["input", "hipaa", "npi"], "hipaa"),
        ("NPI_NEEDED", ["input", "name"], "hipaa"),
    ]


async def test_a_lent_change_is_read_as_any_mapping(toys: Toys):
    account = await toys.create("Kestrel")
    found: list[Any] = []

    async def validate(unit: Unit) -> None:
        (change,) = unit.changes("Account")
        assert isinstance(change, Change)
        assert unit.change("Account", change.id) is change
        assert change in {change}
        after = change.after.copy()
        after["name"] = "a copy's"
        assert change.before is not None
        found.append((change.before["name"], change.after["name"], change.after.get("none", 1), change.changed("name")))
        found.append((change.after | {"name": "x"})["name"])
        found.append(sorted(change.given & {"name", "kind"}))
        found.append(change.paths["name"])
        found.append(len(dict(change.after)) == len(change.before))

    toys.hipaa.doing["validate"] = validate
    await toys.bench.ask(UPDATE, input={"id": account, "name": "Merlin"})
    assert found == [("Kestrel", "Merlin", 1, True), "x", ["name"], ("input", "name"), True]
