"""What the server writes of itself: a line for each thing that happened, in JSON or as text, without personal data.

What a customer typed may stand in the text of any exception and in what other packages log. So of an exception its type
is written, its place in the code and the codes that databases give; of what other packages say no values. Only what
Accord tells the authors of plugins is written in its words, which name declarations and nothing else.
"""

import asyncio
import errno
import logging
import os
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from traceback import walk_tb
from types import TracebackType
from typing import Any, Literal, TextIO, cast

import orjson

log = logging.getLogger("accord.server")

FOR_AUTHORS = "is_for_authors"  # the attribute of an exception whose words Accord has for the authors of plugins
FIELDS = "fields"  # the attribute of a log record that holds named values besides its message
LONGEST_MESSAGE = 500
MOST_FRAMES = 40
MOST_CAUSES = 5
OWN = ("accord", "uvicorn")  # what these say holds no values of customers
CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")
CODES = ("code", "sqlstate", "sqlite_errorname", "constraint_name", "table_name", "column_name")


def start_logging(level: str, form: Literal["auto", "json", "text"], stream: TextIO) -> None:
    """Write what this process logs to the stream: as text to a terminal and as JSON elsewhere, unless the form is said.

    Of other packages only warnings and errors are heard, whatever the level: below that they repeat what they are sent.
    """
    is_text = form == "text" or (form == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextLines() if is_text else JsonLines())
    chosen: int = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger().handlers = [handler]
    logging.getLogger().setLevel(max(chosen, logging.WARNING))
    logging.getLogger("accord").setLevel(chosen)
    logging.raiseExceptions = False  # a line that can't be written would be shown on stderr with all its values
    # what no line shows need not be found out for each
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    threading.excepthook = lambda failed: log.error("a thread failed", exc_info=failed.exc_value)
    sys.unraisablehook = lambda failed: log.error("an object could not be cleaned up", exc_info=failed.exc_value)


def hear_of_failures(loop: asyncio.AbstractEventLoop) -> None:
    """Let failures that nobody waits for be logged by us; asyncio's own words hold the text of the exception."""

    def note(loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        error = context.get("exception")
        words = "something failed that nobody waited for" if error is not None else str(context.get("message", ""))
        log.error("%s", words, exc_info=error)

    loop.set_exception_handler(note)


def write(logger: logging.Logger, level: int, message: str, fields: Mapping[str, Any]) -> None:
    """Log a message with named values, without looking for the place of the call, which would take most of the time."""
    if logger.isEnabledFor(level):
        record = logger.makeRecord(logger.name, level, "", 0, message, (), None, extra={FIELDS: fields})
        logger.handle(record)


class JsonLines(logging.Formatter):
    """One JSON object a line; made anew in each process, whose number the lines bear."""

    def __init__(self) -> None:
        super().__init__()
        self._process = os.getpid()
        self._second, self._shown = 0, ""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, Any] = {
            "time": self._time(record.created),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": _message(record),
            **_fields(record),
        }
        if (error := _error(record)) is not None:
            line["error"] = described(error)
        return orjson.dumps(line, default=lambda value: type(value).__name__).decode()

    def _time(self, moment: float) -> str:
        """ISO 8601 in UTC with milliseconds; most lines are written in the same second as the one before."""
        second = int(moment)
        if second != self._second:
            self._second, self._shown = second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._shown}.{int((moment - second) * 1000):03d}Z"


class TextLines(logging.Formatter):
    """A line to be read by people, with the stack of an exception below it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        moment = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        fields = " ".join(_shown(name, value) for name, value in _fields(record).items() if value not in (None, [], {}))
        message = _message(record).replace("\n", " ")
        line = f"{moment} {record.levelname.lower():<7} {message} {fields}".rstrip()
        if (error := _error(record)) is not None:
            line = "\n".join((line, *_indented(described(error))))
        return line


def described(error: BaseException, depth: int = 0) -> dict[str, Any]:
    """What may be known of an exception: its type, the codes that it carries, where it came from, and its cause."""
    found: dict[str, Any] = {"type": _type_name(error), **_codes(error), "stack": list(_stack(error.__traceback__))}
    if getattr(error, FOR_AUTHORS, False):
        found["said"] = str(error)[:LONGEST_MESSAGE]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if depth < MOST_CAUSES:
        if cause is not None:
            found["cause"] = described(cause, depth + 1)
        if isinstance(error, BaseExceptionGroup):
            several = cast("BaseExceptionGroup[BaseException]", error).exceptions
            found["several"] = [described(one, depth + 1) for one in several[:MOST_CAUSES]]
    return found


def _message(record: logging.LogRecord) -> str:
    """The words of a record; what is an exception among its values is named by its type."""
    if record.name.partition(".")[0] not in OWN:
        words = f", {record.msg!r}" if record.args and isinstance(record.msg, str) else ""
        return f"from {record.module}:{record.lineno}{words}"[:LONGEST_MESSAGE]
    values = record.args
    if isinstance(values, tuple):
        values = tuple(_type_name(one) if isinstance(one, BaseException) else one for one in values)
    text = str(record.msg)
    said = (text % values if values else text).strip()[:LONGEST_MESSAGE]
    return said if said.isascii() else said.encode(errors="replace").decode()  # JSON has no half characters


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    return record.__dict__.get(FIELDS) or {}


def _error(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


def _type_name(error: BaseException) -> str:
    type_ = type(error)
    return type_.__qualname__ if type_.__module__ == "builtins" else f"{type_.__module__}.{type_.__qualname__}"


def _codes(error: BaseException) -> dict[str, str]:
    codes = {name: str(value) for name in CODES if CODE.fullmatch(str(value := getattr(error, name, None) or ""))}
    if isinstance(error, OSError) and error.errno is not None:
        codes["errno"] = errno.errorcode.get(error.errno, str(error.errno))
    return codes


def _stack(traceback: TracebackType | None) -> Iterator[str]:
    """The way to the place, the innermost last; modules stand for files, whose paths are this machine's business."""
    frames = list(walk_tb(traceback))
    for frame, line in frames[-MOST_FRAMES:]:
        yield f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}"


def _shown(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        inner = cast(Mapping[str, Any], value)
        return " ".join(_shown(f"{name}.{key}", one) for key, one in inner.items() if one is not None)
    if isinstance(value, list | tuple):
        return f"{name}={','.join(map(str, cast(list[Any], value)))}"
    return f"{name}={value}"


def _indented(error: Mapping[str, Any]) -> Iterator[str]:
    codes = " ".join(f"{name}={value}" for name, value in error.items() if isinstance(value, str) and name != "type")
    yield f"    {error['type']} {codes}".rstrip()
    yield from (f"      {place}" for place in error["stack"])
    for inner in (*error.get("several", ()), *([error["cause"]] if "cause" in error else ())):
        yield "    because of"
        yield from _indented(inner)
