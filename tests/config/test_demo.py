"""The demo: everything in its sheets becomes records, and what can't is named by file, line and column."""

import csv
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from accord.config.demo.loading import load_demo
from accord.config.demo.sheets import DATA, DemoInvalid
from accord.tests.accord_fixture import Bench, open_bench
from accord.tests.config.command_line import run

COUNTS = """{
  actors { totalCount } namingRules { totalCount } labels { totalCount } addresses { totalCount }
  accounts { totalCount } contacts { totalCount } accountContacts { totalCount } phones { totalCount }
  emails { totalCount } addressLinks { totalCount } contactGroups { totalCount } accountSources { totalCount }
  externalIds { totalCount } labelLinks { totalCount } tasks { totalCount } notes { totalCount }
}"""
FIRST_QUERY = """{
  accounts(first: 5) { totalCount nodes { id name
    contacts(first: 3) { nodes { id addresses(first: 3) { nodes { city } } } }
    addresses(first: 3) { nodes { city country { code } } } } }
}"""


def sheet(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def replace(file: Path, changes: Mapping[str, str]) -> None:
    """Replace the first occurrence of each text in a file."""
    content = file.read_text("utf-8")
    for before, after in changes.items():
        assert before in content
        content = content.replace(before, after, 1)
    file.write_text(content, "utf-8")


@pytest.fixture
def sheets(tmp_path: Path) -> Path:
    """A copy of the demo's sheets, to be spoilt."""
    return shutil.copytree(DATA, tmp_path / "data")


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Bench]:
    """An embedded Accord, where what is tested does not depend on the database."""
    async with open_bench(f"sqlite:{tmp_path / 'accord.db'}") as opened:
        yield opened


async def load(bench: Bench, folder: Path = DATA) -> Mapping[str, int] | None:
    return await load_demo(bench.accord.writer, folder=folder, progress=lambda what, done, total: None)


async def counts(bench: Bench) -> dict[str, int]:
    return {name: found["totalCount"] for name, found in (await bench.ask(COUNTS)).items()}


async def test_the_database_knows_what_the_demo_holds_before_it_plans(bench: Bench) -> None:
    table = "sqlite_stat1 where tbl" if bench.kind == "sqlite" else "pg_stats where tablename"
    await load(bench)
    rows = await bench.accord.database.fetch(f"select count(*) from {table} = 'account_contact'", [])
    assert rows[0][0] > 0


async def test_every_row_of_every_sheet_becomes_a_record(bench: Bench):
    assert await load(bench) is not None
    contacts, accounts = sheet("contacts"), sheet("accounts")
    external_ids = [row["external_ids"].count(":") for row in (*contacts, *accounts)]
    labels = [len(row["labels"].split(";")) for row in (*contacts, *accounts) if row["labels"]]
    assert await counts(bench) == {
        "actors": len(sheet("actors")) + 1,  # and the system's own
        "namingRules": len(sheet("naming_rules")),
        "labels": len(sheet("labels")),
        "addresses": len(sheet("addresses")),
        "accounts": len(accounts),
        "contacts": len(contacts),
        "accountContacts": len(sheet("employments")),
        "phones": len(sheet("phones")),
        "emails": len(sheet("emails")),
        "addressLinks": len(sheet("address_links")),
        "contactGroups": len(sheet("groups")),
        "accountSources": len(accounts),
        "externalIds": sum(external_ids),
        "labelLinks": sum(labels),
        "tasks": len(sheet("tasks")),
        "notes": len(sheet("notes")),
    }


