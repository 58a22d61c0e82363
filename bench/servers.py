"""The servers of a run: one process each, all at once, of which one at a time has work."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 30.0  # seconds until a server answers


@dataclass(frozen=True, kw_only=True)
class ServerProcess:
    """A running server."""

    name: str
    port: int
    pid: int

    def path(self, workload: str) -> str:
        """Where a workload's requests go: the limit reads none of them, and is told by the path."""
        return f"/{workload}" if self.name == "limit" else "/graphql"

    def ask(self, workload: str, body: bytes) -> bytes:
        """One answer, whatever it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", self.path(workload), body, {"Content-Type": "application/json"})
            return connection.getresponse().read()
        finally:
            connection.close()

    def cpu_seconds(self) -> float:
        """What the process has used so far, all its threads together."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def running_server(
    name: str, location: str, recorded: Path, log: IO[bytes], plugins: Sequence[str] = ()
) -> Iterator[ServerProcess]:
    """Start a server on a free port of this machine and end it with the block; `plugins` are Accord's enabled ones."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        port: int = listening.getsockname()[1]
        number = listening.fileno()
        command = [sys.executable, "-P", "-m", "accord.bench.serving", name, str(number), location, str(recorded)]
        surroundings = {**os.environ, "ACCORD_PLUGINS": ",".join(plugins)}
        process = subprocess.Popen(  # noqa: S603 - our own
            command, pass_fds=[number], stdout=log, stderr=log, cwd=recorded.parent, env=surroundings
        )
    try:
        server = ServerProcess(name=name, port=port, pid=process.pid)
        _wait_until_ready(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(server: ServerProcess, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The server {server.name} did not start; see the log in var/bench.")
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=1) as connection:
                connection.settimeout(PATIENCE)
                connection.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if connection.recv(1):
                    return
        except OSError:
            time.sleep(0.05)
