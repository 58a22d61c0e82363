"""A plugin that can't start, or whose command fails: the operator is told in a line, and the log has the rest."""

import json
import re
from pathlib import Path

import pytest

from accord.tests.config.command_line import Done, run
from accord.tests.plugins.installing import Site
from accord.tests.ports import free_ports

WORDS = "words from the inside"
REFUSED = (
    r"accord: The plugin failing 1\.0 can't start: its hook startup failed with RuntimeError, incident ([0-9a-f]{12}) "
    r"in the log\. Mend it, or take it out of the setting plugins\."
)


@pytest.fixture
def place(tmp_path: Path, site: Site) -> Path:
    """A folder with a database that is ready for the plugin."""
    site.install("failing")
    assert run(tmp_path, "migrate", "apply", plugins="failing").code == 0
    return tmp_path


def told(done: Done) -> str:
    """The last line; those before it are our log's, without a word of the exception's."""
    *logged, last = done.err.splitlines()
    assert [json.loads(line)["level"] for line in logged] == ["error"]
    assert WORDS not in logged[0]
    assert "accord_failing" in logged[0]
    return last


@pytest.mark.parametrize("command", ["serve", "failing report"])
def test_a_plugin_that_can_not_start_is_named_with_what_to_do(place: Path, command: str):
    port = str(free_ports()[0])
    done = run(place, *command.split(), plugins="failing", plugin__failing__hook="startup", demo="false", port=port)
    assert done.code == 1
    found = re.fullmatch(REFUSED, told(done))
    assert found is not None
    assert found[1] in done.err.splitlines()[0]


def test_a_command_that_fails_says_why_and_leaves_the_rest_to_the_log(place: Path):
    done = run(place, "failing", "report", plugins="failing", plugin__failing__hook="report")
    assert done.code == 1
    assert re.fullmatch(rf"accord: failing report: RuntimeError: {WORDS} \(incident \w+ in the log\)", told(done))
