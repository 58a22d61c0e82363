"""GraphiQL as people meet it: Accord's own app in Chromium, with nothing but this machine to load from."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.responses import Response

from accord.config.app import create_app
from accord.config.graphiql_build import main
from accord.config.settings import Settings
from accord.schema.graphiql_page import DIST, missing_page, page
from accord.tests.accord_fixture import migrate
from accord.tests.browser import build_page, open_browser, serve
from accord.tests.waiting import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

QUERY = "{ accounts(first: 1) { totalCount nodes { name } } }"
ANSWER = '"name": "Alder Works"'
CHANGES = """subscription Heard { changes(types: ["Account"], after: "0") { kind node { ... on Account { name } } } }"""
CREATE = "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { recordId violations { message } } }"
ALDER = {
    "name": "Alder Works",
    "contacts": [{"familyName": "Abel", "addresses": [{"city": "Graz", "country": {"code": "AT"}, "kind": "MAILING"}]}],
    "addresses": [{"city": "Groningen", "country": {"code": "NL"}, "kind": "LEGAL"}],
}


def create(origin: str, account: dict[str, Any]) -> None:
    """Make an account as another client would."""
    asked = {"query": CREATE, "variables": {"input": account}}
    made = httpx.post(f"{origin}/graphql", json=asked, timeout=PATIENCE).json()
    assert made["data"]["createAccount"]["recordId"], made


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the app is served, on a database of its own with one account."""
    build_page()
    location = f"sqlite:{tmp_path_factory.mktemp('graphiql') / 'accord.db'}"
    asyncio.run(migrate(location))
    with serve(create_app(Settings(database=location))) as address:
        create(address, ALDER)
        yield address


@pytest.fixture(scope="module")
def browser(origin: str) -> Iterator[Browser]:
    """The browser, opened when the app is there: from then on this thread has a loop that runs."""
    with open_browser() as opened:
        yield opened


def open_window(browser: Browser, **options: Any) -> Page:
    """A window that waits patiently."""
    window = browser.new_page(**options)
    window.set_default_timeout(PATIENCE * 1000)
    return window


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
    window = open_window(browser, viewport={"width": 1440, "height": 900})
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
    welcome = "\n".join(graphiql.window.locator(".graphiql-query-editor .view-line").all_inner_texts())
    assert [icon for icon in ("Book", "Folder", "Plug") if f"{icon} icon" not in welcome.replace("\u00a0", " ")] == []
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


def test_changes_are_heard_until_they_are_stopped(graphiql: Seen, origin: str) -> None:
    graphiql.write(CHANGES)
    graphiql.run()
    graphiql.wait_for(ANSWER)  # what was there before; from now on it listens
    assert graphiql.requests[-1] == origin.replace("http", "ws") + "/graphql"
    create(origin, {"name": "Birch Mill"})
    graphiql.wait_for('"name": "Birch Mill"')
    assert '"kind": "CREATE"' in graphiql.read()
    graphiql.window.get_by_label("Stop query").click()
    graphiql.window.get_by_label("Execute query").wait_for()
    create(origin, {"name": "Cedar Yard"})
    graphiql.window.wait_for_timeout(500)
    assert "Cedar Yard" not in graphiql.read()
    assert graphiql.complaints == []


def test_nothing_is_asked_of_anyone_else_and_nothing_goes_wrong(graphiql: Seen, origin: str) -> None:
    graphiql.write("{ acc")
    graphiql.window.locator(".suggest-widget").get_by_label("accounts").first.wait_for()
    graphiql.write(QUERY)
    graphiql.window.get_by_label("Prettify query").click()
    graphiql.run()
    graphiql.wait_for(ANSWER)
    graphiql.write(CHANGES)
    graphiql.run()
    graphiql.wait_for('"changes"')
    for panel in ("Documentation Explorer", "History", "GraphiQL Explorer"):
        graphiql.window.get_by_label(f"Show {panel}").click()
    own = (f"{origin}/graphql", f"{origin.replace('http', 'ws')}/graphql", "data:")
    assert [url for url in graphiql.requests if not url.startswith(own)] == []
    assert graphiql.complaints == []


@pytest.mark.parametrize("panel", [None, "Show Plugins"])
def test_on_a_narrow_screen_query_and_answer_are_wide_enough_to_read(graphiql: Seen, panel: str | None) -> None:
    graphiql.window.set_viewport_size({"width": 390, "height": 844})
    if panel:
        graphiql.window.get_by_label(panel).click()
        assert_readable(graphiql.window.locator(".graphiql-plugin"))
    graphiql.window.get_by_label("Execute query").click()
    graphiql.wait_for('"data"')
    editor_ends = assert_readable(graphiql.window.locator(".graphiql-query-editor"))
    answer_ends = assert_readable(graphiql.window.locator(".graphiql-response"), below=editor_ends)
    assert answer_ends <= 844


def assert_readable(pane: Locator, *, below: float = 0) -> float:
    """A pane has room for a few lines of some 30 signs, all of it in the window; gives where it ends."""
    box = pane.bounding_box()
    assert box
    assert box["width"] >= 280
    assert box["height"] >= 120
    assert 0 <= box["x"] <= box["x"] + box["width"] <= 390
    assert box["y"] >= below
    return box["y"] + box["height"]


def test_the_title_of_the_plugins_panel_is_never_cut(graphiql: Seen) -> None:
    graphiql.window.set_viewport_size({"width": 800, "height": 600})
    graphiql.window.get_by_label("Show Plugins").click()
    title = graphiql.window.locator(".plugins-panel header").get_by_text("Plugins", exact=True)
    assert title.evaluate("shown => shown.scrollWidth <= shown.clientWidth")


def test_an_answer_that_is_not_graphql_is_explained(graphiql: Seen) -> None:
    graphiql.window.route("**/graphql", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    graphiql.run()
    graphiql.wait_for("answered 502")
    assert "Bad gateway" in graphiql.read()


def test_the_page_cannot_reach_a_foreign_host(graphiql: Seen) -> None:
    reached = graphiql.window.evaluate("""
        () => new Promise((resolve) => {
            document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective));
            fetch('http://127.0.0.2:9/').catch(() => setTimeout(resolve, 5000, 'it was let out'));
        })
    """)
    assert reached == "connect-src"


def test_the_page_may_not_be_framed(browser: Browser, origin: str) -> None:
    foreign = Response(f'<iframe src="{origin}/graphql"></iframe>', media_type="text/html")
    with serve(foreign) as elsewhere:
        window = open_window(browser)
        window.goto(elsewhere)
        framed, deadline = window.frames[1], time.monotonic() + PATIENCE
        while framed.url in ("", ":", "about:blank") and time.monotonic() < deadline:  # nothing is there yet
            window.wait_for_timeout(50)
        assert framed.url.startswith("chrome-error:")
        window.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_systems_colours(browser: Browser, origin: str, scheme: Any) -> None:
    window = open_window(browser, color_scheme=scheme)
    window.goto(f"{origin}/graphql")
    window.locator(".graphiql-query-editor .view-line").first.wait_for()
    painted = window.locator(".graphiql-container").evaluate("shown => getComputedStyle(shown).backgroundColor")
    brightness = sum(map(int, painted.removeprefix("rgb(").removesuffix(")").split(", ")))
    assert (brightness > 382) == (scheme == "light")
    window.close()


def test_a_page_that_was_not_built_is_replaced_by_one_that_says_what_to_do(tmp_path: Path, browser: Browser) -> None:
    assert page(tmp_path) is None
    window = open_window(browser)
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
