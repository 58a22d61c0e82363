"""accord serve, as whoever starts it meets it."""

import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from accord.config.commands.serve import FIRST_QUERY
from accord.tests.config.command_line import killed_in_time, run, serving, start, until_ready
from accord.tests.config.test_demo import FIRST_QUERY as ISSUE_QUERY
from accord.tests.ports import free_ports
from accord.tests.waiting import PATIENCE

COUNTS = "{ accounts { totalCount } contacts { totalCount } addresses { totalCount } contactGroups { totalCount } }"
WHOLE = {"accounts": 210, "contacts": 600, "addresses": 900, "contactGroups": 9}


def counts(found: dict[str, dict[str, int]]) -> dict[str, int]:
    return {name: value["totalCount"] for name, value in found.items()}


@pytest.fixture
def port() -> int:
    """A port that is free."""
    return free_ports()[0]


def test_the_first_start_brings_the_demo_and_the_second_finds_it(tmp_path: Path, port: int):
    with serving(tmp_path, port) as server:
        assert "Loaded the demo: 210 accounts, 600 contacts, 900 addresses." in server.said
        assert f"Open: {server.address}" in "\n".join(server.said)
        assert f"Try: {FIRST_QUERY}" in server.said
        assert server.ask(ISSUE_QUERY)["accounts"]["totalCount"] == 210
        assert len(server.ask(FIRST_QUERY)["accounts"]["nodes"]) == 3
        created = server.ask('mutation { createLabel(input: {name: "Kept", scope: ACCOUNT}) { recordId } }')
        page = httpx.get(server.address, headers={"Accept": "text/html"}, timeout=PATIENCE)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        ended = server.end(signal.SIGINT)
    assert (ended.code, ended.out, ended.err) == (0, "Accord has ended.\n", "")
    with serving(tmp_path, port) as server:
        assert server.said[0].startswith("Accord is ready, after ")
        assert counts(server.ask(COUNTS)) == WHOLE
        label = created["createLabel"]["recordId"]
        assert server.ask(f'{{ label(id: "{label}") {{ name }} }}') == {"label": {"name": "Kept"}}


def test_a_start_without_the_demo_serves_an_empty_database(tmp_path: Path, port: int):
    with serving(tmp_path, port, "--no-demo") as server:
        assert set(counts(server.ask(COUNTS)).values()) == {0}
        ended = server.end(signal.SIGTERM)
    assert (ended.code, ended.out, ended.err) == (0, "Accord has ended.\n", "")


def test_ctrl_c_while_the_outbox_is_full_ends_at_once(tmp_path: Path, port: int):
    with serving(tmp_path, port) as server:
        ended = server.end(signal.SIGINT)
    assert (ended.code, ended.out, ended.err) == (0, "Accord has ended.\n", "")


def test_a_start_that_is_killed_in_the_middle_of_the_demo_leaves_none_of_it(tmp_path: Path, port: int):
    killed = start(tmp_path, "serve", "--port", str(port))
    assert killed.stdout is not None
    with killed_in_time(killed):
        while killed.stdout.readline() != "Loading the demo: address links\n":
            assert killed.poll() is None
    killed.kill()
    killed.communicate()
    with serving(tmp_path, port) as server:
        assert "Loaded the demo: 210 accounts, 600 contacts, 900 addresses." in server.said
        assert counts(server.ask(COUNTS)) == WHOLE


def test_three_that_start_at_once_on_one_folder_share_one_demo(tmp_path: Path):
    ports = free_ports(3)
    with ExitStack() as stack:
        started = [start(tmp_path, "serve", "--port", str(port)) for port in ports]
        for process in started:
            stack.callback(process.communicate)
            stack.callback(process.kill)
        servers = [until_ready(process, port) for process, port in zip(started, ports, strict=True)]
        assert [counts(server.ask(COUNTS)) for server in servers] == [WHOLE] * 3
        assert sum("Loaded the demo: " in "\n".join(server.said) for server in servers) == 1


def test_a_port_that_is_taken_is_named_before_anything_is_made(tmp_path: Path, port: int):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        done = run(tmp_path, "serve", "--port", str(port))
    assert (done.code, done.out) == (1, "")
    assert done.complaints == [
        f"Port {port} on 127.0.0.1 is taken by another program. End it, or choose another port by --port."
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("192.0.2.1", "192.0.2.1 is no address of this machine."),
        ("nowhere.invalid", "The host 'nowhere.invalid' has no address: "),
    ],
)
def test_a_host_that_is_not_this_machine_is_named(tmp_path: Path, port: int, host: str, words: str):
    done = run(tmp_path, "serve", "--host", host, "--port", str(port))
    assert (done.code, done.out) == (1, "")
    [complaint] = done.complaints
    assert complaint.startswith(words)
    assert "--host" in complaint


@pytest.mark.parametrize("host", ["localhost", "::1"])
def test_other_names_of_this_machine_are_listened_on(tmp_path: Path, port: int, host: str):
    if host == "::1" and not speaks_ipv6():
        pytest.skip("this machine speaks no IPv6")
    with serving(tmp_path, port, "--host", host, "--no-demo") as server:
        shown = f"http://[::1]:{port}/graphql" if host == "::1" else f"http://localhost:{port}/graphql"
        assert shown in "\n".join(server.said)
        answer = httpx.post(shown, json={"query": "{ __typename }"}, timeout=PATIENCE)
        assert answer.json()["data"] == {"__typename": "Query"}


def speaks_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as opened:
            opened.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("command", ["serve", "demo", "migrate apply"])
def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path, command: str):
    (tmp_path / "var").write_text("a file stands in the way")
    done = run(tmp_path, *command.split())
    assert (done.code, done.out) == (1, "")
    [complaint] = done.complaints
    assert complaint.startswith("The folder var for the database can't be made: ")
    assert "ACCORD_DATABASE" in complaint


def test_a_folder_in_place_of_the_database_is_named(tmp_path: Path):
    done = run(tmp_path, "serve", database="sqlite:.")
    assert done.code == 1
    [complaint] = done.complaints
    assert complaint.startswith("The database . is a folder.")


def test_a_database_on_a_server_is_served_once_it_is_migrated_and_without_the_demo(
    tmp_path: Path, port: int, server_database: str
):
    behind = run(tmp_path, "serve", "--port", str(port), database=server_database)
    assert (behind.code, behind.out) == (1, "")
    [complaint] = behind.complaints
    assert complaint.endswith(" is empty. Run `accord migrate apply` first.")
    run(tmp_path, "migrate", "apply", database=server_database)
    with serving(tmp_path, port, database=server_database) as server:
        assert set(counts(server.ask(COUNTS)).values()) == {0}
        ended = server.end(signal.SIGINT)
    assert (ended.code, ended.out, ended.err) == (0, "Accord has ended.\n", "")


@pytest.fixture
def server_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database on a server, by a URL with a parameter that libpq knows."""
    server = request.getfixturevalue("postgres_server")
    name = f"t{uuid4().hex}"
    url = server.create_database(name)
    yield f"{url}{'&' if '?' in url else '?'}sslmode=prefer"
    server.drop_database(name)
