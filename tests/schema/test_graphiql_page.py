"""GraphiQL as people meet it: in Chromium, with nothing but this machine to load from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from inspect import isawaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from graphql import build_schema, graphql, parse, subscribe
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from accord.config.graphiql_build import BuildError, build_graphiql, is_current, main
from accord.schema.graphiql_page import DIST, PAGE_CACHE, SECURITY_HEADERS, asset, missing_page, page
from accord.tests.browser import go_without, open_browser, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from starlette.types import ASGIApp

QUERY = "{ accounts(first: 1) { totalCount } }"
ANSWER = '"totalCount": 1'
SUBSCRIPTION = "subscription Ticks { ticks }"

SCHEMA = build_schema("""
    type Query { "The accounts that you may see." accounts(first: Int, filter: Filter, orderBy: [Order!]): Accounts! }
    type Subscription { ticks: Int! }
    "A customer: a business, a person, a household or a partner."
    type Account { id: ID! name: String! contacts(first: Int): Contacts! addresses(first: Int): Addresses! }
    type Accounts { totalCount: Int! nodes: [Account!]! pageInfo: PageInfo! }
    type Contact { id: ID! addresses(first: Int): Addresses! }
    type Contacts { nodes: [Contact!]! }
    type Address { city: String! country: Country! }
    type Addresses { nodes: [Address!]! }
    type Country { code: String! }
    type PageInfo { hasNextPage: Boolean! endCursor: String }
    input Filter { name: Text }
    input Text { startsWith: String }
    input Order { name: Direction }
    enum Direction { ASC DESC }
