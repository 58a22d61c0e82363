"""Hooks in the write: they see every change, their rules are named, their failures refuse, their order is no matter."""

import asyncio
import logging
from typing import Any
from uuid import UUID

import pytest

from accord.plugins import Unit
from accord.tests.plugins.working.toy_host import CREATE, UPDATE, ToyDatabases, Toys, opened
from accord.tests.plugins.working.toys import HipaaAccount, HipaaAgreement, KycAccount, fail

COVERED = {"name": "Kestrel", "hipaa": {"role": "COVERED"}}


async def test_a_rule_refuses_under_its_plugins_name_with_its_reference(toys: Toys):
    made = (await toys.bench.ask(CREATE, input=COVERED))["createAccount"]
    assert made == {
        "recordId": None,
        "violations": [
            {
                "code": "NPI_NEEDED",
                "path": ["input", "hipaa", "npi"],
                "plugin": "hipaa",
                "reference": "45 CFR 162.410(a)(1)",
                "severity": "ERROR",
                "message": "A covered entity has an NPI.",
            }
        ],
    }
    assert await toys.rows("select count(*) from account") == [(0,)]
    warned = (await toys.bench.ask(CREATE, input={"name": "Kestrel", "hipaa": {"reviewedOn": "2020-01-01"}}))[
        "createAccount"
    ]
    assert warned["recordId"]
    assert [(one["code"], one["severity"], one["plugin"]) for one in warned["violations"]] == [
        ("REVIEW_OLD", "WARNING", "hipaa")
    ]


async def test_every_kind_of_change_goes_through_all_hooks(toys: Toys):
    ask = toys.bench.ask
    both = [("Account", "{}"), ("HipaaAccount", "{}")]

    def seen(kind: str) -> list[tuple[str, list[tuple[str, str]]]]:
        changes = [(record, kind) for record, _ in both]
        return [(hook, changes) for hook in ("prepare", "validate", "before_commit")]

    account = await toys.create("Kestrel", hipaa={"npi": "1"})
    assert toys.hipaa.seen == seen("CREATE")
    toys.hipaa.seen.clear()
    await ask(UPDATE, input={"id": account, "name": "Merlin", "hipaa": {"npi": "2"}})
    assert toys.hipaa.seen == seen("UPDATE")
    for document, kind in (
        ("deleteAccount(id: $id, dryRun: true) { recordId }", "DELETE"),
        ("deleteAccount(id: $id) { recordId }", "DELETE"),
        ("restoreAccount(id: $id) { recordId }", "RESTORE"),
        ('updateAccounts(inputs: [{id: $id, name: "M", hipaa: {npi: "4"}}], atomic: false) { written }', "UPDATE"),
        ('upsertAccount(input: {by: {id: $id}, name: "N", hipaa: {npi: "5"}}) { recordId }', "UPDATE"),
        ('deleteAccounts(filter: {name: {eq: "N"}, id: {eq: $id}}) { written }', "DELETE"),
    ):
        toys.hipaa.seen.clear()
        await ask(f"mutation ($id: ID!) {{ {document} }}", id=account)
        assert toys.hipaa.seen == seen(kind), document
    toys.hipaa.seen.clear()
    answer = await ask('mutation { createAccounts(inputs: [{name: "A"}, {name: "B"}]) { written } }')
    assert answer["createAccounts"]["written"] == 2
    assert [hook for hook, _ in toys.hipaa.seen] == ["prepare", "validate", "before_commit"]


async def test_the_order_of_plugins_changes_no_outcome(toy_databases: ToyDatabases):
    answers: list[Any] = []
    inputs = [
        {"name": "Kestrel", "hipaa": {"role": "COVERED", "reviewedOn": "2020-01-01"}, "kyc": {"risk": "HIGH"}},
        {"name": "", "kyc": {"risk": "LOW"}, "hipaa": {"role": "COVERED"}},
        {"name": "Merlin", "hipaa": {"reviewedOn": "2020-01-01"}, "kyc": {"risk": "HIGH"}},
    ]
    for turned in (False, True):
        location = toy_databases.new()
        async with opened(toy_databases, location, turned=turned) as toys:
            answers.append([(await toys.bench.ask(CREATE, input=one))["createAccount"]["violations"] for one in inputs])
            bulk = """mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs, atomic: false)
              { written violations { code path plugin } } }"""
            answers[-1].append(await toys.bench.ask(bulk, inputs=inputs))
        toy_databases.core.drop(location)
    assert answers[0] == answers[1]
    assert [(one["code"], one["plugin"]) for one in answers[0][0]] == [
        ("NPI_NEEDED", "hipaa"),
        ("REVIEW_OLD", "hipaa"),
        ("RISKY", "kyc"),
    ]
    assert answers[0][3]["createAccounts"]["written"] == 1


