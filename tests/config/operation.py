"""A server as operators run it: a process of its own, whose log is read, and that is ended by signals."""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from accord.tests.config.command_line import COMMAND, environment
from accord.tests.ports import free_ports
from accord.tests.waiting import PATIENCE

ATTEMPTS = 3  # another program may take the port between its choice and the start


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that is ready, or about to be."""

    process: "subprocess.Popen[bytes]"
    port: int
    said: Path
    logged: Path

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"{self.origin}/graphql"

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of a document that must have no errors."""
        answer = httpx.post(self.address, json={"query": query, "variables": variables}, timeout=PATIENCE).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def log(self) -> str:
        """Everything on its stderr."""
        return self.logged.read_text()

    def lines(self) -> list[dict[str, Any]]:
        """The lines of its log; each must be JSON. One that is being written does not count yet."""
        text = self.log()
        if self.process.poll() is None:
            text = text[: text.rfind("\n") + 1]
        return [json.loads(line) for line in text.splitlines()]

    def messages(self) -> list[str]:
        return [line["message"] for line in self.lines()]

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to the process that was started."""
        self.process.send_signal(number)

    def ended(self, within: float = PATIENCE) -> int:
        """Wait for its end; gives the exit code."""
        return self.process.wait(within)


@contextmanager
def running(folder: Path, *arguments: str, **settings: str) -> Generator[Server]:
    """Start a server in a folder, and wait until it is ready; killed at the end if it still runs."""
    for attempt in range(ATTEMPTS):
        server = _started(folder, arguments, {"log_level": "info", **settings})
        try:
            if _is_ready(server) or attempt == ATTEMPTS - 1:
                assert server.process.poll() is None, server.log()
                yield server
                return
        finally:
            server.process.kill()
            server.process.wait()


@contextmanager
def sending(server: Server, query: str, **variables: Any) -> Generator["Future[httpx.Response]"]:
    """A request under way: all of it lies with the server, whether it has looked at it yet or not."""
    whole = threading.Event()

    def heed(step: str, _: Any) -> None:
        if step == "http11.send_request_body.complete":
            whole.set()

    def post() -> httpx.Response:
        asked = {"query": query, "variables": variables}
        with httpx.Client(timeout=PATIENCE) as client:
            return client.post(server.address, json=asked, extensions={"trace": heed})

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(post)
        assert whole.wait(PATIENCE)
        yield answer


def until(claim: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait for what is not announced; gives what is found."""
    deadline = time.monotonic() + seconds
    while not (found := claim()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)
    return found


def _started(folder: Path, arguments: tuple[str, ...], settings: dict[str, str]) -> Server:
    [port] = free_ports()
    said, logged = folder / f"said-{port}.txt", folder / f"log-{port}.txt"
    with said.open("wb") as out, logged.open("wb") as err:
        process = subprocess.Popen(
            [str(COMMAND), "serve", "--port", str(port), *arguments],
            cwd=folder,
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
    return Server(process=process, port=port, said=said, logged=logged)


def _is_ready(server: Server) -> bool:
    """Whether it got so far; not if another program has its port."""

    def is_settled() -> bool:
        return server.process.poll() is not None or "End: Ctrl-C" in server.said.read_text()

    until(is_settled)
    return server.process.poll() is None
