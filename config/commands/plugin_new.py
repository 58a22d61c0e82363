"""accord plugin new: write the package of a plugin to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from .examples import examples
from .failures import CommandFailed
from .terminal import say

EXAMPLES = examples(
    ("accord plugin new loyalty", "write a plugin called loyalty into the folder accord-loyalty"),
    ("accord plugin new loyalty --folder ~/src/loyalty", "into another folder"),
)


def new(
    name: Annotated[str, typer.Argument(help="The plugin's name: small letters and digits, as the API will show it.")],
    folder: Annotated[
        Path | None, typer.Option(help="Where to write it, a folder that is empty or not there; else accord-NAME.")
    ] = None,
) -> None:
    """Write a plugin to begin with: a package that installs, with fields, a record, a rule, a migration, and
    tests that pass."""
    from ...graph.migrating import MigrationError
    from ...graph.slips import RESERVED_NAMES
    from ...plugins.loading import discover
    from ..composition import CORE, core_catalogue
    from ..plugin_loading import RESERVED
    from ..scaffold.writing import Taken, find_objections, folder_of, write_plugin

    catalogue = core_catalogue()
    members = {api for record in catalogue.records() for api in record.members}
    names = (
        RESERVED
        | RESERVED_NAMES
        | members
        | {root for record in catalogue.records() for root in (record.singular, record.plural)}
    )
    taken = Taken(names=names, prefixes=frozenset(catalogue.prefixes), installed=discover())
    if objections := [*find_objections(name, folder, taken)]:
        raise CommandFailed("\n".join(f"{text[:1].upper()}{text[1:]}" for text in objections))
    place = folder or folder_of(name)
    try:
        files = write_plugin(name, place, taken, CORE)
    except (OSError, MigrationError) as error:
        raise CommandFailed(f"The plugin was not written to the end: {error}. Empty {place} and try again.") from error
    say(f"Wrote the plugin {name} to {place}:")
    for file in files:
        say(f"  {file}")
    say("Next, in an environment that has Accord:")
    for line in (f"cd {place}", "pip install --editable '.[dev]'", "pytest", f"accord plugin check {name}"):
        say(f"  {line}")
