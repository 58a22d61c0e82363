"""Tokens: the secrets by which actors are known, as the settings have them, which hold no token but its digest."""

import hashlib
import re
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

BYTES = 32  # of randomness in a new token
PREFIX = "accord_"  # by which scanners of source code know one that was published by mistake
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
DIGEST = re.compile(r"[0-9a-f]{64}")


class TokenSettings(BaseModel):
    """`[tokens.NAME]` in accord.toml: an actor that is known by a token.

    One of the first three says which token.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    token_sha256: str | None = Field(default=None, description="SHA-256 of the token, as `accord token new` prints it.")
    token_variable: str | None = Field(default=None, description="Variable of the environment that holds the token.")
    token_file: Path | None = Field(default=None, description="File that holds the token, such as a mounted secret.")
    permissions: tuple[str, ...] = Field(default=(), description="What the actor may do; * is everything.")
    kind: Literal["PERSON", "SERVICE"] = Field(default="SERVICE", description="What the actor is.")

    @field_validator("token_sha256")
    @classmethod
    def check_digest(cls, value: str | None) -> str | None:
        """64 hexadecimal digits."""
        if value is not None and not DIGEST.fullmatch(value):
            raise ValueError("token_sha256 is no SHA-256, which has 64 hexadecimal digits; run accord token new")
        return value

    @model_validator(mode="after")
    def check_one(self) -> Self:
        """Exactly one way to the token."""
        if sum(one is not None for one in (self.token_sha256, self.token_variable, self.token_file)) != 1:
            raise ValueError("give exactly one of token_sha256, token_variable and token_file")
        return self


def digest_of(token: str) -> str:
    """What the settings hold of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
