"""Two plugins that extend the same records: which of them comes first changes no answer and no stored value."""

from collections.abc import Sequence
from random import Random
from typing import Any

from accord.config.composition import open_accord
from accord.config.plugin_loading import load_plugins
from accord.config.testing.databases import Databases, Kind
from accord.config.testing.host import Clock, Gql, Host, migrate, settings_for
from accord.graph.identity import IdSource

NAMES = ("finance", "healthcare")
VIOLATIONS = "violations { code message path severity reference plugin }"
CREATE = f"""mutation ($inputs: [CreateAccountInput!]!, $atomic: Boolean) {{
  createAccounts(inputs: $inputs, atomic: $atomic) {{ written refused
    results {{ recordId account {{ ...all }} {VIOLATIONS} }} {VIOLATIONS} }} }}"""
UPDATE = f"""mutation ($input: UpdateAccountInput!) {{
  updateAccount(input: $input) {{ account {{ ...all }} {VIOLATIONS} }} }}"""
DELETE = f"mutation ($id: ID!) {{ deleteAccount(id: $id) {{ recordId {VIOLATIONS} }} }}"
RESTORE = f"mutation ($id: ID!) {{ restoreAccount(id: $id) {{ account {{ ...all }} {VIOLATIONS} }} }}"
SIGN = f"""mutation ($account: ID!) {{ healthcareSign(account: $account, baaSignedOn: "2026-02-01") {{
  result {{ ...all }} {VIOLATIONS} }} }}"""
ALL = """fragment all on Account { name version healthcare { role npi baaSignedOn }
  finance { kycStatus risk kycVerifiedOn } financeIdentifiers { nodes { kind value } }
  financeBeneficialOwners { nodes { share contact { name healthcare { mrn } finance { birthDate } } } } }"""

INPUTS: list[dict[str, Any]] = [
    {"name": "Both fine", "healthcare": {"role": "NONE"}, "finance": {"kycStatus": "VERIFIED", "risk": "LOW"}},
    {"name": "Both wrong", "healthcare": {"role": "COVERED_ENTITY"}, "finance": {"kycStatus": "VERIFIED"}},
    {"name": "Warned and wrong", "healthcare": {"role": "SUBCONTRACTOR"}, "finance": {"kycStatus": "VERIFIED"}},
    {"name": "Warned", "healthcare": {"role": "BUSINESS_ASSOCIATE", "npi": "1234567893"}},
    {"name": "Taken", "healthcare": {"npi": "1234567893"}, "finance": {"risk": "HIGH"}},
    {
        "name": "Deep",
        "healthcare": {"baaSignedOn": "2027-01-01"},
        "contacts": [{"familyName": "Huber", "finance": {"birthDate": "1901-01-01"}, "healthcare": {"mrn": "MR-1"}}],
        "financeIdentifiers": [{"kind": "EIN", "value": "07-1144442"}, {"kind": "EIN", "value": "12-3456789"}],
    },
    {"name": "Numbered", "financeIdentifiers": [{"kind": "IBAN", "value": "de89 3704 0044 0532 0130 00"}]},
]


async def write_everything(host: Host) -> list[Any]:
    """Every write, and what was answered."""
    gql: Gql = host.gql
    answers: list[Any] = []

    async def run(document: str, **variables: Any) -> Any:
        text = document + ALL if "...all" in document else document
        answer = await gql.answer(text, **variables)
        answers.append(answer)
        host.clock.turn(seconds=1)
        return answer.get("data")

    await run(CREATE, inputs=INPUTS, atomic=True)
    made = await run(CREATE, inputs=INPUTS, atomic=False)
    ids = [result["recordId"] for result in made["createAccounts"]["results"] if result["recordId"]]
    for id_ in ids:
        for change in (
            {"healthcare": {"role": "COVERED_ENTITY"}, "finance": {"kycStatus": "VERIFIED"}},
            {"healthcare": {"role": "NONE"}, "finance": {"kycStatus": "REJECTED", "risk": "PROHIBITED"}},
            {"finance": {"kycStatus": "VERIFIED"}, "description": "Both look at it, one says something."},
        ):
            await run(UPDATE, input={"id": id_, **change})
        await run(SIGN, account=id_)
        await run(DELETE, id=id_)
        await run(RESTORE, id=id_)
    await run("{ accounts { nodes { ...all } } healthcareUnsigned { name } }")
    return answers


async def stored(host: Host) -> dict[str, Sequence[Any]]:
    """Every row of every table that the catalogue names."""
    found: dict[str, Sequence[Any]] = {}
    for record in host.accord.catalogue.types.values():
        columns = ",".join(sorted(record.table_columns))
        rows = await host.accord.database.fetch(f"select {columns} from {record.table} order by {record.key}", [])
        found[record.table] = [tuple(map(str, row)) for row in rows]
    return found


async def outcome(databases: Databases, kind: Kind, *, turned: bool) -> tuple[list[str], list[Any], dict[str, Any]]:
    settings = settings_for(await databases.empty(kind), NAMES)
    await migrate(settings)
    plugins = load_plugins(settings)[:: -1 if turned else 1]
    clock, random = Clock(), Random(7)
    new_id = IdSource(now_ms=lambda: int(clock.now.timestamp() * 1000), random_bits=random.getrandbits)
    async with open_accord(settings, plugins=plugins, clock=clock, new_id=new_id) as accord:
        host = Host(accord=accord, clock=clock)
        done = [one.name for one in plugins], await write_everything(host), await stored(host)
    await databases.drop(settings.database)
    return done


async def test_the_order_of_plugins_changes_no_answer_and_no_stored_value(
    accord_databases: Databases, accord_database_kind: Kind
):
    names, answers, rows = await outcome(accord_databases, accord_database_kind, turned=False)
    other_names, other_answers, other_rows = await outcome(accord_databases, accord_database_kind, turned=True)
    assert (names, other_names) == (["finance", "healthcare"], ["healthcare", "finance"])
    assert answers == other_answers
    assert rows == other_rows
    codes = {code for answer in answers for code in _codes(answer)}
    assert {"FINANCE_RISK_NEEDED", "HEALTHCARE_NPI_NEEDED", "HEALTHCARE_AGREEMENT_NEEDED", "NOT_UNIQUE"} <= codes
    assert rows["finance_account"]
    assert rows["healthcare_account"]


def _codes(answer: Any) -> list[str]:
    match answer:
        case {"code": str(code), "plugin": _}:
            return [code]
        case dict():
            return [code for value in answer.values() for code in _codes(value)]
        case list():
            return [code for value in answer for code in _codes(value)]
        case _:
            return []
