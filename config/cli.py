"""The command line: `accord`."""

import sys
from typing import Annotated

import typer

from .. import __version__
from .commands import demo, events, migrate, plugin, schema, serve, settings, token
from .commands.examples import examples
from .commands.failures import CommandFailed
from .commands.plugin_commands import add_plugin_commands
from .commands.terminal import complain, say
from .settings import SettingsInvalid


def main() -> None:
    """Run the command that the arguments name; what keeps it from its work is written in a line, and the code is 1."""
    try:
        app = make_app()
        add_plugin_commands(app, sys.argv[1:])
        app(prog_name="accord")
    except (CommandFailed, SettingsInvalid) as failure:
        for line in str(failure).splitlines():
            complain(line)
        sys.exit(1)


def make_app() -> typer.Typer:
    """The commands with their options and help."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=examples(
            ("accord serve", "start with the demo on an embedded database"),
            ("accord serve --help", "what a command takes"),
        ),
    )
    app.callback()(_accord)
    app.command(epilog=serve.EXAMPLES)(serve.serve)
    app.add_typer(migrate.make_commands(), name="migrate")
    app.add_typer(plugin.make_commands(), name="plugin")
    app.add_typer(events.make_commands(), name="events")
    app.command(epilog=schema.EXAMPLES)(schema.schema)
    app.command(epilog=demo.EXAMPLES)(demo.demo)
    app.command(epilog=settings.EXAMPLES)(settings.settings)
    app.add_typer(token.make_commands(), name="token")
    app.command(epilog=examples(("accord version", "to name it in a report")))(version)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


def _accord(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Accord, a headless account-management system: one GraphQL API over SQLite or PostgreSQL.

    Settings come from accord.toml in this folder, from ACCORD_ variables, and from options, the last winning.
    """


def version() -> None:
    """Print the version of Accord, and of what it runs on."""
    from ..graph.databases.sqlite import newest_driver

    python = ".".join(map(str, sys.version_info[:3]))
    say(f"Accord {__version__} (Python {python}, SQLite {newest_driver().sqlite_version})")
