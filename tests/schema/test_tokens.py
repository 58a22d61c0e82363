"""Tokens: who is known by one, over HTTP, server-sent events and WebSockets, and what becomes of a wrong one."""

import json
import tomllib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from typer.testing import CliRunner

from accord.config.app import create_app
from accord.config.cli import make_app
from accord.config.composition import Accord, open_accord
from accord.config.identities import TokensInvalid, read_tokens
from accord.config.settings import Settings, SettingsInvalid, read_settings, shown_settings
from accord.config.tokens import TokenSettings, digest_of
from accord.graph.bootstrap import SYSTEM_ACTOR, is_untouched, own_actor_id
from accord.tests.accord_fixture import Bench
from accord.tests.schema.asgi_clients import connecting, http_client, streaming
from accord.tests.schema.toy_clinic import MODELS, READ, Prepared

NURSE, CLERK = "accord_the-nurse-s-token-of-the-tests-1", "accord_the-clerk-s-token-of-the-tests-2"
TOKENS = {
    "nurse": {"token_sha256": digest_of(NURSE), "permissions": [READ], "kind": "PERSON"},
    "clerk": {"token_sha256": digest_of(CLERK)},
}
MRN = "{ contacts { nodes { clinic { mrn } createdBy { name kind } } } }"
MAKE = 'mutation { createContact(input: {familyName: "Abel", clinic: {mrn: "MRN-778899"}}) { recordId } }'


@pytest.fixture
async def app(clinic: Bench, clinic_app: Prepared) -> AsyncIterator[Starlette]:
    """An app with two actors, one of whom may read what is protected, and one patient, made by that one."""
    settings = Settings.model_validate({"database": clinic.accord.settings.database, "tokens": TOKENS})
    async with open_accord(settings, models=MODELS, schema=clinic_app.schema) as accord:
        app = create_app(settings, accord)
        async with app.router.lifespan_context(app):
            made = await ask(app, MAKE, NURSE)
            assert made["data"]["createContact"]["recordId"]
            yield app


async def ask(app: Starlette, query: str, token: str | None = None) -> Any:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with http_client(app) as client:
        answer = await client.post("/graphql", json={"query": query}, headers=headers)
    assert answer.status_code == 200
    return answer.json()


def mrn(answer: Mapping[str, Any]) -> str:
    (node,) = answer["data"]["contacts"]["nodes"]
    return node["clinic"]["mrn"]


async def test_a_token_says_who_acts_and_what_it_may_read(app: Starlette):
    seen = await ask(app, MRN, NURSE)
    assert mrn(seen) == "MRN-778899"
    assert seen["data"]["contacts"]["nodes"][0]["createdBy"] == {"name": "nurse", "kind": "PERSON"}
    assert mrn(await ask(app, MRN, CLERK)) == "••••8899"
    assert mrn(await ask(app, MRN)) == "••••8899"


async def test_without_a_token_the_system_acts_as_before(app: Starlette):
    await ask(app, 'mutation { createAccount(input: {name: "Kestrel"}) { recordId } }')
    answer = await ask(app, "{ accounts { nodes { createdBy { name kind } } } }")
    assert answer["data"]["accounts"]["nodes"] == [{"createdBy": {"name": "Accord", "kind": "SYSTEM"}}]


