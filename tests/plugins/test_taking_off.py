"""A plugin that a database has enabled is taken off by `accord migrate apply` alone, and never unasked."""

import os
import pty
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from accord.tests.config.command_line import COMMAND, PATIENCE, environment, run, serving
from accord.tests.config.test_serve import free_ports
from accord.tests.plugins.installing import Site

REFUSED = (
    "The database var/accord.db was made ready for other plugins: bank 1.0 is enabled here and not in the database; "
    "clinic 1.0 is enabled in the database and not here. Enable clinic here, too (ACCORD_PLUGINS=bank,clinic); or end "
    "every server that runs with it, and take it off by `ACCORD_PLUGINS=bank accord migrate apply`, which keeps its "
    "tables."
)
BOTH = (
    "The database var/accord.db was made ready for other plugins: bank 1.0 is enabled in the database and not here; "
    "clinic 1.0 is enabled in the database and not here. Enable bank and clinic here, too "
    "(ACCORD_PLUGINS=bank,clinic); or end every server that runs with them, and take them off by `ACCORD_PLUGINS= "
    "accord migrate apply`, which keeps their tables."
)
CREATE = 'mutation { createAccount(input: {name: "Kestrel", clinic: {beds: 7}}) { violations { code } } }'


@pytest.fixture(autouse=True)
def two_plugins(installed: Site) -> Site:
    """Two plugins to choose from."""
    return installed


def test_no_command_takes_a_plugin_off_under_a_server_that_runs_with_it(tmp_path: Path):
    port, other = free_ports(2)
    with serving(tmp_path, port, "--no-demo", plugins="clinic") as server:
        for arguments in (["serve", "--port", str(other)], ["serve", "--port", str(other), "--workers", "2"], ["demo"]):
            done = run(tmp_path, *arguments, plugins="bank")
            assert (done.code, done.out, done.complaints) == (1, "", [REFUSED])
        purged = run(tmp_path, "plugin", "purge", "clinic", "--yes", plugins="")
        assert (purged.code, purged.out) == (1, "")
        assert purged.complaints[0].startswith("The plugin clinic is enabled in the database var/accord.db.")
        assert server.ask(CREATE) == {"createAccount": {"violations": []}}
        assert server.ask("{ accounts { nodes { clinic { beds } } } }") == {
            "accounts": {"nodes": [{"clinic": {"beds": 7}}]}
        }


def test_serving_enables_further_plugins_and_is_refused_with_fewer_until_they_are_taken_off(tmp_path: Path):
    (port,) = free_ports(1)
    for plugins in ("clinic", "bank,clinic"):
        with serving(tmp_path, port, "--no-demo", plugins=plugins):
            pass
    assert run(tmp_path, "serve", "--port", str(port), plugins="").complaints == [BOTH]
    done = run(tmp_path, "migrate", "apply", plugins="")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "The plugin bank is no longer enabled; its tables are kept.",
        "The plugin clinic is no longer enabled; its tables are kept.",
    ]
    with serving(tmp_path, port, "--no-demo", plugins=""):
        pass


def test_on_a_terminal_apply_says_what_it_means_that_a_plugin_is_taken_off(tmp_path: Path):
    run(tmp_path, "migrate", "apply", plugins="clinic")
    terminal, inner = pty.openpty()
    command = [str(COMMAND), "migrate", "apply"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), stdout=inner, stderr=inner, timeout=PATIENCE)
    os.close(inner)
    said = b""
    with suppress(OSError):  # which is how Linux says that all of it is read
        while part := os.read(terminal, 65_536):
            said += part
    os.close(terminal)
    assert done.returncode == 0
    text = said.decode()
    assert "The plugin clinic is no longer enabled; its tables are kept.\r\n" in text
    assert "end the servers that still run with it" in text
