"""What commands write: lines that are never cut, and on a terminal a bar where work may take long."""

import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager

Report = Callable[[str, int, int], None]


def say(line: str, *, over: bool = False) -> None:
    """Write a line; `over` what a terminal shows of the key that was pressed, such as ^C."""
    start = "\r" if over and sys.stdout.isatty() else ""
    sys.stdout.write(f"{start}{line}\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    """Write a line of an error, red on a terminal."""
    colour, plain = ("\x1b[31m", "\x1b[0m") if sys.stderr.isatty() else ("", "")
    sys.stderr.write(f"{colour}accord: {line}{plain}\n")


@contextmanager
def progress(title: str) -> Generator[Report]:
    """A function that hears what is being done, how much is done, and of how much.

    On a terminal it moves a bar, which is gone afterwards; elsewhere it writes a line whenever it hears something new.
    """
    if not sys.stdout.isatty():
        yield _lines(title)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda what, done, total: bar.update(
            task, description=f"{title}: {what}" if what else title, completed=done, total=total
        )


def _lines(title: str) -> Report:
    said: set[str] = set()

    def report(what: str, done: int, total: int) -> None:
        if what and what not in said:
            said.add(what)
            say(f"{title}: {what}")

    return report


def show(title: str, facts: Mapping[str, str]) -> None:
    """Write named facts, on a terminal in a panel."""
    if not sys.stdout.isatty():
        say(title)
        for name, fact in facts.items():
            say(f"{name}: {fact}")
        return
    from rich.console import Console
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for name, fact in facts.items():
        grid.add_row(Text(name, style="dim"), Text(fact))
    Console().print(Panel.fit(grid, title=Text(title, style="bold"), title_align="left"))