@pytest.mark.parametrize("token", ["wrong", NURSE[:-1], NURSE + "x", "", "ü"])
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json", "text/event-stream"])
async def test_a_wrong_token_is_turned_away_before_anything_runs(app: Starlette, token: str, accept: str):
    headers = [(b"Authorization", f"Bearer {token}".encode()), (b"Accept", accept.encode())]
    async with http_client(app) as client:
        answer = await client.post("/graphql", json={"query": MAKE}, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["UNAUTHENTICATED"]
    assert "data" not in answer.json()
    assert len((await ask(app, MRN))["data"]["contacts"]["nodes"]) == 1


async def test_a_scheme_that_is_none_of_ours_is_not_looked_at(app: Starlette):
    async with http_client(app) as client:
        answer = await client.post("/graphql", json={"query": MRN}, headers={"Authorization": "Basic YTpi"})
    assert mrn(answer.json()) == "••••8899"


async def test_a_stream_of_events_knows_the_token(app: Starlette):
    for token, shown in ((NURSE, "MRN-778899"), (CLERK, "••••8899")):
        headers = {"accept": "text/event-stream", "authorization": f"bearer {token}"}
        async with streaming(app, headers, {"query": MRN}) as stream:
            assert (await stream.sent.get())["status"] == 200
            event = await stream.event()
            assert mrn(json.loads(event.partition("data: ")[2].partition("\n")[0])) == shown


async def answered(app: Starlette, payload: Mapping[str, Any] | None, **headers: str) -> str:
    """What a WebSocket shows of the number."""
    async with connecting(app, **headers) as socket:
        assert (await socket.event())["type"] == "websocket.accept"
        await socket.send({"type": "connection_init"} | ({} if payload is None else {"payload": payload}))
        assert await socket.receive() == {"type": "connection_ack"}
        await socket.send({"id": "1", "type": "subscribe", "payload": {"query": MRN}})
        return mrn((await socket.receive())["payload"])


async def test_a_websocket_takes_the_token_from_its_header_or_its_first_message(app: Starlette):
    assert await answered(app, None) == "••••8899"
    assert await answered(app, None, authorization=f"Bearer {NURSE}") == "MRN-778899"
    for name in ("authorization", "Authorization"):
        assert await answered(app, {name: f"Bearer {NURSE}"}) == "MRN-778899"
        assert await answered(app, {name: f"Bearer {CLERK}"}, authorization=f"Bearer {NURSE}") == "••••8899"


@pytest.mark.parametrize(
    ("stated", "code"), [("Bearer wrong", 4403), (NURSE, 4403), ("Basic YTpi", 4403), (7, 4400), (["x"], 4400)]
)
async def test_a_websocket_with_a_wrong_token_is_closed(app: Starlette, stated: Any, code: int):
    async with connecting(app) as socket:
        assert (await socket.event())["type"] == "websocket.accept"
        await socket.send({"type": "connection_init", "payload": {"authorization": stated}})
        found, reason = await socket.closing()
        assert found == code
        assert NURSE not in reason


async def test_a_websocket_whose_header_is_wrong_is_not_opened(app: Starlette):
    async with connecting(app, authorization="Bearer wrong") as socket:
        refused = await socket.event()
        assert (refused["type"], refused["status"]) == ("websocket.http.response.start", 401)


# settings ----------------------------------------------------------------------------------------------------------


async def test_actors_are_made_once_and_leave_a_database_untouched(clinic: Bench, clinic_app: Prepared):
    settings = Settings.model_validate({"database": clinic.accord.settings.database, "tokens": TOKENS})

    async def actors(accord: Accord) -> list[tuple[str, int]]:
        rows = await accord.database.fetch("select name, version from actor order by name", [])
        return [(row[0], row[1]) for row in rows]

    for _ in range(2):
        async with open_accord(settings, models=MODELS, schema=clinic_app.schema) as accord:
            assert await actors(accord) == [("Accord", 1), ("clerk", 1), ("nurse", 1)]
            assert await is_untouched(accord.database, accord.database.dialect, accord.catalogue)


async def test_a_permission_that_allows_nothing_is_warned_of_and_no_other(
    clinic: Bench, clinic_app: Prepared, caplog: pytest.LogCaptureFixture
):
    permissions = ["clinic.phi.raed", "*", READ, "plugins.manage", "jobs.manage", "jobs.mange"]
    tokens = {"nurse": {"token_sha256": digest_of(NURSE), "permissions": permissions}}
    settings = Settings.model_validate({"database": clinic.accord.settings.database, "tokens": tokens})
    async with open_accord(settings, models=MODELS, schema=clinic_app.schema):
        warnings = [record.getMessage() for record in caplog.records if record.name == "accord.settings"]
    assert warnings == [
        f"tokens.nurse: the permission clinic.phi.raed allows nothing; did you mean {READ}?",
        "tokens.nurse: the permission jobs.mange allows nothing; did you mean jobs.manage?",
    ]


def test_the_settings_show_actors_and_no_digest():
    settings = Settings.model_validate({"tokens": TOKENS})
    (shown,) = [one for one in shown_settings(settings) if one.name == "tokens"]
    assert shown.value == ["clerk", "nurse"]
    assert digest_of(NURSE) not in repr(settings)


def test_the_id_of_an_actor_is_the_same_in_every_process():
    assert own_actor_id("nurse").version == 7
    assert own_actor_id("nurse") == own_actor_id("nurse") != own_actor_id("clerk")
    assert own_actor_id("nurse") != SYSTEM_ACTOR


def test_the_command_prints_a_token_once_with_lines_that_the_settings_take(tmp_path: Path):
    run = CliRunner().invoke(
        make_app(), ["token", "new", "st.anna", "--permission", READ, "--permission", "x.y", "--kind", "PERSON"]
    )
    assert run.exit_code == 0, run.output
    (token,) = [line.strip() for line in run.output.splitlines() if line.strip().startswith("accord_")]
    lines = run.output.partition("For accord.toml:")[2]
    read = tomllib.loads(lines)
    found = read_tokens({name: TokenSettings(**one) for name, one in read["tokens"].items()})
    identity = found.find(token)
    assert identity is not None
    assert identity.permissions == {READ, "x.y"}
    assert [(one.name, one.kind) for one in found.actors] == [("st.anna", "PERSON")]
    assert token not in lines
    assert found.find(token + "x") is None


def test_a_token_may_come_from_a_file_or_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "token").write_text(f"{NURSE}\n")
    monkeypatch.setenv("CLERK_TOKEN", CLERK)
    found = read_tokens(
        {
            "nurse": TokenSettings(token_file=tmp_path / "token", permissions=("*",)),
            "clerk": TokenSettings(token_variable="CLERK_TOKEN"),
        }
    )
    nurse, clerk = found.find(NURSE), found.find(CLERK)
    assert nurse is not None
    assert nurse.permissions == {"*"}
    assert clerk is not None
    assert clerk.permissions == frozenset()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"nurse": TokenSettings(token_variable="NO_SUCH_TOKEN")}, "tokens.nurse: the variable NO_SUCH_TOKEN"),
        ({"nurse": TokenSettings(token_file=Path("/nowhere/token"))}, "can't be read"),
        ({"a b": TokenSettings(token_sha256=digest_of(NURSE))}, "tokens.a b: a name has letters"),
        (
            {name: TokenSettings(token_sha256=digest_of(NURSE)) for name in ("a", "b")},
            "tokens.b: another actor has the same token",
        ),
    ],
)
def test_tokens_that_can_not_be_had_are_named(given: dict[str, TokenSettings], words: str):
    with pytest.raises(TokensInvalid) as raised:
        read_tokens(given)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('[tokens.nurse]\ntoken_sha256 = "short"', "tokens.nurse.token_sha256 in accord.toml"),
        ("[tokens.nurse]\npermissions = []", "give exactly one of token_sha256, token_variable and token_file"),
        (
            '[tokens.nurse]\ntoken_sha256 = "{}"\npermision = ["x"]'.format(digest_of("x")),
            "tokens.nurse.permision in accord.toml",
        ),
    ],
)
def test_wrong_settings_of_tokens_are_told_by_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, words: str
):
    (tmp_path / "accord.toml").write_text(lines)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsInvalid) as raised:
        read_settings()
    assert words in str(raised.value)
    assert digest_of("x") not in str(raised.value)
