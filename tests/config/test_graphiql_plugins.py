"""GraphiQL's side panel 'Plugins', in Chromium: what people read there, and the queries that they click."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from accord.config.app import create_app
from accord.config.composition import target_of
from accord.config.settings import Settings
from accord.graph.migrating import apply
from accord.tests.browser import build_page, serve
from accord.tests.config.test_graphiql import Seen, browser, graphiql

__all__ = ["browser", "graphiql"]  # fixtures, on the app below


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where an app is served that has healthcare enabled."""
    build_page()
    location = f"sqlite:{tmp_path_factory.mktemp('panel') / 'accord.db'}"
    settings = Settings(database=location, plugins=("healthcare",))
    asyncio.run(apply(target_of(settings), progress=lambda step: None))
    with serve(create_app(settings)) as address:
        yield address


def test_the_panel_tells_of_every_plugin_and_its_examples_run(graphiql: Seen, origin: str) -> None:
    window = graphiql.window
    window.get_by_role("button", name="Show Plugins").click()
    card = window.locator("[data-plugin=healthcare]")
    card.wait_for()
    assert card.locator(".plugins-state").inner_text() == "enabled"
    assert window.locator("[data-plugin=finance] .plugins-state").inner_text() == "available"
    for title, text in {
        "Fields": "Contact.healthcare.mrn: String",
        "Rules": "HEALTHCARE_NPI_NEEDED",
        "Permissions": "healthcare.phi.read",
        "Settings": "agreement_needed = true",
        "Migrations": "0001_initial",
    }.items():
        part = card.locator("details").filter(has=window.locator("summary", has_text=title))
        part.locator("summary").click()
        part.locator("dt", has_text=text).first.wait_for()
    example = card.locator(".plugins-examples button").first
    assert example.inner_text() == "Who has signed no agreement"
    example.click()
    graphiql.run()
    graphiql.wait_for('"data"')
    assert '"errors"' not in graphiql.read()
    assert graphiql.complaints == []
    assert all(asked.startswith((origin, "data:", "blob:")) for asked in graphiql.requests)


def test_an_example_opens_once_under_its_title_and_with_line_breaks(graphiql: Seen) -> None:
    window = graphiql.window
    window.get_by_role("button", name="Show Plugins").click()
    example = window.locator("[data-plugin=healthcare] .plugins-examples button").first
    tabs = window.locator(".graphiql-tab-button")
    before = tabs.all_inner_texts()
    example.click()
    tabs.get_by_text("WhoHasSignedNoAgreement").wait_for()
    assert window.locator(".graphiql-query-editor .view-line").count() >= 5
    tabs.first.click()
    window.locator(".graphiql-query-editor .view-line").filter(has_text="Welcome to Accord").wait_for()
    example.click()
    window.locator(".graphiql-query-editor .view-line").filter(has_text="WhoHasSignedNoAgreement").wait_for()
    assert tabs.all_inner_texts() == [*before, "WhoHasSignedNoAgreement"]
    assert graphiql.complaints == []
