"""The README and the pages in docs/: what they say the API answers, it answers, and what they point at is there."""

import json
import re
from pathlib import Path

import pytest

from accord.config.commands.serve import FIRST_QUERY
from accord.config.demo.loading import load_demo
from accord.config.settings import NAMES, Settings
from accord.tests.accord_fixture import Bench

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
PAGES = ("README.md", "docs/getting-started.md", "docs/demo.md")
EXAMPLE = re.compile(r"```graphql\n(.*?)```\s+```json\n(.*?)```", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


async def test_the_answers_in_the_pages_are_those_of_the_demo(bench: Bench):
    await load_demo(bench.accord.writer, progress=lambda what, done, total: None)
    for page in PAGES:
        examples = EXAMPLE.findall((ROOT / page).read_text("utf-8"))
        assert examples, page
        for query, answer in examples:
            assert await bench.ask(query) == json.loads(answer)["data"], f"{page}: {query}"
    nodes = (await bench.ask(FIRST_QUERY))["accounts"]["nodes"]
    assert [bool(node["contacts"]["nodes"]) for node in nodes] == [True] * 3


@pytest.mark.parametrize("page", ["README.md", *DOCS])
def test_links_lead_to_files(page: str):
    links = LINK.findall(CODE.sub("", (ROOT / page).read_text("utf-8")))
    files = [link for link in links if "://" not in link]
    assert [link for link in files if not ((ROOT / page).parent / link).exists()] == []


def test_every_page_can_be_reached_from_the_readme():
    linked = set(LINK.findall((ROOT / "README.md").read_text("utf-8")))
    assert {*DOCS} - linked == set()


def test_the_page_on_configuration_lists_every_setting_with_its_default():
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    listed = [line for line in page.splitlines() if line.startswith("| `")]
    rows: list[str] = []
    for name in NAMES:
        field = Settings.model_fields[name]
        found = field.get_default(call_default_factory=True, validated_data={})
        value = list(found) if isinstance(found, tuple) else found
        default = "none" if value is None else json.dumps(value)
        rows.append(f"| `{name}` | `{default}` | {field.description} |")
    assert listed == rows