async def test_where_the_input_is_wrong_a_plugin_may_stumble_over_it(toys: Toys):
    toys.kyc.is_failing = True
    made = (await toys.bench.ask(CREATE, input={"name": " "}))["createAccount"]
    assert [one["code"] for one in made["violations"]] == ["REQUIRED"]
    (error,) = await toys.bench.errors(CREATE, input={"name": "Kestrel"})
    assert (error["extensions"]["code"], error["extensions"]["plugin"]) == ("PLUGIN_FAILED", "kyc")


async def test_a_rule_that_was_not_declared_is_a_failure_that_the_log_explains(
    toys: Toys, caplog: pytest.LogCaptureFixture
):
    (error,) = await toys.bench.errors(CREATE, input={"name": "Kestrel", "hipaa": {"npi": "undeclared"}})
    assert error["extensions"]["code"] == "PLUGIN_FAILED"
    assert "UNDECLARED is not among the `rules` of the plugin" in caplog.text


async def test_prepare_changes_the_plugins_own_fields_and_records(toys: Toys):
    async def prepare(unit: Unit) -> None:
        for change in unit.changes("Account"):
            if change.kind.value == "CREATE":
                await unit.update(
                    HipaaAccount,
                    change.id,
                    {"npi": "77", "reviewed_on": unit.today, "seat_city": "Graz"},
                    because=change,
                )
                await unit.create(HipaaAgreement, {"title": "Standard", "account": change.id}, because=change)
            if change.kind.value == "UPDATE":
                for row in await unit.rows_after(HipaaAgreement, "account_id", [change.id]):
                    await unit.delete(HipaaAgreement, row["id"], because=change)

    toys.hipaa.doing["prepare"] = prepare
    account = await toys.create("Kestrel")
    document = """query ($id: ID!) { account(id: $id) { version hipaa { npi reviewedOn seat { city } }
      hipaaAgreements { nodes { title } } } }"""
    assert await toys.bench.ask(document, id=account) == {
        "account": {
            "version": 1,
            "hipaa": {"npi": "77", "reviewedOn": "2026-03-01", "seat": {"city": "Graz"}},
            "hipaaAgreements": {"nodes": [{"title": "Standard"}]},
        }
    }
    await toys.bench.ask(UPDATE, input={"id": account, "name": "Merlin"})
    assert (await toys.bench.ask(document, id=account))["account"]["hipaaAgreements"] == {"nodes": []}
    assert await toys.rows("select record, kind from outbox_event order by record, kind") == [
        ("Account", "CREATE"),
        ("Account", "UPDATE"),
        ("HipaaAgreement", "CREATE"),
        ("HipaaAgreement", "DELETE"),
    ]


async def test_what_prepare_sets_wrongly_is_a_violation_at_the_change_that_made_it_necessary(toys: Toys):
    async def prepare(unit: Unit) -> None:
        for change in unit.changes("Account"):
            await unit.create(HipaaAgreement, {"title": "x" * 300, "account": change.id}, because=change)

    toys.hipaa.doing["prepare"] = prepare
    made = (await toys.bench.ask(CREATE, input={"name": "Kestrel"}))["createAccount"]
    assert [(one["code"], one["path"], one["plugin"]) for one in made["violations"]] == [
        ("TOO_LONG", ["input", "title"], "hipaa")
    ]


async def test_a_moment_that_prepare_sets_for_a_day_is_a_violation(toys: Toys):
    async def prepare(unit: Unit) -> None:
        for change in unit.changes("Account"):
            await unit.update(HipaaAccount, change.id, {"reviewed_on": unit.now}, because=change)

    toys.hipaa.doing["prepare"] = prepare
    made = (await toys.bench.ask(CREATE, input={"name": "Kestrel"}))["createAccount"]
    [violation] = made["violations"]
    assert (violation["code"], violation["plugin"]) == ("INVALID_VALUE", "hipaa")
    assert violation["message"].endswith("is no date; write it like '2026-01-31'.")
    assert await toys.rows("select count(*) from account") == [(0,)]


