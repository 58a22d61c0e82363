"""The pages about clients: somebody who follows one has what it says, on an empty database."""

import json
import shlex
from pathlib import Path

import pytest

from accord.tests.clients.node_project import HERE, PAGES, Installed, blocks, make_project

NAMES = sorted(path.name for path in PAGES.glob("*.md"))


@pytest.mark.parametrize("page", NAMES)
def test_a_page_does_what_it_says(page: str, installed: Installed, server: str, tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", installed, page, server)
    for block in blocks(page):
        for command in block.content.splitlines() if block.language == "sh" else ():
            if not command.startswith("npm install "):
                project.run(*shlex.split(command.removeprefix("npx ")))
    project.run("tsc", "--project", ".")
    if page == "relay.md":  # what a bundler's plugin does
        project.script("replace_tags.mjs")
    printed = project.run("node", "out/main.js")
    (expected,) = [block.content for block in blocks(page) if block.language == "text"]
    assert printed == expected
    if page == "relay.md":
        shown = project.script("render_page.mjs")
        assert "<h1>Kestrel Instruments</h1><ul><li>Abel</li><li>Berg</li></ul><button>More</button>" in shown


@pytest.mark.parametrize("page", NAMES)
def test_a_page_installs_what_it_is_tested_with(page: str) -> None:
    tested = set(json.loads((HERE / "package.json").read_text("utf-8"))["dependencies"])
    commands = [line for block in blocks(page) if block.language == "sh" for line in block.content.splitlines()]
    named = [shlex.split(line)[2:] for line in commands if line.startswith("npm install ")]
    assert named
    missing = {name for names in named for name in names if not name.startswith("--")} - tested
    assert not missing, "add them to tests/clients/package.json"


def test_there_is_a_page_for_each_client() -> None:
    assert NAMES == ["apollo.md", "codegen.md", "relay.md", "urql.md"]
