"""accord token: make the secrets by which actors are known."""

import secrets
from typing import Annotated

import typer

from ..tokens import BYTES, NAME, PREFIX, digest_of
from .examples import examples
from .failures import CommandFailed
from .terminal import say


def make_commands() -> typer.Typer:
    """The commands about tokens."""
    commands = typer.Typer(no_args_is_help=True, help="Make the tokens by which actors are known.")
    commands.callback()(_tokens)
    commands.command(epilog=EXAMPLES)(new)
    return commands


def _tokens() -> None:
    """Make the tokens by which actors are known."""


def new(
    name: Annotated[str, typer.Argument(help="The actor's name: letters, digits, dots, dashes and underscores.")],
    permission: Annotated[list[str] | None, typer.Option(help="What it may do; may be given again. * is all.")] = None,
    kind: Annotated[str, typer.Option(help="What it is: SERVICE or PERSON.")] = "SERVICE",
) -> None:
    """Make a token for an actor, and print it once, with the lines for accord.toml.

    They hold a digest of the token, from which it can't be found again. Nothing is stored or changed.
    """
    if not NAME.fullmatch(name):
        raise CommandFailed(f"{name!r} is no name for an actor; use letters, digits, dots, dashes and underscores.")
    if kind not in {"SERVICE", "PERSON"}:
        raise CommandFailed(f"An actor is SERVICE or PERSON, not {kind!r}.")
    wanted = list(dict.fromkeys(permission or ()))
    for one in wanted:
        if not one or any(not (c.isascii() and (c.isalnum() or c in "._-*")) for c in one):
            raise CommandFailed(f"{one!r} is no permission; they look like hipaa.phi.read.")
    token = PREFIX + secrets.token_urlsafe(BYTES)
    say("The token, which is shown this once. Requests send it as the header 'Authorization: Bearer TOKEN'.\n")
    say(f"    {token}\n")
    say("For accord.toml:\n")
    key = f'"{name}"' if "." in name else name
    say(f"    [tokens.{key}]")
    say(f'    token_sha256 = "{digest_of(token)}"')
    quoted = ", ".join(f'"{one}"' for one in wanted)
    say(f"    permissions = [{quoted}]")
    if kind != "SERVICE":
        say(f'    kind = "{kind}"')


EXAMPLES = examples(
    ("accord token new reporting", "an actor that reads what is open to all"),
    ("accord token new clinic --permission healthcare.phi.read", "one that reads protected fields as well"),
    ("accord token new owner --permission '*' --kind PERSON", "one that may do everything"),
)
