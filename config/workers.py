"""Several worker processes under one that starts them, replaces those that die, and passes signals on.

Workers are forked, so that all share what was imported and built before. A worker holds one end of a pipe whose other
end is its parent's alone: when that closes, however the parent ended, the worker stops.
"""

import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

log = logging.getLogger("accord.server")

QUICK_SECONDS = 10.0  # a worker that lives no longer has failed to start
MOST_FAILURES = 5  # in a row; if nobody serves then, something is wrong that another try doesn't mend
PAUSE = 1.0
LONGEST_PAUSE = 30.0
GRACE_SECONDS = 15.0  # what a worker may take beyond the time of its requests before it is killed
STOPS = (signal.SIGINT, signal.SIGTERM)

Work = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A running worker: its place, from 0, and when it was started."""

    number: int
    started: float


def can_fork() -> bool:
    """Whether this system has what several workers need."""
    return hasattr(os, "fork")


def supervise(count: int, work: Work, *, stop_seconds: float, stopping: Callable[[], None]) -> bool:
    """Keep so many processes at `work(number, parent)` until a signal; False if they kept failing.

    `parent` is a file to read whose end means that the parent is gone. `stopping` is called at the first signal; a
    second one is passed on as well, so that the workers end at once.
    """
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join(
                PAUSE
            )  # what a thread holds at a fork nobody gives back; those of a database that was closed end
    with _hearing() as heard:
        return _Supervisor(count, work, stop_seconds, stopping, heard).run()


class _Supervisor:
    """The parent of the workers."""

    def __init__(
        self, count: int, work: Work, stop_seconds: float, stopping: Callable[[], None], heard: socket.socket
    ) -> None:
        self._work = work
        self._stop_seconds = stop_seconds
        self._stopping = stopping
        self._heard = heard
        self._pipe = os.pipe()
        self._workers: dict[int, Worker] = {}
        self._due = [(0.0, number) for number in range(count)]
        self._failures = 0
        self._has_failed = False
        self._deadline: float | None = None  # set once it stops

    def run(self) -> bool:
        while self._deadline is None or self._workers:
            if self._deadline is None:
                self._start_due()
            elif time.monotonic() > self._deadline:
                log.error("workers did not end in time; they are killed")
                self._signal(signal.SIGKILL)
            for number in self._next_signals(PAUSE):
                if number in STOPS:
                    self._stop()
            self._reap()
        return not self._has_failed

    def _start_due(self) -> None:
        now = time.monotonic()
        due = [number for moment, number in self._due if moment <= now]
        self._due = [(moment, number) for moment, number in self._due if moment > now]
        for number in due:
            self._start(number)

    def _start(self, number: int) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, (*STOPS, signal.SIGCHLD))  # none of them is for both
        sys.stdout.flush()
        pid = os.fork()
        if not pid:
            self._be_worker(number)
        self._workers[pid] = Worker(number=number, started=time.monotonic())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (*STOPS, signal.SIGCHLD))
        log.info("worker %s is process %s", number, pid)

    def _be_worker(self, number: int) -> NoReturn:
        code = 1
        try:
            os.setpgid(0, 0)  # Ctrl-C reaches the parent alone, which passes it on
            signal.set_wakeup_fd(-1)
            for one in (*STOPS, signal.SIGCHLD):
                signal.signal(one, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (*STOPS, signal.SIGCHLD))
            parent, own = self._pipe
            os.close(own)
            self._work(number, parent)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException as error:  # the end of a process: what is not logged here is never known
            log.error("worker %s failed", number, exc_info=error)
        finally:
            sys.stdout.flush()
            os._exit(code)

    def _next_signals(self, seconds: float) -> Collection[int]:
        """The signals that came; waits for one at most so long."""
        if not select.select([self._heard], [], [], seconds)[0]:
            return ()
        return self._heard.recv(4096)

    def _reap(self) -> None:
        """Take note of the workers that ended; those that were not told to are replaced."""
        for pid, worker in list(self._workers.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            del self._workers[pid]
            code = os.waitstatus_to_exitcode(status)
            if self._deadline is not None:
                # one that was starting has no way to end yet but the signal's own
                self._has_failed = self._has_failed or code not in (0, -signal.SIGTERM)
                continue
            log.error("worker %s, process %s, ended with %s; another is started", worker.number, pid, code)
            self._failures = self._failures + 1 if _is_young(worker) else 0
            pause = min(PAUSE * 2 ** (self._failures - 1), LONGEST_PAUSE) if self._failures else 0.0
            self._due.append((time.monotonic() + pause, worker.number))
        is_served = any(not _is_young(worker) for worker in self._workers.values())
        if self._failures > MOST_FAILURES and not is_served and self._deadline is None:
            log.error("workers keep ending right after their start; stopping")
            self._has_failed = True
            self._stop()

    def _stop(self) -> None:
        if self._deadline is None:
            self._deadline = time.monotonic() + self._stop_seconds + GRACE_SECONDS
            self._stopping()
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._workers:
            os.kill(pid, number)  # it is a child that was not waited for, so that the id is still its own


def _is_young(worker: Worker) -> bool:
    return time.monotonic() - worker.started < QUICK_SECONDS


def _heed(number: int, frame: FrameType | None) -> None:
    """A signal is heard through the socket; without a handler the process would end, or not hear of it."""


@contextmanager
def _hearing() -> Generator[socket.socket]:
    """A socket that yields the number of each signal that comes."""
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    before = {one: signal.signal(one, _heed) for one in (*STOPS, signal.SIGCHLD)}
    wakeup = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(wakeup)
        for one, handler in before.items():
            signal.signal(one, handler)
        reading.close()
        writing.close()
