"""accord schema: the API's schema in GraphQL's own language."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..settings import read_settings
from .examples import examples
from .failures import CommandFailed
from .terminal import say


def schema(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
) -> None:
    """Print the GraphQL schema (SDL), for code generators and for comparing versions.

    It holds what the enabled plugins add, and nothing else that is set has a part in it.
    """
    from ...plugins.calling import Hooks
    from ...schema.building import build_schema
    from ..plugin_loading import catalogue_of, load_plugins
    from ..plugin_work import all_operations

    plugins = load_plugins(read_settings())
    operations = all_operations(Hooks([one.plugin for one in plugins]))
    built = build_schema(catalogue_of(plugins), name=lambda: "printed", operations=operations)
    text = built.schema.as_str().rstrip() + "\n"
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
    ("ACCORD_PLUGINS=healthcare,finance accord schema", "with plugins"),
    ("accord schema --output schema.graphql", "keep it beside a client's code"),
)
