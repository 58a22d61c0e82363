"""The command `accord` as a shell runs it: in a folder of its own, with nothing of the caller's settings."""

import os
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from accord.tests.waiting import PATIENCE

COMMAND = Path(sys.executable).with_name("accord")


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a command that has ended said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def complaints(self) -> list[str]:
        """The lines of its errors, each of which must begin with the program's name."""
        lines = self.err.splitlines()
        assert all(line.startswith("accord: ") for line in lines), self.err
        return [line.removeprefix("accord: ") for line in lines]


def start(folder: Path, *arguments: str, **settings: str) -> "subprocess.Popen[str]":
    """Start the command in a folder; `settings` are set as ACCORD_ variables."""
    return subprocess.Popen(
        [str(COMMAND), *arguments],
        cwd=folder,
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(started: "subprocess.Popen[str]") -> Done:
    """Wait for a started command."""
    try:
        out, err = started.communicate(timeout=PATIENCE)
    finally:
        started.kill()
    return Done(code=started.returncode, out=out, err=err)


def run(folder: Path, *arguments: str, **settings: str) -> Done:
    """Run the command to its end."""
    return finish(start(folder, *arguments, **settings))


def environment(**settings: str) -> Mapping[str, str]:
    """The caller's environment without settings of Accord, and with those given; 80 columns and no colours.

    Only errors are logged, so that what a test sees on stderr is what went wrong.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("ACCORD_")}
    given = {f"ACCORD_{name.upper()}": value for name, value in settings.items()}
    return {**own, "COLUMNS": "80", "NO_COLOR": "1", "ACCORD_LOG_LEVEL": "error", **given}


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server that is ready."""

    process: "subprocess.Popen[str]"
    address: str
    said: list[str]

    def ask(self, query: str) -> Any:
        """The data of a query that must have no errors."""
        answer = httpx.post(self.address, json={"query": query}, timeout=PATIENCE).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def end(self, signal: int) -> Done:
        """End it by a signal; `out` is what it said since it was ready."""
        self.process.send_signal(signal)
        return finish(self.process)


@contextmanager
def serving(folder: Path, port: int, *arguments: str, **settings: str) -> Generator[Running]:
    """A server from the moment that it says it is ready, killed at the end if it still runs."""
    process = start(folder, "serve", "--port", str(port), *arguments, **settings)
    try:
        yield until_ready(process, port)
    finally:
        process.kill()
        process.communicate()


def until_ready(process: "subprocess.Popen[str]", port: int) -> Running:
    """Read what a starting server says until its last line of that."""
    assert process.stdout is not None
    assert process.stderr is not None
    said: list[str] = []
    with killed_in_time(process):
        while not said or not said[-1].startswith("End: "):
            line = process.stdout.readline()
            assert line, f"ended before it was ready: {said} {process.stderr.read()}"
            said.append(line.rstrip("\n"))
    return Running(process=process, address=f"http://127.0.0.1:{port}/graphql", said=said)


@contextmanager
def killed_in_time(process: "subprocess.Popen[str]") -> Generator[None]:
    """Kill a process that takes too long, so that reading what it says comes to an end."""
    timer = threading.Timer(PATIENCE, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
