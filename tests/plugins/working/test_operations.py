"""Operations: fields of Query and Mutation made from methods, typed by their annotations, refused at load if wrong."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, cast
from uuid import UUID

import pytest

from accord.config.plugin_work import all_operations
from accord.config.settings import PluginsRefused
from accord.plugins import Context, Permission, Plugin, Unit, mutation, of, query
from accord.plugins.calling import Hooks
from accord.plugins.operations import operations_of
from accord.schema.typebook import SchemaError
from accord.tests.plugins.working.toy_host import CREATE, ToyDatabases, Toys
from accord.tests.plugins.working.toys import Odd

MAY = ["hipaa.sign"]
SIGN = """mutation ($account: ID!, $on: Date!, $dryRun: Boolean = false, $key: String, $note: String) {
  hipaaSign(account: $account, on: $on, terms: {title: "BAA"}, note: $note, dryRun: $dryRun, idempotencyKey: $key) {
    result { id title signedOn account { name hipaa { reviewedOn } } } violations { code path plugin } } }"""


async def sign(toys: Toys, **variables: Any) -> Any:
    answer = (await toys.bench.run(SIGN, permissions=MAY, **variables)).decoded()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]["hipaaSign"]


def test_fields_arguments_and_types_come_from_the_methods(toy_databases: ToyDatabases):
    printed = toy_databases.schema.schema.as_str()
    flat = " ".join(printed.split())
    for part in (
        '"""How many days ahead.""" withinDays: Int! = 30',
        "role: HipaaRole! = COVERED",
        'share: Decimal! = "0.5"',
        "): [HipaaExpiring!]",
        'type HipaaExpiring { """Account.""" account: Account',
        '"""How many days are left.""" days: Int!',
        "input HipaaTermsInput {",
        "hipaaOwner(",
        "type HipaaSignPayload {",
        "type HipaaReachPayload {",
        "hipaaImportList(",
        "cancelJob(",
        '"""Agreements that run out soon."""',
    ):
        assert part in flat, part


async def test_a_query_reads_what_it_names_and_its_records_are_read_by_one_statement(toys: Toys):
    first, second = await toys.create("Kestrel"), await toys.create("Merlin")
    for account in (first, second):
        assert (await sign(toys, account=account, on="2026-02-01"))["violations"] == []
    document = """query ($days: Int!) { hipaaExpiring(withinDays: $days, share: 0.25) {
      days share on role more: account { name } agreement { title account { hipaa { role } } } __typename } }"""
    with toys.bench.counted() as heard:
        answer = (await toys.bench.run(document, permissions=MAY, days=7)).decoded()
    assert answer["data"]["hipaaExpiring"] == [
        {
            "days": 7,
            "share": "0.25",
            "on": "2026-03-01",
            "role": "COVERED",
            "more": {"name": name},
            "agreement": {"title": "BAA", "account": {"hipaa": {"role": "NONE"}}},
            "__typename": "HipaaExpiring",
        }
        for name in ("Kestrel", "Merlin")
    ]
    assert len(heard) == 3  # what the plugin asks, and one for each place where records stand


async def test_permissions_are_asked_and_ids_are_checked(toys: Toys):
    account = await toys.create("Kestrel")
    (error,) = await toys.bench.errors("{ hipaaExpiring { days } }")
    assert error["extensions"] == {"code": "FORBIDDEN", "permission": "hipaa.sign"}
    (error,) = await toys.bench.errors(SIGN, account=account, on="2026-02-01")
    assert error["extensions"]["code"] == "FORBIDDEN"
    ask = "query ($id: ID) { hipaaOwner(account: $id) { name } }"
    assert await toys.bench.ask(ask, id=account) == {"hipaaOwner": {"name": "Kestrel"}}
    assert await toys.bench.ask(ask) == {"hipaaOwner": None}
    wrong, gone = f"con_{account[4:]}", "acc_01a2008a-3486-70dc-baae-81801b4cce9d"
    for id_, code in ((wrong, "INVALID_ID"), (gone, "NOT_FOUND")):
        (error,) = await toys.bench.errors(ask, id=id_)
        assert (error["extensions"]["code"], error["extensions"]["argument"]) == (code, "hipaaOwner.account")
        assert [
            (one["code"], one["path"]) for one in (await sign(toys, account=id_, on="2026-02-01"))["violations"]
        ] == [(code, ["account"])]
    assert [(one["code"], one["path"]) for one in (await sign(toys, account=account, on="soon"))["violations"]] == [
        ("INVALID_VALUE", ["on"])
    ]


async def test_a_mutation_is_one_unit_of_work_with_all_checks_and_events(toys: Toys):
    account = await toys.create("Kestrel")
    signed = await sign(toys, account=account, on="2026-02-01")
    assert signed == {
        "result": {
            "id": signed["result"]["id"],
            "title": "BAA",
            "signedOn": "2026-02-01",
            "account": {"name": "Kestrel", "hipaa": {"reviewedOn": "2026-02-01"}},
        },
        "violations": [],
    }
    assert await toys.rows("select record, kind, version from outbox_event order by record, version") == [
        ("Account", "CREATE", 1),
        ("Account", "UPDATE", 2),
        ("HipaaAgreement", "CREATE", 1),
    ]
    early = await sign(toys, account=account, on="2026-04-01")
    assert early == {"result": None, "violations": [{"code": "SIGNED_LATER", "path": ["on"], "plugin": "hipaa"}]}
    noted = await sign(toys, account=account, on="2026-02-02", note="undeclared-but-too-long")
    assert [(one["code"], one["path"]) for one in noted["violations"]] == [("TOO_LONG", ["npi"])]
    assert await toys.rows("select count(*) from hipaa_agreement") == [(1,)]


async def test_a_mutation_takes_dry_runs_and_keys(toys: Toys):
    account = await toys.create("Kestrel")
    dry = await sign(toys, account=account, on="2026-02-01", dryRun=True)
    assert dry["result"]["account"]["hipaa"] == {"reviewedOn": "2026-02-01"}
    assert await toys.rows("select count(*) from hipaa_agreement") == [(0,)]
    once = await sign(toys, account=account, on="2026-02-01", key="k")
    assert await sign(toys, account=account, on="2026-02-01", key="k") == once
    assert await toys.rows("select count(*) from hipaa_agreement") == [(1,)]
    (error,) = (await toys.bench.run(SIGN, permissions=MAY, account=account, on="2026-02-02", key="k")).decoded()[
        "errors"
    ]
    assert error["extensions"]["code"] == "IDEMPOTENCY_MISMATCH"


async def test_what_fails_inside_says_nothing_of_it(toys: Toys, caplog: pytest.LogCaptureFixture):
    account = await toys.create("Kestrel")
    for document, variables in (
        ("{ hipaaBroken }", {}),
        ("mutation ($id: ID!) { hipaaReach(account: $id) { violations { code } } }", {"id": account}),
    ):
        (error,) = await toys.bench.errors(document, **variables)
        assert error["extensions"]["code"] == "PLUGIN_FAILED"
        assert "secret" not in str(error)
        assert error["extensions"]["incident"] in caplog.text
    assert "can't write Account" in caplog.text
    assert await toys.bench.ask("{ accounts { nodes { name } } }") == {"accounts": {"nodes": [{"name": "Kestrel"}]}}
    assert (await toys.bench.ask(CREATE, input={"name": "Merlin"}))["createAccount"]["violations"] == []


def nested(depth: int) -> dict[str, Any]:
    """Objects within objects."""
    found: dict[str, Any] = {}
    for _ in range(depth):
        found = {"in": found}
    return found


ODD = "number text ratio share more"
ODD_ANSWER = f"{{ hipaaOddAnswer {{ {ODD} }} }}"
ODD_CHANGE = f"""mutation ($id: ID!, $key: String) {{ hipaaOddChange(account: $id, idempotencyKey: $key) {{
  result {{ {ODD} }} violations {{ code }} }} }}"""


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (Odd(number=3_000_000_000), ".number is a whole number beyond 32 bits"),
        (Odd(number=-(2**31) - 1), ".number is a whole number beyond 32 bits"),
        (Odd(number=2**70), ".number is a whole number beyond 32 bits"),
        (Odd(text="\ud83d"), ".text holds one half of a surrogate pair"),
        (Odd(ratio=float("nan")), ".ratio is nan"),
        (Odd(share=Decimal("Infinity")), ".share is Infinity"),
        (Odd(more={"a": ["\ud83d"]}), ".more can't be written as JSON"),
        (Odd(more={"\ud83d": 1}), ".more can't be written as JSON"),
        (Odd(more={"a": 2**70}), ".more can't be written as JSON"),
        (Odd(more=nested(230)), ".more can't be written as JSON"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else "",
)
async def test_a_result_that_no_answer_can_hold_fails_its_plugin_and_nothing_else(
    toys: Toys, caplog: pytest.LogCaptureFixture, odd: Odd, words: str
):
    account = await toys.create("Kestrel")
    toys.hipaa.odd = odd
    asked = (await toys.bench.run(f"{ODD_ANSWER[:-1]} accounts {{ totalCount }} }}")).decoded()
    assert asked["data"]["accounts"] == {"totalCount": 1}
    changed = (await toys.bench.run(ODD_CHANGE, id=account)).decoded()
    for answer, field in ((asked, "hipaaOddAnswer"), (changed, "hipaaOddChange")):
        (error,) = answer["errors"]
        assert (error["extensions"]["code"], error["path"]) == ("PLUGIN_FAILED", [field])
        assert answer["data"][field] is None
    assert f"the result[0]{words}" in caplog.text
    assert f"the result{words}" in caplog.text
    assert await toys.rows("select count(*) from hipaa_agreement") == [(0,)]


async def test_what_an_answer_holds_at_most_arrives_and_comes_again_by_its_key(toys: Toys):
    account = await toys.create("Kestrel")
    more = nested(200)
    for number in (2**31 - 1, -(2**31)):
        toys.hipaa.odd = Odd(number=number, text="🦅", ratio=1.5, share=Decimal("1.50"), more=more)
        shown = {"number": number, "text": "🦅", "ratio": 1.5, "share": "1.50", "more": more}
        assert await toys.bench.ask(ODD_ANSWER) == {"hipaaOddAnswer": [shown]}
        for _ in range(2):
            made = await toys.bench.ask(ODD_CHANGE, id=account, key=str(number))
            assert made == {"hipaaOddChange": {"result": shown, "violations": []}}
    assert await toys.rows("select count(*) from hipaa_agreement") == [(2,)]


def plugin_with(method: Callable[..., Any]) -> Plugin:
    permissions = (Permission(name="odd.do", description="Do."),)
    kind: Any = type("Odd", (Plugin,), {"name": "odd", "method": method, "permissions": permissions})
    return kind()


@query()
async def unnamed(self: Any, context: Context, days: int) -> int: ...
@query()
async def untyped(self: Any, context: Context, *, days: "complex") -> int: ...
@query()
async def bare(self: Any, context: Context, *, account: UUID) -> int: ...
@query()
async def silent(self: Any, context: Context) -> None: ...
@query()
async def other(self: Any, unit: Unit) -> int: ...
@query(permission="odd.other")
async def unknown(self: Any, context: Context) -> int: ...
@mutation()
async def taken(self: Any, unit: Unit, *, dry_run: bool) -> None: ...
def still(self: Any, unit: Unit) -> None: ...
@query()
async def strange(self: Any, context: Context) -> "set[int]": ...


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (unnamed, "plugin odd, query method: argument days: it is given by name alone"),
        (untyped, "argument days: complex can't be used here; there are str, int"),
        (bare, "argument account: an id says of what: Annotated[UUID, of('Account')]"),
        (silent, "a query says what it returns"),
        (other, "it begins with `self, context`; this begins with `self, unit`"),
        (unknown, "its permission odd.other is not among the plugin's `permissions`"),
        (taken, "plugin odd, mutation method: argument dry_run: every mutation has one of that name"),
        (mutation()(cast(Any, still)), "it has to be async"),
        (strange, "its result: set can't be used here"),
    ],
)
def test_wrong_annotations_are_refused_with_plugin_method_and_argument(method: Callable[..., Any], words: str):
    found, problems = operations_of(plugin_with(method))
    assert found == []
    (problem,) = problems
    assert words in problem
    with pytest.raises(PluginsRefused, match="odd"):
        all_operations(Hooks([plugin_with(method)]))


def test_a_record_that_there_is_not_is_told_with_those_there_are():
    from accord.config.composition import core_catalogue
    from accord.schema.building import build_schema

    @query()
    async def method(self: Any, context: Context, *, account: Annotated[UUID, of("Acount")]) -> int: ...

    with pytest.raises(
        SchemaError, match=r"plugin odd, query method: of\('Acount'\) is no record; there are Actor, Account"
    ):
        build_schema(core_catalogue(), name=lambda: "odd", operations=operations_of(plugin_with(method))[0])