async def test_the_demo_is_a_book_of_business(bench: Bench):
    """About 200 accounts in a hierarchy, 600 contacts and 900 addresses in 15 countries, owned and related."""
    await load(bench)
    found = await bench.ask(FIRST_QUERY)
    assert found["accounts"]["totalCount"] == 210
    assert [len(node["contacts"]["nodes"]) for node in found["accounts"]["nodes"]] == [3] * 5
    found = await bench.ask(
        """{
          accounts(filter: {name: {eq: "Larkgate Medical Center"}}) { nodes {
            number owner { name email } parent { name } ultimateParent { name } sourceCategory
            annualRevenue { amount currency } labels { nodes { name } }
            sources { nodes { category isFirst referrerAccount { name } } }
          } }
          addresses(first: 100, filter: {country: {code: {eq: "JP"}}}) { totalCount nodes { country { name } } }
          contactGroups(first: 50) { nodes { name kind members { totalCount } } }
          namingRules(orderBy: [{kind: ASC}], filter: {kind: {ne: PERSON}}) { nodes { example } }
        }"""
    )
    [account] = found["accounts"]["nodes"]
    assert account.pop("number").startswith("B-00")
    assert account == {
        "owner": {"name": "Naomi Whitlock", "email": "naomi.whitlock@tarnwick-systems.example"},
        "parent": {"name": "Halvorsen Ridge Lakeshore Region"},
        "ultimateParent": {"name": "Halvorsen Ridge Health"},
        "sourceCategory": "REFERRAL",
        "annualRevenue": {"amount": "371600000.00", "currency": "USD"},
        "labels": {"nodes": [{"name": "Several sites"}]},
        "sources": {
            "nodes": [{"category": "REFERRAL", "isFirst": True, "referrerAccount": {"name": "Brightmoor Advisory"}}]
        },
    }
    examples = ["Linden Clinic", "Familie Lindner", "Kestrel Consulting"]
    assert [rule["example"] for rule in found["namingRules"]["nodes"]] == examples
    assert found["addresses"]["totalCount"] == Counter(row["country"] for row in sheet("addresses"))["JP"] > 0
    members = {group["name"]: group["members"]["totalCount"] for group in found["contactGroups"]["nodes"]}
    fixed = {row["name"]: len(row["members"].split(";")) for row in sheet("groups") if row["kind"] == "FIXED"}
    assert {name: members[name] for name in fixed} == fixed
    assert members["May be contacted"] == sum(row["do_not_contact"] == "false" for row in sheet("contacts"))


async def test_tasks_of_the_demo_are_due_around_the_day_of_its_loading(bench: Bench):
    await load(bench)
    overdue = "tasks(filter: {dueOn: {lt: $day}, status: {nin: [DONE, CANCELLED]}})"
    found = await bench.ask(
        f"""query ($day: Date!) {{ overdue: {overdue} {{ totalCount }}
          today: tasks(filter: {{dueOn: {{eq: $day}}}}) {{ totalCount }}
          tasks(first: 1, filter: {{assignee: {{name: {{eq: "Naomi Whitlock"}}}}}}) {{ nodes {{
            title dueOn completedAt subject {{ ... on Account {{ name }} }} }} }} }}""",
        day="2026-03-01",
    )
    due = [(int(row["due_in_days"]), row["status"]) for row in sheet("tasks") if row["due_in_days"]]
    late = [days for days, status in due if days < 0 and status not in {"DONE", "CANCELLED"}]
    assert found["overdue"]["totalCount"] == len(late) > 10
    assert found["today"]["totalCount"] == sum(days == 0 for days, _ in due) > 0
    assert found["tasks"]["nodes"] == [
        {
            "title": "Agree on a date for the firmware update",
            "dueOn": "2026-04-08",
            "completedAt": None,
            "subject": {"name": "Larkgate Heart & Vascular Institute"},
        }
    ]


async def test_where_anything_was_ever_written_nothing_is_loaded(bench: Bench):
    created = await bench.ask('mutation { createLabel(input: {name: "Old", scope: ACCOUNT}) { recordId } }')
    await bench.ask("mutation ($id: ID!) { deleteLabel(id: $id) { recordId } }", id=created["createLabel"]["recordId"])
    assert await load(bench) is None
    assert set((await counts(bench)).values()) == {0, 1}


