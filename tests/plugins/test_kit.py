"""The test kit itself: light to load, strict about what it is given, and every fixture does what it says."""

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accord.config import testing
from accord.config.testing import AsActor, Clock, Gql, Host, Make, Outbox, Statements, assert_violation
from accord.tests.plugins.installing import Site
from accord.tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
HEALTHCARE = pytest.mark.accord_plugins("healthcare")


def test_pytest_loads_nothing_of_accord_but_the_fixtures_themselves():
    program = (
        "import sys, accord.config.testing.fixtures\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] in ('tortoise', 'strawberry', 'graphql')\n"
        "    or name.startswith(('accord.graph', 'accord.schema', 'accord.plugins'))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_what_the_kit_offers_is_there():
    assert sorted(testing.__all__) == testing.__all__
    assert all(getattr(testing, name) for name in testing.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Databse'"):
        _ = testing.Databse


def test_every_fixture_says_what_it_does_and_stands_on_the_page():
    tree = ast.parse((ROOT / "config" / "testing" / "fixtures.py").read_text("utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    fixtures = [one for one in functions if any("fixture" in ast.unparse(mark) for mark in one.decorator_list)]
    assert [one.name for one in fixtures if not ast.get_docstring(one)] == []
    page = (ROOT / "docs" / "plugins" / "index.md").read_text("utf-8")
    offered = [one.name for one in fixtures if not one.name.startswith("accord_")]
    assert len(offered) == 10
    assert [name for name in offered if f"`{name}`" not in page] == []


@HEALTHCARE
async def test_a_host_has_the_named_plugins_and_no_other(host: Host):
    assert [one.name for one in host.accord.plugins] == ["healthcare"]
    assert host.accord.settings.demo is False


@HEALTHCARE
async def test_records_are_made_with_what_is_given_and_what_must_not_be_missing(
    gql: Gql, make_account: Make, make_contact: Make, make_address: Make
):
    account, contact, address = await make_account(), await make_contact(givenName="Ada"), await make_address()
    answer = await gql(
        """query ($a: ID!, $c: ID!, $d: ID!) {
          account(id: $a) { name } contact(id: $c) { name } address(id: $d) { city } }""",
        a=account,
        c=contact,
        d=address,
    )
    expected = {"account": {"name": "Account 1"}, "contact": {"name": "Ada Contact 1"}, "address": {"city": "City 1"}}
    assert answer == expected
    with pytest.raises(AssertionError, match=r"no Account was made: .*INVALID_NPI"):
        await make_account(healthcare={"npi": "1234567890"})


@HEALTHCARE
async def test_errors_are_asked_for_by_name(gql: Gql, as_actor: AsActor):
    [error] = await gql.errors("{ nothing }")
    assert error["extensions"]["code"]
    with pytest.raises(AssertionError, match="the document has errors"):
        await gql("{ nothing }")
    with pytest.raises(AssertionError, match="the document has no errors"):
        await as_actor().errors("{ __typename }")


@HEALTHCARE
async def test_nobody_is_given_a_permission_that_nothing_asks_for(as_actor: AsActor):
    with pytest.raises(ValueError, match=r"healthcare\.phi\.raed allows nothing; did you mean healthcare\.phi\.read\?"):
        as_actor("healthcare.phi.raed")


def test_a_plugin_that_can_not_be_loaded_fails_its_tests_with_what_is_wrong_and_no_traceback(
    site: Site, tmp_path: Path
):
    (site.folder / "broken.py").write_text("import no_such_module\n")
    site.describe("accord-broken", "broken = broken:Broken")
    (tmp_path / "test_broken.py").write_text("async def test_it(host):\n    pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naccord_plugins = broken\nanyio_mode = auto\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(site.folder), "ACCORD_TEST_POSTGRESQL": ""},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    assert "broken" in done.stdout
    assert "no_such_module" in done.stdout
    assert "accord-broken" in done.stdout
    assert "config/testing" not in done.stdout, "a traceback of the kit's own code"


@HEALTHCARE
async def test_the_clock_stands_until_it_is_turned(gql: Gql, clock: Clock, make_account: Make):
    made = "{ accounts { nodes { createdAt } } }"
    await make_account()
    clock.turn(days=1, hours=2)
    await make_account()
    clock.set("2027-01-01T00:00:00+02:00")
    await make_account()
    moments = [node["createdAt"][:16] for node in (await gql(made))["accounts"]["nodes"]]
    assert moments == ["2026-03-01T12:00", "2026-03-02T14:00", "2026-12-31T22:00"]
    with pytest.raises(ValueError, match="has no time zone"):
        clock.set("2027-01-01T00:00:00")


@HEALTHCARE
async def test_statements_are_counted_within_the_block_alone(gql: Gql, statements: Statements):
    with statements.counted() as ran:
        await gql("{ accounts { totalCount } contacts { totalCount } }")
    await gql("{ accounts { totalCount } }")
    assert len(ran) == 2


LISTENING = '''
"""A plugin that notes what it is told, and plans work."""

from datetime import timedelta

from accord.plugins import Plugin, due, hookimpl, job

HEARD = []


class Listening(Plugin):
    """It listens."""

    name = "listening"

    @hookimpl
    async def after_commit(self, events, context):
        """Note them."""
        HEARD.extend(f"{event.kind} {event.record}" for event in events)
        await context.schedule("remind", at=context.now + timedelta(days=1))

    @due
    async def remind(self, context, due):
        """Note that, too."""
        HEARD.append(due.name)

    @job()
    async def recall(self, job) -> dict[str, int]:
        """Note that as well."""
        HEARD.append("recall")
        return {}
'''


@pytest.fixture
def heard(site: Site) -> Callable[[], list[str]]:
    (site.folder / "listening.py").write_text(LISTENING)
    site.describe("accord-listening", "listening = listening:Listening")
    return lambda: sys.modules["listening"].HEARD


@pytest.mark.accord_plugins("listening")
async def test_work_after_the_commit_and_work_that_falls_due_is_done_when_it_is_told_to(
    heard: Callable[[], list[str]], gql: Gql, make_account: Make, outbox: Outbox, clock: Clock
):
    await make_account()
    assert heard() == []
    assert await outbox.drain() == 1
    assert heard() == ["CREATE Account"]
    assert await outbox.drain() == 0
    clock.turn(days=1)
    assert await outbox.drain() == 1
    assert heard() == ["CREATE Account", "remind"]
    started = (await gql("mutation { listeningRecall { job { id } } }"))["listeningRecall"]["job"]
    assert await outbox.drain() == 1
    assert heard()[2:] == ["recall"]
    assert (await gql("query ($id: ID!) { job(id: $id) { state } }", **started))["job"] == {"state": "DONE"}


def test_a_violation_is_asserted_by_code_and_path():
    answer: dict[str, Any] = {
        "createAccount": {"violations": [{"code": "X", "path": ["input", "contacts", 1, "name"]}]}
    }
    assert_violation(answer, "X", "input.contacts.1.name")
    assert_violation(answer, "X", ["input", "contacts", 1, "name"])
    for code, path in (("Y", "input.contacts.1.name"), ("X", "input.contacts.0.name")):
        with pytest.raises(AssertionError, match=f"there is no {code} at"):
            assert_violation(answer, code, path)
    with pytest.raises(AssertionError, match="one mutation that asks for its violations"):
        assert_violation({"accounts": {}}, "X", "input")