@pytest.mark.parametrize("hook", ["prepare", "validate"])
async def test_a_plugin_writes_nothing_that_is_not_its_own_and_nothing_once_it_is_checked(
    toys: Toys, hook: str, caplog: pytest.LogCaptureFixture
):
    tried: list[str] = []

    async def overstep(unit: Unit) -> None:
        change = unit.changes("Account")[0]
        for record, values in (("Account", {"name": "Mine"}), (KycAccount, {"risk": "HIGH"})):
            try:
                await unit.update(record, change.id, values)
            except Exception as error:
                tried.append(str(error))
        await unit.create(HipaaAgreement, {"titel": "x"})

    toys.hipaa.doing[hook] = overstep
    (error,) = await toys.bench.errors(CREATE, input={"name": "Kestrel"})
    assert error["extensions"]["code"] == "PLUGIN_FAILED"
    if hook == "prepare":
        assert [text.partition(":")[0] for text in tried] == [
            "the plugin hipaa can't write Account",
            "the plugin hipaa can't write KycAccount",
        ]
        assert "HipaaAgreement has no field titel; did you mean title?" in caplog.text
    else:
        assert "nothing can be added to the unit any more" in tried[0]


async def test_rows_as_they_will_be_hold_what_is_stored_and_what_changes(toys: Toys):
    account = await toys.create("Kestrel", hipaa={"npi": "1"})
    other = await toys.create("Merlin")
    agree = """mutation ($a: ID!, $b: ID!) {
      one: createHipaaAgreement(input: {title: "One", accountId: $a}) { recordId }
      two: createHipaaAgreement(input: {title: "Two", accountId: $a}) { recordId }
      three: createHipaaAgreement(input: {title: "Three", accountId: $b}) { recordId } }"""
    made = await toys.bench.ask(agree, a=account, b=other)
    id_ = UUID(account.removeprefix("acc_"))
    found: list[Any] = []

    async def validate(unit: Unit) -> None:
        rows = await unit.rows_after(HipaaAgreement, "account_id", [id_])
        stored = await unit.rows(HipaaAgreement, "account_id", [id_])
        accounts = await unit.after("Account", [id_, None])
        beside = await unit.after(HipaaAccount, [id_])
        found.append(
            (
                sorted(row["title"] for row in rows),
                sorted(row["title"] for row in stored),
                [row["name"] for row in accounts.values()],
                [row["npi"] for row in beside.values()],
                unit.may("hipaa.sign"),
            )
        )

    toys.hipaa.doing["validate"] = validate
    document = """mutation ($input: UpdateAccountInput!) { updateAccount(input: $input) { violations { code } } }"""
    changed = {
        "id": account,
        "name": "Falcon",
        "hipaa": {"npi": "2"},
        "hipaaAgreements": [
            {"id": made["one"]["recordId"], "title": "Uno"},
            {"id": made["two"]["recordId"], "delete": True},
            {"title": "Four"},
        ],
    }
    await toys.bench.run(document, permissions=["hipaa.sign"], input=changed)
    assert found == [(["Four", "Uno"], ["One", "Two"], ["Falcon"], ["2"], True)]


async def test_hooks_are_timed_and_their_failures_are_counted(toys: Toys, caplog: pytest.LogCaptureFixture):
    await toys.create("Kestrel")
    toys.hipaa.doing["before_commit"] = fail
    with caplog.at_level(logging.CRITICAL):
        await toys.bench.errors(CREATE, input={"name": "Merlin"})
    timings = {(one.plugin, one.hook): one for one in toys.bench.accord.hooks.timings()}
    assert (timings["hipaa", "validate"].calls, timings["hipaa", "validate"].failures) == (2, 0)
    assert (timings["hipaa", "before_commit"].calls, timings["hipaa", "before_commit"].failures) == (2, 1)
    assert timings["kyc", "validate"].percentile(0.5) > 0


