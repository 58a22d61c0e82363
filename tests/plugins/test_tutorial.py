"""The tutorial: its code is the shipped plugins', its commands and queries answer what it says."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from accord.config.testing import Clock, Gql, Make
from accord.config.testing.host import open_host, settings_for
from accord.tests.config.command_line import run

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "plugins" / "tutorial.md"
BLOCK = re.compile(r"(?:<!-- (?P<note>.+?) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)```$", re.DOTALL | re.MULTILINE)
ANYTHING = "…"


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of code of the page, with the comment right above it, and its line."""

    language: str
    text: str
    note: str
    line: int


def blocks() -> Iterator[Block]:
    page = PAGE.read_text("utf-8")
    for found in BLOCK.finditer(page):
        line = page.count("\n", 0, found.start()) + 1
        yield Block(language=found["language"], text=found["text"], note=found["note"] or "", line=line)


def test_the_code_of_the_page_is_that_of_the_shipped_plugins():
    parts: dict[str, list[Block]] = {}
    for block in blocks():
        if block.note.endswith(".py"):
            parts.setdefault(block.note, []).append(block)
    shipped = ROOT / "plugins"
    files = [path for name in ("healthcare", "finance") for path in sorted((shipped / name).glob("*.py"))]
    assert sorted(parts) == sorted(path.relative_to(shipped).as_posix() for path in files)
    for name, several in parts.items():
        source = (shipped / name).read_text("utf-8")
        place = 0
        for block in several:
            there = source[place : place + len(block.text)]
            assert there == block.text, f"{PAGE.name}:{block.line} differs from plugins/{name}"
            place += len(block.text)
            while source[place : place + 1] == "\n":
                place += 1
        assert source[place:] == "", f"the end of plugins/{name} is not in {PAGE.name}"


def expected(lines: list[str]) -> "re.Pattern[str]":
    """What a command may print: `…` on a line of its own stands for any lines, within a line for any text."""
    parts = [
        r"(?:.*\n)*?" if line == ANYTHING else re.escape(line).replace(re.escape(ANYTHING), ".*") + r"\n"
        for line in lines
    ]
    return re.compile("".join(parts))


def run_console(folder: Path, block: Block) -> None:
    """Run the commands of a block one after the other, and look at what each prints."""
    commands = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    for command in commands:
        first, *lines = command.splitlines()
        program, *arguments = shlex.split(first)
        assert program == "accord"
        done = run(folder, *arguments)
        assert (done.code, done.err) == (0, ""), first
        assert expected(lines).fullmatch(done.out), f"{PAGE.name}:{block.line} {first}\n{done.out}"


async def test_the_commands_and_queries_of_the_page_answer_what_it_says(tmp_path: Path):
    schemas: dict[tuple[str, ...], Any] = {}
    plugins: tuple[str, ...] = ()
    asked: Block | None = None
    count = 0
    for block in blocks():
        match block.language:
            case "toml":
                (tmp_path / "accord.toml").write_text(block.text, "utf-8")
                plugins = tuple(tomllib.loads(block.text)["plugins"])
            case "console":
                run_console(tmp_path, block)
            case "graphql":
                assert asked is None
                asked = block
            case "json":
                assert asked is not None
                settings = settings_for(f"sqlite:{tmp_path / 'tutorial.db'}", plugins)
                async with open_host(settings, schema=schemas.get(plugins)) as host:
                    schemas[plugins] = host.accord.schema
                    gql = host.as_actor() if asked.note == "as nobody" else host.gql
                    answer = await gql(asked.text)
                assert answer == json.loads(block.text)["data"], f"{PAGE.name}:{asked.line}"
                asked = None
                count += 1
            case _:
                assert block.language == "python"
    assert count == 6


@pytest.mark.accord_plugins("healthcare")
async def test_the_test_of_the_page_passes(gql: Gql, make_account: Make, clock: Clock):
    [source] = [block.text for block in blocks() if block.language == "python" and not block.note]
    names: dict[str, Any] = {}
    exec(compile(source, str(PAGE), "exec"), names)  # noqa: S102 - a page of this repository
    [test] = [value for name, value in names.items() if name.startswith("test_")]
    await test(gql=gql, make_account=make_account, clock=clock)
