"""The contract suite: plugins that keep the contract pass every check, and whatever breaks it is found by its check."""

import re
import shutil
from pathlib import Path

import pytest

from accord.config.commands.failures import CommandFailed
from accord.config.commands.plugin_check import check
from accord.config.contract import suite
from accord.config.contract.reading import find_costly, find_leaks
from accord.config.contract.report import summed_up, told
from accord.config.contract.result import Outcome, Result
from accord.config.contract.suite import check_plugins
from accord.config.testing import Gql, Host
from accord.config.testing.host import migrate, open_host, settings_for
from accord.tests.config.command_line import run
from accord.tests.plugins.installing import Site
from accord.tests.postgres_server import PostgresServer

BREAKING = Path(__file__).parent / "breaking"
NEED_ROWS = {suite.MIGRATED, suite.MASKED, suite.STATEMENTS, suite.HOOKS, suite.UPGRADES}
DECLARED = {suite.ALONE, suite.TOGETHER, suite.KEYWORDS, suite.RULES, suite.SCHEMA, suite.WAITING}


def install(site: Site) -> None:
    shutil.copytree(BREAKING, site.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (site.folder / "clashing_migrations").mkdir()
    (site.folder / "clashing_migrations" / "__init__.py").touch()


def named(results: list[Result]) -> dict[tuple[str, str], Outcome]:
    return {(result.check, result.place): result.outcome for result in results}


@pytest.mark.parametrize("name", ["healthcare", "finance"])
async def test_the_plugins_that_ship_keep_the_contract_on_both_databases(name: str, postgres_server: PostgresServer):
    results = await check_plugins([name], server=postgres_server.url)
    assert not [result for result in results if result.failed], told(results)
    expected = {(check, "") for check in DECLARED} | {(c, p) for c in NEED_ROWS for p in ("sqlite", "postgresql")}
    assert named(results) == dict.fromkeys(expected, Outcome.PASSED)
    assert summed_up(results) == "16 passed, 0 failed."


async def test_each_broken_rule_is_found_by_its_check(site: Site, postgres_server: PostgresServer):
    install(site)
    site.describe("accord-breaking", "breaking = accord_breaking:Breaking")
    results = await check_plugins(["breaking"], server=postgres_server.url)
    found = {(result.check, result.place): result.found for result in results}
    fine = {(suite.ALONE, ""), (suite.TOGETHER, ""), (suite.MIGRATED, "sqlite"), (suite.MIGRATED, "postgresql")}
    assert {key for key, texts in found.items() if not texts} == fine, told(results)
    assert found[suite.KEYWORDS, ""] == (
        "records.py, line 40: nothing reads the class BreakingAccount.Polices; did you mean Policies?",
        "records.py, line 32: CharField has no keyword 'nul'; did you mean null?",
        "records.py, line 32: CharField has no keyword 'uniqe'; did you mean unique?",
        "records.py, line 32: CharField has no keyword 'data_class'; what a field may be used for stands in its Policy",
    )
    assert found[suite.RULES, ""] == (
        "the rule UNLISTED (BREAKING_NEVER_LISTED) in accord_breaking is not among the plugin's rules",
        "the rule SECRET_IS_KNOWN doesn't begin with BREAKING_",
    )
    [differs] = found[suite.SCHEMA, ""]
    assert differs.startswith("two processes make different schemas: ")
    assert found[suite.WAITING, ""] == ("__init__.py, line 52, in validate: time.sleep() waits without awaiting",)
    for place in ("sqlite", "postgresql"):
        for leak, field in zip(found[suite.MASKED, place], ("secret", "repeated"), strict=True):
            assert leak.startswith(f"a violation quotes the stored Account.breaking.{field}: mutation")
        costly, failing = found[suite.STATEMENTS, place]
        assert costly.startswith("accounts with all fields of the plugin takes ")
        assert failing.startswith("breakingThings with all fields of the plugin fails: failing could not be worked out")
        held = [text for text in found[suite.HOOKS, place] if " held the event loop for " in text]
        assert any(
            re.match(r"__init__\.py, line \d+, in prepare held the event loop for \d+ ms; ", one) for one in held
        )
        said = sorted(re.sub(r"\d+(\.\d+)?( s; |(?= of | calls))", r"N\2", text) for text in found[suite.HOOKS, place])
        assert [text for text in said if " held the event loop for " not in text] == [
            "the hook after_commit failed in N of N calls: RuntimeError: nobody is told, __init__.py, line 66",
            "the hook before_commit failed in N of N calls: TimeoutError",
            "the hook before_commit took N s; its budget is 0.5 s",
            "the hook health failed in N of N calls: RuntimeError: the hook fails, __init__.py, line 71",
        ]
        columns = "from breaking.0001_initial on: the column breaking_account.{} has lost its values"
        *lost, gone, unreadable = found[suite.UPGRADES, place]
        assert [*lost, gone] == [
            columns.format("note"),
            columns.format("secret"),
            "from breaking.0001_initial on: 3 of 3 rows of breaking_thing are gone",
        ]
        assert unreadable.startswith("after breaking.0001_initial the table breaking_passing can't be read any more: ")


class Careless(Host):
    """A host that lets everybody read everything."""

    def as_actor(self, *permissions: str) -> Gql:
        return self.gql


@pytest.mark.accord_plugins("healthcare", "finance")
async def test_every_way_to_a_masked_value_is_tried(host: Host):
    await host.make("Contact")(healthcare={"mrn": "MR-00473312"}, finance={"birthDate": "1980-05-06"})
    for name in ("healthcare", "finance"):
        assert [text async for text in find_leaks(host, name)] == []
    careless = Careless(accord=host.accord, clock=host.clock)
    leaks = [text.partition(": ")[0] async for text in find_leaks(careless, "healthcare")]
    able = "Contact.healthcare.mrn can be {} by somebody who may not read it"
    uses = ("filtered (isNull)", "filtered (eq)", "filtered (in)", "filtered (startsWith)", "filtered (gt)", "sorted")
    assert leaks == [
        "Contact.healthcare.mrn comes back as 'MR-00473312' where its mask says '••••3312'",
        *map(able.format, uses),
        "Contact.healthcare.mrn stands in the answer to a write",
    ]
    leaks = [text.partition(": ")[0] async for text in find_leaks(careless, "finance")]
    able = "Contact.finance.birthDate can be {} by somebody who may not read it"
    uses = ("filtered (isNull)", "filtered (eq)", "filtered (in)", "filtered (gt)", "sorted", "aggregated")
    assert leaks == [
        "Contact.finance.birthDate comes back as '1980-05-06' where its mask says None",
        *map(able.format, uses),
        "Contact.finance.birthDate stands in the answer to a write",
    ]


async def test_figures_and_computed_fields_are_ways_to_a_masked_value(site: Site, location: str):
    install(site)
    site.describe("accord-breaking", "breaking = accord_breaking:Breaking")
    settings = settings_for(location, ["breaking"])
    await migrate(settings)
    async with open_host(settings) as host:
        nothing = [text.partition(": ")[0] async for text in find_leaks(host, "breaking")]
        unseen = ("Account.breaking.secret", "Account.breaking.repeated", "BreakingThing.figure")
        assert nothing == [f"{one} has no value that could be looked at" for one in unseen]
        await host.make("Account")(breaking={"secret": "known to few"})
        await host.make("BreakingThing")(title="Thing", figure=730_001)
        assert [text.partition(": ")[0] async for text in find_leaks(host, "breaking")] == [
            "a violation quotes the stored Account.breaking.secret",
            "a violation quotes the stored Account.breaking.repeated",
        ]
        careless = Careless(accord=host.accord, clock=host.clock)
        leaks = [text.partition(": ")[0] async for text in find_leaks(careless, "breaking")]
    able = "BreakingThing.figure can be {} by somebody who may not read it"
    uses = ("filtered (isNull)", "filtered (eq)", "filtered (in)", "filtered (gt)", "sorted", "aggregated")
    assert leaks == [
        "Account.breaking.secret comes back as 'known to few' where its mask says None",
        "Account.breaking.secret stands in the answer to a write",
        "Account.breaking.repeated is answered in full",
        "Account.breaking.repeated stands in the answer to a write",
        "BreakingThing.figure comes back as 730001 where its mask says None",
        *map(able.format, uses),
    ]


@pytest.mark.accord_plugins("healthcare")
async def test_where_nothing_could_be_looked_at_the_check_says_so(host: Host):
    leaks = [text.partition(": ")[0] async for text in find_leaks(host, "healthcare")]
    assert leaks == ["Contact.healthcare.mrn has no value that could be looked at"]
    costly = [text async for text in find_costly(host, "healthcare")]
    assert "contacts shows fewer than 5 of 50 rows that were made; its cost can't be told" in costly


async def test_a_plugin_that_clashes_with_another_is_told_which(site: Site):
    install(site)
    site.describe("accord-clashes", "clashes = clashing:Clashes")
    (site.folder / "clashing_migrations" / "0001_none.py").write_text(
        "from tortoise import migrations\n\n\nclass Migration(migrations.Migration):\n    operations = []\n"
    )
    results = await check_plugins(["clashes"], server=None)
    [together] = [result for result in results if result.check == suite.TOGETHER]
    assert together.failed
    assert any("'fbo'" in text and "plugin finance (accord" in text for text in together.found), together.found
    assert together.note == "(finance, healthcare)"
    [migrated] = [result for result in results if result.check == suite.MIGRATED]
    assert migrated.failed
    assert migrated.found[0].startswith("The records of clashes differ from its migrations: ClashesThing is new. ")


async def test_of_a_plugin_that_does_not_load_nothing_else_is_checked(site: Site):
    site.install_broken("not_importable", "unimportable = not_importable:Plugin")
    results = await check_plugins(["unimportable"], server=None)
    assert [(result.check, result.outcome.name) for result in results] == [
        (suite.ALONE, "FAILED"),
        ("every other check", "NOT_RUN"),
    ]
    assert "No module named 'a_package_that_nobody_has'" in results[0].found[0]


def test_the_command_prints_a_table_and_fails_with_a_check(tmp_path: Path):
    done = run(tmp_path, "plugin", "check", "healthcare", plugin__healthcare__agreement_needed="perhaps")
    assert done.code == 1
    assert "✗ loads alone" in done.out
    assert "0 passed, 1 failed, 1 NOT RUN." in done.out
    assert done.complaints == ["The contract is not kept; the lines marked with ✗ say what to do."]


def test_the_command_says_loudly_what_was_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    done = run(tmp_path, "plugin", "check", "healthcare")
    assert (done.code, done.complaints) == (0, [])
    assert "  - all that needs a database" in done.out
    assert "set TEST_DATABASE_URL" in done.out
    assert done.out.endswith("11 passed, 0 failed, 1 NOT RUN.\n")


def test_a_plugin_that_is_not_installed_is_told_apart_from_one_that_is_wrong():
    with pytest.raises(CommandFailed, match=r"No plugin called 'finanse' is installed; did you mean finance\?"):
        check("finanse")
    with pytest.raises(CommandFailed, match=r"No plugin called 'xyzzy' is installed; there is .*healthcare"):
        check("xyzzy")
