"""The first word of a command: a plugin that isn't enabled or has no commands, a slip of the pen, a choice."""

from pathlib import Path

import pytest

from accord.tests.config.command_line import run
from accord.tests.plugins.installing import Site


@pytest.mark.parametrize(
    ("plugins", "named", "said"),
    [
        ("", "failing", "The plugin failing is not enabled; add it to the setting plugins."),
        ("failing", "failng", "There is no command 'failng'; did you mean failing?"),
        ("clinic", "clinic", "The plugin clinic has no commands."),
    ],
)
def test_a_plugins_name_that_is_no_command_is_told_why(tmp_path: Path, site: Site, plugins: str, named: str, said: str):
    site.install("failing")
    site.install("clinic")
    done = run(tmp_path, named, "report", plugins=plugins)
    assert (done.code, done.out, done.complaints) == (1, "", [said])


def test_a_choice_that_there_is_not_is_told_with_those_that_there_are(tmp_path: Path, site: Site):
    site.install("failing")
    assert run(tmp_path, "migrate", "apply", plugins="failing").code == 0
    done = run(tmp_path, "failing", "report", "--tone", "NOPE", plugins="failing")
    assert (done.code, done.complaints) == (1, ["--tone: 'NOPE' is none of CALM, LOUD."])
    assert run(tmp_path, "failing", "report", "--tone", "LOUD", plugins="failing").code == 0
    helped = run(tmp_path, "failing", "report", "--help", plugins="failing")
    assert "[CALM|LOUD]" in helped.out
    assert "[default: CALM]" in helped.out
