"""Noticing code that keeps the event loop from turning: by looking at the running stack, and by reading the source."""

import ast
import asyncio
import sys
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType

from ...plugins.keywords import meant

BEAT = 0.002  # seconds between two beats of a loop that turns
LONGEST = 0.05  # seconds for which a plugin may hold the loop
SEEN = 3  # looks that must find the plugin at the same line: a machine that was busy elsewhere allows fewer

# What waits without awaiting, by the module it comes from; None stands for all of a module.
BLOCKING: dict[str, frozenset[str] | None] = {
    "time": frozenset({"sleep"}),
    "subprocess": frozenset({"run", "call", "check_call", "check_output"}),
    "os": frozenset({"system", "popen"}),
    "urllib.request": frozenset({"urlopen", "urlretrieve"}),
    "requests": None,
    "requests.api": None,
    "sqlite3": frozenset({"connect"}),
    "socket": frozenset({"create_connection", "getaddrinfo", "gethostbyname"}),
}


class Watch:
    """What was seen of code in some folders or files that held the loop: the place, and for how many seconds."""

    def __init__(self, files: Sequence[Path], *, longest: float = LONGEST) -> None:
        self.held: dict[str, float] = {}
        self._files = {str(file) for file in files}
        self._longest = longest
        self._beaten = time.perf_counter()
        self._ended = False

    @contextmanager
    def watching(self) -> Generator["Watch"]:
        """Watch the loop that runs now, from a thread of its own, until the block ends."""
        loop = asyncio.get_running_loop()
        thread = threading.Thread(target=self._look, args=(threading.get_ident(),), daemon=True)
        self._beat(loop)
        thread.start()
        try:
            yield self
        finally:
            self._ended = True
            thread.join()

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._beaten = time.perf_counter()
        if not self._ended:
            loop.call_later(BEAT, self._beat, loop)

    def _look(self, thread: int) -> None:
        seen: dict[str, int] = {}
        beaten = self._beaten
        while not self._ended:
            time.sleep(BEAT)
            if self._beaten != beaten:
                beaten, seen = self._beaten, {}
                continue
            # no other way to it
            place = self._place(sys._current_frames().get(thread))  # pyright: ignore[reportPrivateUsage]
            if place is None:
                continue
            seen[place] = seen.get(place, 0) + 1
            held = time.perf_counter() - beaten
            if held > self._longest and seen[place] >= SEEN:
                self.held[place] = max(held, self.held.get(place, 0.0))

    def _place(self, frame: FrameType | None) -> str | None:
        """The innermost line of the watched files on the stack."""
        while frame is not None:
            if frame.f_code.co_filename in self._files:
                return f"{Path(frame.f_code.co_filename).name}, line {frame.f_lineno}, in {frame.f_code.co_name}"
            frame = frame.f_back
        return None


def find_blocking_calls(module: ModuleType) -> Iterator[str]:
    """Calls in a module's async functions that are known to wait without awaiting, each with its place."""
    file = Path(module.__file__ or "")
    for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(function, ast.AsyncFunctionDef):
            continue
        for call in ast.walk(function):
            if isinstance(call, ast.Call):
                called = meant(module, call.func)
                home, name = getattr(called, "__module__", None), getattr(called, "__name__", "")
                names = BLOCKING.get(str(home), frozenset())
                if names is None or name in names:
                    yield f"{file.name}, line {call.lineno}, in {function.name}: {home}.{name}() waits without awaiting"
