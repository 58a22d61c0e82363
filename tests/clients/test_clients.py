"""Clients and conformance suites of others against a real server."""

import json
from pathlib import Path
from typing import Any

import pytest
from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from accord.tests.clients.node_project import Installed, Project, make_project
from accord.tests.waiting import PATIENCE

CREATE = "mutation ($name: String!) { createAccount(input: {name: $name}) { account { name } } }"
CHANGES = 'subscription { changes(types: ["Account"], after: "0") { kind node { ... on Account { name } } } }'
CREATED = {"kind": "CREATE", "node": {"name": "Kestrel"}}


@pytest.fixture
def project(installed: Installed, tmp_path: Path) -> Project:
    return make_project(tmp_path / "project", installed)


def test_every_audit_of_graphql_over_http_is_passed(project: Project, server: str) -> None:
    results = json.loads(project.script("conformance.mjs", f"http://{server}/graphql"))
    assert len(results) == 61
    assert [one for one in results if one["status"] != "ok"] == []


def test_graphql_ws_works(project: Project, server: str) -> None:
    seen = json.loads(project.script("websocket_client.mjs", f"ws://{server}/graphql"))
    assert seen == ["Kestrel", 1, "VALIDATION_ERROR", CREATED]


def test_graphql_sse_works(project: Project, server: str) -> None:
    seen = json.loads(project.script("stream_client.mjs", f"http://{server}/graphql"))
    assert seen == ["Kestrel", "VALIDATION_ERROR", CREATED]


def test_persisted_queries_of_apollo_fall_back_to_the_text(project: Project, server: str) -> None:
    found = json.loads(project.script("persisted_client.mjs", f"http://{server}/graphql"))
    assert found == {"sent": [64, "text", "text"], "answers": [0, 0]}


async def test_gql_works_and_knows_the_schema(server: str) -> None:
    transport = HTTPXAsyncTransport(url=f"http://{server}/graphql", timeout=PATIENCE)
    async with Client(transport=transport, fetch_schema_from_transport=True, execute_timeout=PATIENCE) as session:
        assert session.client.schema is not None
        assert session.client.schema.get_type("Account") is not None
        created: dict[str, Any] = await session.execute(GraphQLRequest(CREATE, variable_values={"name": "Kestrel"}))
        assert created == {"createAccount": {"account": {"name": "Kestrel"}}}
        with pytest.raises(TransportQueryError) as wrong:
            await session.execute(gql("{ accounts(first: 1000000) { totalCount } }"))
        assert [error["extensions"]["code"] for error in wrong.value.errors or ()] == ["INVALID_PAGE"]
    socket = WebsocketsTransport(url=f"ws://{server}/graphql", connect_timeout=PATIENCE, ack_timeout=PATIENCE)
    async with Client(transport=socket) as session:
        async for change in session.subscribe(gql(CHANGES)):
            assert change == {"changes": CREATED}
            break
