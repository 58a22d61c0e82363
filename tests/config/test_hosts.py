"""Under which names a server answers: a page whose own name was made to lead here gets nothing."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from accord.config.app import create_app
from accord.config.settings import SettingsInvalid, read_settings
from accord.tests.accord_fixture import Bench
from accord.tests.config.command_line import serving
from accord.tests.config.test_serve import port
from accord.tests.schema.asgi_clients import connecting, http_client
from accord.tests.waiting import PATIENCE

__all__ = ["port"]  # a fixture

ASK = {"query": "{ accounts { totalCount } }"}
OWN = ("localhost", "LocalHost:8000", "127.0.0.1:8000", "127.9.9.9", "[::1]:8000", "CRM.example.com:443", "[fe80::7]")
FOREIGN = ("evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "evilcrm.example.com", "", "[::1")
FOREIGN += ("sub.crm.example.com", "192.168.0.7", "[fe80::8]", "0.0.0.0:8000", "localhost@evil.example", "éx")
PLACES = (("POST", "/graphql"), ("GET", "/graphql"), ("GET", "/"), ("GET", "/graphql/static/x.js"), ("GET", "/x"))


@pytest.fixture
async def local(bench: Bench) -> AsyncIterator[Starlette]:
    """An app that is reached from its own machine alone, and by two other names."""
    settings = bench.accord.settings.model_copy(update={"allowed_hosts": ("crm.example.com", "fe80::7")})
    app = create_app(settings, bench.accord, is_local=True)
    async with app.router.lifespan_context(app):
        yield app


async def test_own_names_and_those_allowed_are_answered(local: Starlette):
    async with http_client(local) as client:
        for host in (*OWN, *OWN):
            answer = await client.post("/graphql", json=ASK, headers={"Host": host})
            assert (answer.status_code, answer.json()["data"]) == (200, {"accounts": {"totalCount": 0}}), host
    for host in OWN:
        async with connecting(local, host=host, origin=f"http://{host}") as socket:
            assert (await socket.event())["type"] == "websocket.accept", host


async def test_every_other_name_is_turned_away(local: Starlette):
    async with http_client(local) as client:
        for host in FOREIGN:
            stated = {b"Host": host.encode()}
            for method, path in PLACES:
                answer = await client.request(method, path, json=ASK if method == "POST" else None, headers=stated)
                assert answer.status_code == 421, (host, method, path)
                (error,) = answer.json()["errors"]
                assert error["extensions"] == {"code": "HOST_NOT_ALLOWED"}
                assert "the setting allowed_hosts (ACCORD_ALLOWED_HOSTS)" in error["message"]
                assert answer.headers["x-request-id"]
            assert (await client.get("/health/live", headers=stated)).status_code == 200


async def test_a_websocket_under_another_name_is_turned_away(local: Starlette):
    async with connecting(local, host="evil.example", origin="http://evil.example") as socket:
        start = await socket.event()
        assert (start["type"], start["status"]) == ("websocket.http.response.start", 421)
        assert b"HOST_NOT_ALLOWED" in (await socket.event())["body"]


async def test_who_listens_for_others_answers_to_any_name_unless_some_are_set(bench: Bench):
    for allowed, status in (((), 200), (("crm.example.com",), 421)):
        settings = bench.accord.settings.model_copy(update={"allowed_hosts": allowed})
        app = create_app(settings, bench.accord)
        async with app.router.lifespan_context(app), http_client(app) as client:
            answer = await client.post("/graphql", json=ASK, headers={"Host": "evil.example"})
            assert answer.status_code == status
            answer = await client.post("/graphql", json=ASK, headers={"Host": "crm.example.com:8443"})
            assert answer.status_code == 200


def test_accord_serve_answers_for_its_own_machine_alone_where_it_listens_for_that(tmp_path: Path, port: int):
    evil = {"Host": f"evil.example:{port}"}
    for host, status in (("127.0.0.1", 421), ("0.0.0.0", 200)):  # noqa: S104 - a server of the test alone
        with serving(tmp_path, port, "--no-demo", "--host", host) as server:
            assert server.ask(ASK["query"]) == {"accounts": {"totalCount": 0}}
            assert httpx.post(server.address, json=ASK, headers=evil, timeout=PATIENCE).status_code == status
            server.end(signal.SIGINT)


def test_hosts_are_names_without_anything_around_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACCORD_ALLOWED_HOSTS", "CRM.example.com, 10.0.0.7,[fe80::7]")
    assert read_settings().allowed_hosts == ("crm.example.com", "10.0.0.7", "fe80::7")
    for wrong in ("https://crm.example.com", "crm.example.com:443", "crm.example.com/", "*.example.com", "u@x.example"):
        with pytest.raises(SettingsInvalid, match=r"is no host; write it like accord\.example\.com, without "):
            read_settings(allowed_hosts=(wrong,))
