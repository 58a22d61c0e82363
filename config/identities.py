"""Identities: who a token belongs to, and what that actor may do."""

import hashlib
import hmac
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from uuid import UUID

from ..graph.bootstrap import OwnActor, own_actor_id
from ..schema.exchange import ALL
from ..schema.jobs import MANAGE as MANAGE_JOBS
from ..schema.plugin_report import MANAGE as MANAGE_PLUGINS
from .tokens import BYTES, NAME, TokenSettings, digest_of

OPERATING = frozenset({MANAGE_JOBS, MANAGE_PLUGINS})  # permissions that Accord itself asks for, of whoever operates it


class TokensInvalid(Exception):
    """A token that the settings name can't be had; the message says which, and where it was looked for."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who a token belongs to."""

    actor: UUID
    permissions: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """All tokens that are known, by their digests, and the actors that they belong to."""

    identities: Mapping[bytes, Identity]
    actors: tuple[OwnActor, ...] = ()

    def find(self, token: str) -> Identity | None:
        """Who a token belongs to; how long the answer takes tells nothing of the tokens that there are."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        found: Identity | None = None
        for known, identity in self.identities.items():
            if hmac.compare_digest(known, digest):
                found = identity
        return found


def read_tokens(settings: Mapping[str, TokenSettings]) -> Tokens:
    """The tokens that the settings name; raises TokensInvalid for one that can't be had."""
    identities: dict[bytes, Identity] = {}
    actors: list[OwnActor] = []
    for name, one in settings.items():
        if not NAME.fullmatch(name):
            raise TokensInvalid(
                f"tokens.{name}: a name has letters, digits, dots, dashes and underscores, 100 at most."
            )
        actor = OwnActor(id=own_actor_id(name), name=name, kind=one.kind)
        digest = bytes.fromhex(one.token_sha256 or digest_of(_token(name, one)))
        if digest in identities:
            raise TokensInvalid(f"tokens.{name}: another actor has the same token; give each its own.")
        identities[digest] = Identity(actor=actor.id, permissions=frozenset(one.permissions))
        actors.append(actor)
    return Tokens(identities=identities, actors=tuple(actors))


def unknown_permissions(permissions: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """A sentence for each permission that nothing asks for: it may be misspelt, and then it allows nothing."""
    for permission in permissions:
        if permission not in known and permission != ALL:
            near = get_close_matches(permission, known, n=1)
            advice = f"did you mean {near[0]}?" if near else "no enabled plugin asks for it."
            yield f"the permission {permission} allows nothing; {advice}"


def _token(name: str, one: TokenSettings) -> str:
    if one.token_file is not None:
        try:
            token = one.token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "no text"
            raise TokensInvalid(f"tokens.{name}: {one.token_file} can't be read: {reason}.") from None
        place = str(one.token_file)
    else:
        place = f"the variable {one.token_variable}"
        token = os.environ.get(str(one.token_variable), "")
    if len(token) < BYTES:
        raise TokensInvalid(f"tokens.{name}: {place} holds no token of {BYTES} characters or more.")
    return token
