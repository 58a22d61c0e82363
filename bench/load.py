"""Load: as many requests as a server answers, from another process.

The client is ours, and no heavier than wrk: 0.016 ms of CPU for a request. Unlike it, it waits for every answer.
"""

import asyncio
import itertools
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import uvloop


@dataclass(frozen=True, kw_only=True)
class Load:
    """What came of a run; times are in milliseconds."""

    requests: int
    seconds: float
    failed: int
    p50: float
    p99: float
    slowest: float


def put_load(port: int, path: str, bodies: Sequence[bytes], connections: int, seconds: float, folder: Path) -> Load:
    """Send the bodies by turns over kept connections, each the next one as soon as it has an answer."""
    file = folder / "bodies"
    file.write_bytes(b"\n".join(bodies))
    command = [sys.executable, "-m", "accord.bench.load", str(port), path, str(file), str(connections), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60)  # noqa: S603 - our own
    return Load(**orjson.loads(done.stdout.splitlines()[-1]))


class _Connection(asyncio.Protocol):
    """One connection of our client: HTTP/1.1 with Content-Length, and nothing else."""

    def __init__(self, run: "_Run") -> None:
        self.run = run
        self.held = b""
        self.missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment] - a stream's, as it connects to a port
        self.send()

    def send(self) -> None:
        self.began = time.perf_counter()
        if self.began >= self.run.until:
            self.transport.close()
        else:
            self.transport.write(next(self.run.requests))

    def data_received(self, data: bytes) -> None:
        if self.missing:
            self.missing -= len(data)
        else:
            self.held += data
            end = self.held.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.held[:end].lower()
            place = head.find(b"content-length:") + 15
            length = int(head[place : head.find(b"\r\n", place) if b"\r\n" in head[place:] else None])
            if not head.startswith(b"http/1.1 200") or b'"errors"' in self.held[end : end + 200]:
                self.run.failed += 1
            self.missing = length - (len(self.held) - end - 4)
            self.held = b""
        if not self.missing:
            self.run.times.append(time.perf_counter() - self.began)
            self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        self.run.closed.release()


class _Run:
    def __init__(self, requests: Sequence[bytes], seconds: float) -> None:
        self.requests = itertools.cycle(requests)
        self.until = time.perf_counter() + seconds
        self.times: list[float] = []
        self.failed = 0
        self.closed = asyncio.Semaphore(0)


async def _run(port: int, path: str, bodies: Sequence[bytes], connections: int, seconds: float) -> Load:
    start = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: "
    requests = [start.encode() + f"{len(body)}\r\n\r\n".encode() + body for body in bodies]
    run = _Run(requests, seconds)
    began = time.perf_counter()
    for _ in range(connections):
        await asyncio.get_running_loop().create_connection(lambda: _Connection(run), "127.0.0.1", port)
    for _ in range(connections):
        await run.closed.acquire()
    times = sorted(one * 1000 for one in run.times)
    return Load(
        requests=len(times),
        seconds=time.perf_counter() - began,
        failed=run.failed,
        p50=times[len(times) // 2],
        p99=times[len(times) * 99 // 100],
        slowest=times[-1],
    )


def main() -> None:
    """The client as a process of its own; prints the outcome as JSON."""
    port, path, file, connections, seconds = sys.argv[1:]
    bodies = Path(file).read_bytes().split(b"\n")
    load = uvloop.run(_run(int(port), path, bodies, int(connections), float(seconds)))
    print(orjson.dumps(load).decode())


if __name__ == "__main__":
    main()
