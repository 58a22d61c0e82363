"""A Node.js project for a test: the packages of the clients, installed once, and a folder to run programs in."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from accord.config.graphiql_build import NPM_FLAGS, BuildError, Node, fetch_node, find_node
from accord.tests.browser import attempts, go_without
from accord.tests.waiting import PATIENCE

HERE = Path(__file__).parent
PAGES = HERE.parent.parent / "docs" / "clients"
ADDRESS = "127.0.0.1:8000"  # as it is written in the pages
BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<content>.*?)^```$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of code in a page; `title` is the file that it is."""

    language: str
    title: str | None
    content: str


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A Node.js with the packages of the clients."""

    node: Node
    modules: Path


@dataclass(frozen=True, kw_only=True)
class Project:
    """A folder as somebody has it who follows a page."""

    folder: Path
    installed: Installed

    def run(self, *command: str) -> str:
        """What a command prints; it must succeed, and without warnings."""
        programs = (
            self.installed.modules / ".bin",
            Path(self.installed.node.program).parent,
            Path(sys.executable).parent,
        )
        environment = {
            **os.environ,
            "PATH": os.pathsep.join((*map(str, programs), os.environ["PATH"])),
            "NO_COLOR": "1",
        }
        environment["NODE_OPTIONS"] = f"--import={(self.folder / 'browser.mjs').as_uri()}"
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        assert "Warning:" not in done.stderr, done.stderr
        return done.stdout

    def script(self, name: str, *arguments: str) -> str:
        """What a program of the tests prints."""
        shutil.copy(HERE / name, self.folder)
        return self.run("node", name, *arguments)


def blocks(page: str) -> Iterator[Block]:
    """The blocks of code in a page, in order."""
    for found in BLOCK.finditer((PAGES / page).read_text("utf-8")):
        yield Block(**found.groupdict())


def make_project(folder: Path, installed: Installed, page: str | None = None, server: str = "") -> Project:
    """A project with the files of a page, which talk to the server at this address (host and port)."""
    shutil.copytree(HERE / "project", folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(installed.modules, target_is_directory=True)
    for block in blocks(page) if page else ():
        if block.title:
            file = folder / block.title
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.content.replace(ADDRESS, server), "utf-8")
    return Project(folder=folder, installed=installed)


def install(source: Path = HERE) -> Installed:
    """Install the packages that a folder names, unless they are there from an earlier time.

    Without Node.js or npm the test is skipped.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "accord"
    digest = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()[:16]
    installed = cache / f"{source.name}-{digest}"
    cache.mkdir(parents=True, exist_ok=True)
    node = _node(cache)
    if not installed.exists():
        with tempfile.TemporaryDirectory(dir=cache, ignore_cleanup_errors=True) as name:
            workshop = Path(name) / source.name
            workshop.mkdir()
            for file in ("package.json", "package-lock.json", ".npmrc"):
                shutil.copy(source / file, workshop)
            _install(node, workshop)
            try:
                workshop.rename(installed)
            except OSError:  # another run of the tests was faster
                assert installed.exists()
    return Installed(node=node, modules=installed / "node_modules")


def _install(node: Node, folder: Path) -> None:
    problem = ""
    for _ in range(attempts()):
        try:
            command = [*node.npm, "ci", *NPM_FLAGS]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            problem = f"it took longer than {PATIENCE:g} seconds"
            continue
        if not done.returncode:
            return
        problem = done.stderr[-1000:]
    go_without(f"The packages of {folder.name} can't be installed: {problem}")


def _node(cache: Path) -> Node:
    found = find_node()
    if found is None and os.environ.get("CI") == "true":
        try:
            return fetch_node(cache / "node", print, time.monotonic() + PATIENCE)
        except BuildError as failure:
            go_without(f"Node.js can't be had: {failure}")
    return found or go_without("No Node.js 20.19 or newer with npm on this machine.")