async def test_the_methods_of_a_plugins_own_record_are_the_plugins_work(toys: Toys, caplog: pytest.LogCaptureFixture):
    account = await toys.create("Kestrel")
    document = """mutation ($title: String!, $id: ID!) { createHipaaAgreement(input: {title: $title, accountId: $id}) {
      hipaaAgreement { signedOn } violations { code path plugin } } }"""
    made = (await toys.bench.ask(document, title="Good", id=account))["createHipaaAgreement"]
    assert made == {"hipaaAgreement": {"signedOn": "2026-03-01"}, "violations": []}
    void = (await toys.bench.ask(document, title="Void", id=account))["createHipaaAgreement"]
    assert void["violations"] == [{"code": "VOID", "path": ["input", "title"], "plugin": "hipaa"}]
    (error,) = await toys.bench.errors(document, title="Odd", id=account)
    assert (error["extensions"]["code"], error["extensions"]["plugin"]) == ("PLUGIN_FAILED", "hipaa")
    assert "UNDECLARED is not among the `rules` of the plugin" in caplog.text


async def test_a_race_that_a_plugin_loses_is_run_again(toys: Toys):
    lost: list[str] = []

    class LostRaceError(Exception):
        sqlstate = "40001"  # serialization failure

    async def lose(unit: Unit) -> None:
        if len(lost) < 2:
            lost.append(unit.changes("Account")[0].after["name"])
            raise LostRaceError

    toys.hipaa.doing["validate"] = lose
    await toys.create("Kestrel")
    assert lost == ["Kestrel", "Kestrel"]
    assert await toys.rows("select count(*) from account") == [(1,)]


async def test_of_plugins_that_fail_together_one_is_named_whatever_their_order(toy_databases: ToyDatabases):
    for turned in (False, True):
        location = toy_databases.new()
        async with opened(toy_databases, location, turned=turned) as toys:
            toys.kyc.is_failing = True
            toys.hipaa.doing["validate"] = fail
            (error,) = await toys.bench.errors(CREATE, input={"name": "Kestrel"})
            assert error["extensions"]["plugin"] == "hipaa"
        toy_databases.core.drop(location)


# on SQLite one writes at a time anyhow, and nobody ever waits for such a lock
@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_waiting_for_a_lock_of_its_own_is_not_a_hooks_time(toys: Toys):
    async def take_turns(unit: Unit) -> None:
        await unit.lock("one at a time")
        await asyncio.sleep(0.8)

    toys.hipaa.doing["validate"] = take_turns
    toys.bench.accord.hooks.budget = 2
    # each takes 0.8 s itself, and the last has waited three times as long before
    answers = await asyncio.gather(*(toys.bench.ask(CREATE, input={"name": f"Kestrel {n}"}) for n in range(4)))
    assert all(one["createAccount"]["recordId"] for one in answers)


async def test_a_hook_that_takes_too_long_once_it_has_its_lock_refuses_the_write(toys: Toys):
    async def dawdle(unit: Unit) -> None:
        await unit.lock("one at a time")
        await asyncio.sleep(20)

    toys.hipaa.doing["validate"] = dawdle
    [error] = await toys.bench.errors(CREATE, input={"name": "Kestrel"})
    assert (error["extensions"]["code"], error["extensions"]["plugin"]) == ("PLUGIN_FAILED", "hipaa")
    assert await toys.rows("select count(*) from account") == [(0,)]


@pytest.mark.parametrize("hook", ["prepare", "validate", "before_commit"])
async def test_the_more_changes_the_longer_a_hook_may_take(toys: Toys, hook: str):
    async def slow(unit: Unit) -> None:
        await asyncio.sleep(0.8)

    toys.hipaa.doing[hook] = slow
    bulk = "mutation ($inputs: [CreateAccountInput!]!) { createAccounts(inputs: $inputs) { written } }"
    for count, written in ((1, None), (400, {"written": 400})):  # an account and its rows of the two plugins
        inputs = [{"name": f"Kestrel {number}"} for number in range(count)]
        answer = (await toys.bench.run(bulk, inputs=inputs)).decoded()
        assert answer["data"]["createAccounts"] == written
        assert [one["extensions"]["code"] for one in answer.get("errors", ())] == ([] if written else ["PLUGIN_FAILED"])
