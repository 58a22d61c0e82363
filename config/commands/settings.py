"""accord settings: every setting with its value, and where that came from."""

import json
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from ..settings import Shown, read_settings, shown_settings
from .examples import examples
from .terminal import say


def settings(as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False) -> None:
    """List the settings: their values, where each came from, and what they are for.

    They come from ACCORD_ variables of the environment, and else from accord.toml in this folder. Passwords are hidden,
    and what plugins call secret is, too.
    """
    from ..plugin_loading import load_plugins
    from ..plugin_settings import shown_plugin

    read = read_settings()
    found = shown_settings(read)
    for one in load_plugins(read):
        found += shown_plugin(one.name, one.plugin.settings)
    if as_json:
        listed = [
            {"name": one.name, "value": one.value, "source": one.source, "description": one.description}
            for one in found
        ]
        say(json.dumps(listed, indent=2, ensure_ascii=False))
    elif sys.stdout.isatty():
        _print_table(found)
    else:
        _print_columns(found)


EXAMPLES = examples(
    ("accord settings", "what is set, and where"),
    ("accord settings --json", "for programs"),
    ("ACCORD_PORT=8001 accord settings", "with a variable of the environment"),
)


def _print_columns(found: Sequence[Shown]) -> None:
    rows = [(one.name, one.text, one.source) for one in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for one, row in zip(found, rows, strict=True):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  ".join((*cells, one.description)))


def _print_table(found: Sequence[Shown]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Name", "Value", "From", "What it is"):
        table.add_column(title, overflow="fold")
    for one in found:
        is_given = one.source != "default"
        value = Text(one.text, style="bold" if is_given else "")
        table.add_row(Text(one.name), value, Text(one.source, style="" if is_given else "dim"), Text(one.description))
    Console().print(table)