""")
ADDRESSES = {"nodes": [{"city": "Groningen", "country": {"code": "NL"}}]}
ACCOUNT = {"id": "acc_1", "name": "Noorderlicht", "contacts": {"nodes": []}, "addresses": ADDRESSES}
ACCOUNTS = {"totalCount": 1, "nodes": [ACCOUNT], "pageInfo": {"hasNextPage": False}}


async def answer(request: Request) -> Response:
    asked = await request.json()
    result = await graphql(
        SCHEMA,
        asked["query"],
        {"accounts": ACCOUNTS},
        variable_values=asked.get("variables"),
        operation_name=asked.get("operationName"),
    )
    return JSONResponse(result.formatted)


async def ticks(*_: Any) -> AsyncGenerator[dict[str, int]]:
    for count in range(1_000_000):
        yield {"ticks": count}
        await asyncio.sleep(0.02)


async def stream(socket: WebSocket) -> None:
    await socket.accept(subprotocol="graphql-transport-ws")
    assert (await socket.receive_json())["type"] == "connection_init"
    await socket.send_json({"type": "connection_ack"})
    asked = await socket.receive_json()
    started = subscribe(SCHEMA, parse(asked["payload"]["query"]), {}, subscribe_field_resolver=ticks)
    events = await started if isawaitable(started) else started
    assert isinstance(events, AsyncGenerator)
    try:
        async for event in events:
            await socket.send_json({"id": asked["id"], "type": "next", "payload": event.formatted})
    except WebSocketDisconnect:
        await events.aclose()


async def show(_: Request) -> Response:
    headers = {**SECURITY_HEADERS, "Cache-Control": PAGE_CACHE}
    return Response(page(DIST) or missing_page(), media_type="text/html", headers=headers)


async def part(request: Request) -> Response:
    found = asset(DIST, request.path_params["name"])
    if found is None:
        return Response(status_code=404)
    headers = {**SECURITY_HEADERS, "Cache-Control": found.cache_control}
    return Response(found.content, media_type=found.media_type, headers=headers)


@pytest.fixture(scope="module")
def app() -> ASGIApp:
    """What is tested: an app with the page and a GraphQL endpoint at /graphql."""
    return Starlette(
        routes=[
            Route("/graphql", show, methods=["GET"]),
            Route("/graphql", answer, methods=["POST"]),
            Route("/graphql/static/{name:path}", part),
            WebSocketRoute("/graphql", stream),
        ]
    )


@pytest.fixture(scope="module")
def origin(app: ASGIApp) -> Iterator[str]:
    if not is_current():
        try:
            build_graphiql(print)
        except BuildError as failure:
            go_without(f"The GraphiQL page was not built: {failure}")
    with serve(app) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@dataclass(frozen=True, kw_only=True)
class Seen:
    """GraphiQL in a window of its own, and what the window asked for and complained about."""

    window: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.window.locator(".graphiql-query-editor .view-lines").click()
        self.window.keyboard.press("ControlOrMeta+a")
        self.window.keyboard.press("Delete")
        self.window.keyboard.type(text)

    def run(self) -> None:
        self.window.locator(".graphiql-query-editor .view-lines").click()
        self.window.keyboard.press("ControlOrMeta+Enter")

    def read(self) -> str:
        # The editor writes its spaces as non-breaking ones.
        lines = self.window.locator(".graphiql-response .view-line").all_inner_texts()
        return "\n".join(lines).replace("\u00a0", " ")

    def wait_for(self, text: str) -> None:
        self.window.locator(".graphiql-response .view-line").filter(has_text=text).first.wait_for()


@pytest.fixture
def graphiql(browser: Browser, origin: str) -> Iterator[Seen]:
    window = browser.new_page(viewport={"width": 1440, "height": 900})
    window.set_default_timeout(20_000)
    seen = Seen(window=window)
    window.on("request", lambda request: seen.requests.append(request.url))
    window.on("websocket", lambda socket: seen.requests.append(socket.url))
    window.on("pageerror", lambda error: seen.complaints.append(str(error)))
    window.on(
        "console",
        lambda said: seen.complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    window.goto(f"{origin}/graphql")
    window.locator(".graphiql-query-editor .view-line").first.wait_for()
    yield seen
    window.close()


def test_a_query_is_typed_and_answered(graphiql: Seen) -> None:
    graphiql.write(QUERY)
    graphiql.run()
    graphiql.wait_for(ANSWER)
    assert '"errors"' not in graphiql.read()


def test_the_page_opens_with_examples_that_the_schema_answers(graphiql: Seen) -> None:
    tabs = graphiql.window.locator(".graphiql-tab-button")
    assert tabs.all_inner_texts() == ["Accounts", "Search", "Operations"]
    for tab in tabs.all():
        tab.click()
        graphiql.run()
        graphiql.wait_for('"data"')
        assert '"errors"' not in graphiql.read(), tab.inner_text()


def test_the_docs_and_the_explorer_show_the_schema(graphiql: Seen) -> None:
    graphiql.window.get_by_label("Show Documentation Explorer").click()
    graphiql.window.locator(".graphiql-doc-explorer").get_by_text("Query", exact=True).click()
    graphiql.window.locator(".graphiql-doc-explorer").get_by_text("accounts", exact=True).wait_for()
    graphiql.window.get_by_label("Show GraphiQL Explorer").click()
    graphiql.window.locator(".graphiql-explorer-root .graphiql-explorer-node").first.wait_for()


def test_a_subscription_runs_until_it_is_stopped(graphiql: Seen, origin: str) -> None:
    graphiql.write(SUBSCRIPTION)
    graphiql.run()
    graphiql.wait_for('"data"')
    assert graphiql.requests[-1] == origin.replace("http", "ws") + "/graphql"
    graphiql.window.get_by_label("Stop query").click()
    graphiql.window.wait_for_timeout(200)
    stopped_at = graphiql.read()
    graphiql.window.wait_for_timeout(300)
    assert graphiql.read() == stopped_at


def test_nothing_is_asked_of_anyone_else_and_nothing_goes_wrong(graphiql: Seen, origin: str) -> None:
    graphiql.write("{ acc")
    graphiql.window.locator(".suggest-widget").get_by_label("accounts").first.wait_for()
    graphiql.write(QUERY)
    graphiql.window.get_by_label("Prettify query").click()
    graphiql.run()
    graphiql.wait_for(ANSWER)
    for panel in ("Documentation Explorer", "History", "GraphiQL Explorer"):
        graphiql.window.get_by_label(f"Show {panel}").click()
    assert [url for url in graphiql.requests if not url.startswith((f"{origin}/graphql", "data:"))] == []
    assert graphiql.complaints == []


def test_an_answer_that_is_not_graphql_is_explained(graphiql: Seen) -> None:
    graphiql.window.route("**/graphql", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    graphiql.run()
    graphiql.wait_for("answered 502")
    assert "Bad gateway" in graphiql.read()


def test_the_page_cannot_reach_a_foreign_host(graphiql: Seen) -> None:
    reached = graphiql.window.evaluate("""
        () => new Promise((resolve) => {
            document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective));
            fetch('http://127.0.0.2:9/').catch(() => setTimeout(resolve, 500, 'it was let out'));
        })
    """)
    assert reached == "connect-src"


def test_the_page_may_not_be_framed(browser: Browser, origin: str) -> None:
    foreign = Response(f'<iframe src="{origin}/graphql"></iframe>', media_type="text/html")
    with serve(foreign) as elsewhere:
        window = browser.new_page()
        window.goto(elsewhere)
        window.wait_for_timeout(500)
        assert window.frames[1].url.startswith("chrome-error:")
        window.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_systems_colours(browser: Browser, origin: str, scheme: Any) -> None:
    window = browser.new_page(color_scheme=scheme)
    window.goto(f"{origin}/graphql")
    window.locator(".graphiql-query-editor .view-line").first.wait_for()
    painted = window.locator(".graphiql-container").evaluate("shown => getComputedStyle(shown).backgroundColor")
    brightness = sum(map(int, painted.removeprefix("rgb(").removesuffix(")").split(", ")))
    assert (brightness > 382) == (scheme == "light")
    window.close()


def test_a_page_that_was_not_built_is_replaced_by_one_that_says_what_to_do(tmp_path: Path, browser: Browser) -> None:
    assert page(tmp_path) is None
    window = browser.new_page()
    window.set_content(missing_page("http://accord.example/graphql"))
    text = window.inner_text("body")
    assert "make graphiql" in text
    assert "curl http://accord.example/graphql" in text
    window.close()


def test_a_build_that_fails_says_so_in_one_line_and_leaves_the_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    before = page(DIST)
    assert main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith("The GraphiQL page was not built: ")
    assert said.endswith(" The server runs without it.\n")
    assert said.count("\n") == 1
    assert page(DIST) == before


@pytest.mark.usefixtures("origin")
def test_a_page_that_is_current_is_not_built_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--if-needed"]) == 0
    assert capsys.readouterr().out == ""


def test_an_address_is_not_markup() -> None:
    assert "<script>" not in missing_page("http://a/<script>")


def test_a_part_comes_with_its_type_and_may_be_kept(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "index-B1_x.js").write_bytes(b"export {}")
    found = asset(tmp_path, "index-B1_x.js")
    assert found is not None
    assert found.content == b"export {}"
    assert found.media_type == "text/javascript; charset=utf-8"
    assert found.cache_control == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../secret.js",
        "..\\secret.js",
        "/etc/hosts.js",
        "deeper/part.js",
        ".hidden.js",
        "absent.js",
        "folder.js",
        "part.js\x00",
        "part.js\n",
        "part.exe",
        "../static/part.js",
        "C:part.js",
    ],
)
def test_a_name_that_is_no_part_finds_nothing(tmp_path: Path, name: str) -> None:
    for place in ("static", "static/deeper", "static/folder.js"):
        (tmp_path / place).mkdir()
    for file in ("secret.js", "static/part.js", "static/part.exe", "static/.hidden.js", "static/deeper/part.js"):
        (tmp_path / file).write_text("secret")
    assert asset(tmp_path, name) is None