@pytest.mark.parametrize(
    ("name", "before", "after", "problem"),
    [
        ("accounts", "larkgate-medical,halvorsen-ridge-lakeshore", "larkgate-medical,nobody",
         "accounts.csv, line 4, column parent: no row has the key 'nobody'."),
        ("accounts", "halvorsen-ridge,,Halvorsen", "halvorsen-ridge,larkgate-medical,Halvorsen",
         "accounts.csv, line 2, column parent: the row stands above itself."),
        ("accounts", ",naomi-whitlock,WEB_FORM", ",nobody,WEB_FORM",
         "accounts.csv, line 2, column owner: no row of actors.csv has the key 'nobody'."),
        ("accounts", ",BUSINESS,Hospitals", ",HOSPITAL,Hospitals",
         "accounts.csv, line 2, column kind: 'HOSPITAL' is none of BUSINESS, PERSON, HOUSEHOLD, PARTNER."),
        ("accounts", ",14200,", ",many,", "accounts.csv, line 2, column employee_count: 'many' is no whole number."),
        ("accounts", "https://www.halvorsen-ridge.example/,", "htp:/,", "accounts.csv, line 2, column website: "),
        ("addresses", "1998-04-01", "1998-04-31", "addresses.csv, line 2, column valid_from: "),
        ("addresses", "US-WI,53202,US", "DE-BY,53202,US", "addresses.csv, line 2, column state_code: "),
        ("contacts", ",false,,crm-legacy:C-28500", ",no,,crm-legacy:C-28500",
         "contacts.csv, line 2, column do_not_contact: 'no' is neither true nor false."),
        ("emails", "info@halvorsen", "info@@halvorsen", "emails.csv, line 2, column address: "),
        ("emails", "ACCOUNT,halvorsen-ridge,", "CONTACT,halvorsen-ridge,",
         "emails.csv, line 2, column owner: no row of contacts.csv has the key 'halvorsen-ridge'."),
        ("employments", "EXECUTIVE_SPONSOR;DECISION_MAKER", "EXECUTIVE_SPONSOR;BOSS",
         "employments.csv, line 2, column roles: 'BOSS' is none of "),
        ("employments", "2016-06-15,", "2016-06-31,", "employments.csv, line 2, column started_on: "),
        ("phones", "+1 414-555-0185", "+1 4", "phones.csv, line 2, column number: "),
        ("groups", '""doNotContact""', '""doNotDisturb""', "groups.csv, line 7, column filter: "),
        ("groups", '"{""doNotContact""', '"[""doNotContact""', "groups.csv, line 7, column filter: it is no JSON: "),
        ("tasks", ",-59,DONE", ",soon,DONE", "tasks.csv, line 2, column due_in_days: 'soon' is no whole number."),
        ("tasks", ",-59,DONE", ",-59,OVER", "tasks.csv, line 2, column status: 'OVER' is none of OPEN, IN_PROGRESS, "),
        ("notes", "ACCOUNT,halvorsen", "LABEL,halvorsen",
         "notes.csv, line 2, column owner_type: 'LABEL' is neither ACCOUNT nor CONTACT."),
        ("labels", "key-account,Key account,", "key-account,", "labels.csv, line 2: the header has 5 cells, this row"),
    ],
)  # fmt: skip
async def test_what_is_wrong_in_a_sheet_is_named_by_its_cell_and_nothing_is_written(
    embedded: Bench, sheets: Path, name: str, before: str, after: str, problem: str
):
    replace(sheets / f"{name}.csv", {before: after})
    with pytest.raises(DemoInvalid) as raised:
        await load(embedded, sheets)
    [said] = raised.value.problems
    assert said.startswith(problem)
    assert set((await counts(embedded)).values()) == {0, 1}


async def test_everything_wrong_in_a_sheet_is_said_at_once(embedded: Bench, sheets: Path):
    replace(sheets / "labels.csv", {"#1f4e79": "blue", "#2e7d32": "green"})
    with pytest.raises(DemoInvalid) as raised:
        await load(embedded, sheets)
    places = [problem.partition(": ")[0] for problem in raised.value.problems]
    assert places == ["labels.csv, line 2, column colour", "labels.csv, line 3, column colour"]


async def test_a_load_that_fails_late_leaves_nothing_behind(bench: Bench, sheets: Path):
    replace(sheets / "groups.csv", {"advisory-board,Customer advisory board,": "advisory-board,,"})
    with pytest.raises(DemoInvalid, match=r"groups\.csv, line 2, column name: "):
        await load(bench, sheets)
    assert set((await counts(bench)).values()) == {0, 1}
    assert await load(bench) is not None


def test_the_command_loads_the_demo_once(tmp_path: Path, database: str):
    if not database.startswith("sqlite:"):
        unready = run(tmp_path, "demo", database=database)
        assert (unready.code, unready.out) == (1, "")
        [complaint] = unready.complaints
        assert complaint.endswith(" is empty. Run `accord migrate apply` first.")
        run(tmp_path, "migrate", "apply", database=database)
    first = run(tmp_path, "demo", database=database)
    assert (first.code, first.err) == (0, "")
    assert first.out.splitlines()[-1] == "Loaded the demo: 210 accounts, 600 contacts, 900 addresses."
    second = run(tmp_path, "demo", database=database)
    assert second.code == 1
    [complaint] = second.complaints
    assert complaint.startswith("The database holds records already")
