"""accord schema: the API's schema in GraphQL's own language."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from .examples import examples
from .failures import CommandFailed
from .terminal import say


def schema(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
) -> None:
    """Print the GraphQL schema (SDL), for code generators and for comparing versions."""
    from ...schema.building import build_schema
    from ..composition import core_catalogue

    text = build_schema(core_catalogue(), name=lambda: "printed").schema.as_str().rstrip() + "\n"
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandFailed(f"{output} can't be written: {error.strerror or error}.") from error
    say(f"Wrote {output}, {len(text.splitlines()):,} lines.")


EXAMPLES = examples(
    ("accord schema", "print it"),
    ("accord schema --output schema.graphql", "keep it beside a client's code"),
)
