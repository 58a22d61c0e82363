"""What is wrong with a plugin's settings is told without a word of any secret, however deep it stands."""

from decimal import Decimal
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from accord.config.plugin_settings import read_plugin
from accord.config.settings import Settings
from accord.plugins import PluginSettings


class Login(BaseModel, extra="forbid"):
    user: str
    password: SecretStr

    @field_validator("user")
    @classmethod
    def check_user(cls, value: str) -> str:
        if value == "nobody":
            raise ValueError("user is unknown")
        return value

    @model_validator(mode="after")
    def check_both(self) -> "Login":
        if self.user == "half":
            raise ValueError("user and password don't belong together")
        return self


class Vault(PluginSettings):
    db: Login | None = None
    several: list[Login] = []
    by_name: dict[str, Login] = {}
    keys: tuple[SecretStr, ...] = ()
    token: SecretStr | None = None
    names: tuple[str, ...] = ()
    mode: Literal["soft", "hard"] = "soft"
    share: Annotated[Decimal, Field(ge=0)] | None = None
    hours: int | float = 8
    quiet: int = Field(default=1, repr=False)


SECRET = "hunter2"
LOGIN = {"user": "a", "password": SECRET}


def said(**given: object) -> list[str]:
    """What is wrong with these settings of a plugin."""
    _, problems = read_plugin(Settings(plugin={"vault": given}), "vault", Vault)
    return problems


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"db": {**LOGIN, "user": "nobody"}}, "plugin.vault.db in accord.toml: user is unknown."),
        ({"db": {**LOGIN, "user": "half"}}, "plugin.vault.db in accord.toml: user and password don't belong together."),
        ({"db": {**LOGIN, "port": SECRET}}, "plugin.vault.db in accord.toml: extra inputs are not permitted."),
        ({"db": {"password": SECRET}}, "plugin.vault.db in accord.toml: field required."),
        ({"db": f'{{"user": "a", "password": "{SECRET}"'}, "plugin.vault.db in accord.toml: input should be a "),
        (
            {"db": {"user": "a", "password": [SECRET]}},
            "plugin.vault.db in accord.toml: input should be a valid string.",
        ),
        ({"several": [{**LOGIN, "user": "nobody"}]}, "plugin.vault.several in accord.toml: user is unknown."),
        ({"by_name": {"x": {**LOGIN, "user": "nobody"}}}, "plugin.vault.by_name in accord.toml: user is unknown."),
        ({"keys": {"a": SECRET}}, "plugin.vault.keys in accord.toml: input should be a valid tuple."),
        ({"keys": [[SECRET]]}, "plugin.vault.keys in accord.toml: input should be a valid string."),
        ({"token": {"a": SECRET}}, "plugin.vault.token in accord.toml: input should be a valid string."),
        ({"names": [[SECRET]]}, "plugin.vault.names in accord.toml: input should be a valid string."),
        ({"mode": [SECRET]}, "plugin.vault.mode in accord.toml: input should be 'soft' or 'hard'."),
        ({"quiet": SECRET}, "plugin.vault.quiet in accord.toml: input should be a valid integer"),
    ],
)
def test_what_may_hold_a_secret_is_not_repeated(given: dict[str, object], told: str):
    problems = said(**given)
    assert problems[0].startswith(told)
    assert SECRET not in "".join(problems)


def test_a_single_plain_value_is_repeated():
    assert said(mode="loud", share="-1") == [
        "plugin.vault.mode in accord.toml is 'loud': input should be 'soft' or 'hard'.",
        "plugin.vault.share in accord.toml is '-1': input should be greater than or equal to 0.",
    ]
    assert said(hours="long")[0].startswith("plugin.vault.hours in accord.toml is 'long': input should be a valid ")
