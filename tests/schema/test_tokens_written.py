"""How a token may be written in the header, and that no slip makes its bearer the system."""

import pytest
from starlette.applications import Starlette

from accord.tests.schema.asgi_clients import http_client
from accord.tests.schema.test_tokens import MRN, NURSE, app, mrn

__all__ = ["app"]  # a fixture


@pytest.mark.parametrize(
    "value", [f"Bearer\t{NURSE}", f"bearer   {NURSE}", f"BEARER \t {NURSE}\t", f" Bearer {NURSE} "]
)
async def test_any_space_may_stand_before_a_token(app: Starlette, value: str):
    async with http_client(app) as client:
        answer = await client.post("/graphql", json={"query": MRN}, headers={"Authorization": value})
    assert answer.status_code == 200
    assert mrn(answer.json()) == "MRN-778899"


SLIPS = ("Bearer", "bearer ", "Bearer\t", "Bearer\twrong", f"Bearer{NURSE}", f"Bearer:{NURSE}", f"Bearer,{NURSE}")
SLIPS += (f"Bearer: {NURSE}", f"Bearer Bearer {NURSE}", f"Bearer {NURSE} {NURSE}", f"bearer\u00a0wrong{NURSE}")


@pytest.mark.parametrize("value", SLIPS)
async def test_what_begins_with_bearer_and_holds_no_token_is_turned_away(app: Starlette, value: str):
    headers = [(b"Authorization", value.encode("latin-1"))]
    async with http_client(app) as client:
        answer = await client.post("/graphql", json={"query": MRN}, headers=headers)
    assert answer.status_code == 401
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("value", ["", " ", "Basic bmF0aGFu", "Token Bearer"])
async def test_other_schemes_are_no_concern_of_accord(app: Starlette, value: str):
    async with http_client(app) as client:
        answer = await client.post("/graphql", json={"query": MRN}, headers={"Authorization": value})
    assert answer.status_code == 200
    assert mrn(answer.json()) == "••••8899"
