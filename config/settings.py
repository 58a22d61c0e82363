"""Settings: read once, from accord.toml and the environment, and handed down as values."""

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import SplitResult, urlsplit, urlunsplit

import orjson
from pydantic import Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from .host_names import name_in
from .tokens import TokenSettings

FILE = Path("accord.toml")
PREFIX = "ACCORD_"
PLUGIN = "plugin"  # the table whose tables are plugins' settings
PLUGIN_PREFIX = f"{PREFIX}{PLUGIN.upper()}__"
HIDDEN = "***"


class SettingsInvalid(Exception):
    """Settings that can't be used: each problem names the setting, where it stands, and what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class PluginsRefused(SettingsInvalid):
    """Enabled plugins that can't be used: each problem names the plugin, where it comes from, and what to do."""


class Settings(BaseSettings):
    """All settings. A variable of the environment, ACCORD_ and the name, wins over accord.toml in this folder."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, toml_file=FILE, extra="forbid", frozen=True)

    database: str = Field(
        default="sqlite:var/accord.db",
        repr=False,  # it may hold a password
        description="Where the records are: sqlite:PATH of a file, or a postgresql:// URL.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port to listen on.")
    demo: bool = Field(default=True, description="Whether `accord serve` fills an empty embedded database with a demo.")
    plugins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Plugins that are enabled, by their names, with commas between them in the environment:"
        " healthcare,finance.",
    )
    optional_plugins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Those of the plugins that Accord may start without where they can't be used; one that has stored"
        " something refuses the start all the same.",
    )
    workers: int = Field(default=1, ge=1, le=64, description="Processes of `accord serve` that answer requests.")
    stop_seconds: int = Field(
        default=30, ge=0, description="Seconds that requests under way are given when the server is told to stop."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What is logged: info has a line for each request, warning what needs a look."
    )
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="How it is written: auto is text to a terminal, and JSON, a line each, elsewhere."
    )

    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Web sites besides this server's own pages that may use the API from a browser, with commas between"
        " them in the environment: https://app.example.com,http://localhost:5173.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Names under which browsers and others reach this server, with commas between them in the"
        " environment; none is any name, or this machine's own where `accord serve` listens for this machine alone.",
    )
    suggestions: bool = Field(
        default=True,
        description="Whether errors may name parts of the schema that the request doesn't, such as one like a misspelt"
        " name.",
    )
    request_seconds: float = Field(
        default=30.0, gt=0, description="Seconds after which a request is stopped, in the database, too."
    )
    limit_tokens: int = Field(default=5_000, ge=100, description="Words and signs that a document may have.")
    limit_depth: int = Field(default=15, ge=3, description="Levels of selections within each other.")
    limit_fields: int = Field(default=2_000, ge=10, description="Fields of a document, fragments written out.")
    limit_aliases: int = Field(default=100, ge=0, description="Aliases of a document, fragments written out.")
    limit_directives: int = Field(default=200, ge=0, description="Directives of a document, fragments written out.")
    limit_cost: int = Field(default=50_000, ge=100, description="Rows that a request may return or write, at most.")
    limit_errors: int = Field(default=20, ge=1, description="Errors in one response.")
    introspection: bool = Field(default=True, description="Whether the schema can be read through the API.")
    trusted_documents: Path | None = Field(
        default=None,
        description="A JSON file of the only documents that are run: an object of ids and documents.",
    )
    largest_request: int = Field(
        default=2_000_000, ge=1_000, description="Bytes that the body of a request or a WebSocket message may have."
    )

    tokens: dict[str, TokenSettings] = Field(
        default_factory=dict[str, TokenSettings],
        repr=False,
        description="Actors that are known by a token, and what each may do: a table [tokens.NAME] for each.",
    )

    plugin: Annotated[dict[str, dict[str, Any]], NoDecode] = Field(
        default_factory=dict[str, dict[str, Any]],
        repr=False,
        description="What is set for plugins, by their names and not looked at yet.",
    )

    @field_validator("database")
    @classmethod
    def check_database(cls, value: str) -> str:
        """Only the two kinds of database that Accord runs on."""
        if value.removeprefix("sqlite:").lstrip("/").startswith(":memory:"):
            raise ValueError("A database in memory can't be shared by connections; name a file: sqlite:var/accord.db")
        if value.startswith("sqlite:") and value != "sqlite:":
            return value
        form = "write sqlite:var/accord.db or postgresql://user@host:5432/name"
        with suppress(ValueError):  # brackets that nothing closes
            url = urlsplit(value)
            if url.scheme in {"postgresql", "postgres"} and url.path.strip("/"):
                if _has_port(url):
                    return value
                form = "its port is no number from 1 to 65535, as in postgresql://user@host:5432/name"
        raise ValueError(f"This is no database; {form}")

    @field_validator("allowed_origins", "allowed_hosts", "plugins", "optional_plugins", mode="before")
    @classmethod
    def split_list(cls, value: object) -> object:
        """A variable of the environment holds all of them in one text."""
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("allowed_origins")
    @classmethod
    def check_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """An origin is what a browser sends: scheme, host and perhaps a port, and nothing behind them."""
        for origin in value:
            url = urlsplit(origin)
            if url.scheme not in {"http", "https"} or not url.hostname or origin != f"{url.scheme}://{url.netloc}":
                raise ValueError(f"{origin!r} is no origin; write it like https://app.example.com")
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def check_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """A host is a name or an address, as browsers send it in the header Host, without a port."""
        for host in value:
            if name_in(host) != host.lower().strip("[]") or set(host) & set("/?#*"):
                raise ValueError(f"{host!r} is no host; write it like accord.example.com, without scheme and port")
        return tuple(host.lower().strip("[]") for host in value)

    @field_validator("plugins")
    @classmethod
    def check_plugins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Each plugin is named once; their order means nothing."""
        for name in value:
            if value.count(name) > 1:
                raise ValueError(f"{name} stands there twice; name it once")
        return tuple(sorted(value))

    @property
    def database_kind(self) -> Literal["sqlite", "postgresql"]:
        """Which of the two databases it is."""
        return "sqlite" if self.database.startswith("sqlite:") else "postgresql"

    @property
    def database_location(self) -> str:
        """The file of an embedded database, or the URL of a server's."""
        return self.database.removeprefix("sqlite:") if self.database_kind == "sqlite" else self.database

    @property
    def database_place(self) -> str:
        """The location as it may be shown: without user or password."""
        if self.database_kind == "sqlite":
            return self.database_location
        url = urlsplit(self.database_location)
        return f"{url.hostname or 'local socket'}{url.path}"

    @property
    def database_shown(self) -> str:
        """The database as it may be shown: without a password, in whichever part of the URL it stands."""
        if self.database_kind == "sqlite":
            return self.database
        url = urlsplit(self.database)
        name, at, place = url.netloc.rpartition("@")
        user, colon, _ = name.partition(":")
        query = "&".join(
            f"{key}={HIDDEN}" if "pass" in key.lower() else f"{key}{equals}{value}"
            for key, equals, value in (part.partition("=") for part in url.query.split("&"))
        )
        return urlunsplit(url._replace(netloc=f"{user}{colon and f':{HIDDEN}'}{at}{place}", query=query))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code comes first, then the environment, then the file."""
        return init_settings, env_settings, _PluginVariables(settings_cls), TomlConfigSettingsSource(settings_cls)


def _has_port(url: SplitResult) -> bool:
    """Whether the port of a URL can be used, if it has one; it is not shown: it may be part of a password."""
    try:
        return url.port != 0
    except ValueError:
        return False


class _PluginVariables(PydanticBaseSettingsSource):
    """What the environment sets for plugins: ACCORD_PLUGIN__HEALTHCARE__REGION."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """All of them at once are wanted, below."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, dict[str, str]] = {}
        for variable, text in os.environ.items():
            plugin, name = plugin_variable(variable)
            if plugin and name:
                found.setdefault(plugin, {})[name] = text
        return {PLUGIN: found} if found else {}


def plugin_variable(variable: str) -> tuple[str, str]:
    """The plugin and the setting of it that a variable names; empty where it names none."""
    if not variable.upper().startswith(PLUGIN_PREFIX):
        return "", ""
    plugin, _, name = variable.lower().removeprefix(PLUGIN_PREFIX.lower()).partition("__")
    return plugin, name


NAMES = tuple(name for name in Settings.model_fields if name != PLUGIN)  # what can be set, apart from plugins' own


def _own(variable: str) -> str:
    return variable.upper().removeprefix(PREFIX).lower()


def read_settings(**given: Any) -> Settings:
    """The settings of this process; what is given (by the command line, say) wins, None stands for not given.

    Raises SettingsInvalid with everything that is wrong.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    unknown = [
        _unknown_plugin(name) or _unknown(f"{name} in the environment", _own(name), PREFIX)
        for name in os.environ
        if name.upper().startswith(PREFIX) and not all(plugin_variable(name)) and _own(name) not in NAMES
    ]
    try:
        settings = Settings(**chosen)
    except ValidationError as error:
        raise SettingsInvalid([*unknown, *_problems(error, chosen)]) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid([*unknown, f"{FILE} can't be read: {_told(error)}."]) from error
    if FILE.is_dir():
        unknown.append(f"{FILE} is a folder; put the settings into a file of that name, or rename the folder.")
    if unknown:
        raise SettingsInvalid(unknown)
    return settings


def _told(error: Exception) -> str:
    """What keeps the file from being read; of bytes that are no text, where the first one stands."""
    if not isinstance(error, UnicodeDecodeError):
        return str(error)
    line = error.object.count(b"\n", 0, error.start) + 1
    return f"line {line} has the byte 0x{error.object[error.start]:02x}, which is no UTF-8; save the file as UTF-8"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A setting as people may see it: secrets are hidden, and `source` says where the value came from."""

    name: str
    value: bool | int | float | str | list[str] | None
    source: str
    description: str

    @property
    def text(self) -> str:
        """The value as accord.toml would have it; a dash where there is none."""
        return "-" if self.value is None else orjson.dumps(self.value).decode()


def shown_settings(settings: Settings) -> list[Shown]:
    """Every setting of this process, in their order."""
    variables = {name.upper(): name for name in os.environ}
    in_file = TomlConfigSettingsSource(Settings)()
    found: list[Shown] = []
    for name in NAMES:
        field = Settings.model_fields[name]
        variable = variables.get(f"{PREFIX}{name.upper()}")
        source = f"environment variable {variable}" if variable else str(FILE) if name in in_file else "default"
        value: Any = settings.database_shown if name == "database" else getattr(settings, name)
        if name == "tokens":
            value = sorted(settings.tokens)
        elif name != "database" and not field.repr:
            value = None if value is None else HIDDEN
        elif isinstance(value, Path):
            value = str(value)
        elif isinstance(value, tuple):
            value = list(cast(tuple[str, ...], value))
        found.append(Shown(name=name, value=value, source=source, description=field.description or ""))
    return found


def _problems(error: ValidationError, chosen: Mapping[str, Any]) -> Iterator[str]:
    in_environment = {name.upper() for name in os.environ}
    for problem in error.errors():
        name = str(problem["loc"][0])
        whole = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden" and len(problem["loc"]) == 1:
            yield _unknown(f"{name} in {FILE}", name, "")
            continue
        if problem["type"] == "extra_forbidden" and name == "tokens":
            names = tuple(TokenSettings.model_fields)
            yield _unknown(f"{whole} in {FILE}", str(problem["loc"][-1]), "", names, "docs/access.md")
            continue
        if name == PLUGIN and f"{PREFIX}{PLUGIN.upper()}" in in_environment:
            continue  # it has been called unknown
        if name == PLUGIN:
            place = ".".join(str(part) for part in problem["loc"] if part != "[key]")
            yield f"{place} in {FILE} is no table; write [plugin.NAME], and the plugin's settings below it."
            continue
        if name == "tokens":
            yield f"{whole} in {FILE}: {problem['msg'].removeprefix('Value error, ')}."
            continue
        variable = f"{PREFIX}{name.upper()}"
        if name in chosen:
            place = f"--{name.replace('_', '-')}"
        else:
            place = f"{variable} in the environment" if variable in in_environment else f"{name} in {FILE}"
        message = problem["msg"].removeprefix("Value error, ")
        value = f" is {problem['input']!r}" if Settings.model_fields[name].repr else ""
        yield f"{place}{value}: {message[:1].lower()}{message[1:]}."


def _unknown_plugin(variable: str) -> str | None:
    """The problem of a variable that is meant for a plugin and has too few low lines, with the right number of them."""
    meant = variable.upper().removeprefix(PLUGIN_PREFIX.removesuffix("_")).lstrip("_")
    plugin, _, name = meant.partition("_")
    if variable.upper().startswith(PLUGIN_PREFIX.removesuffix("_")) and plugin and name.strip("_"):
        right = f"{PLUGIN_PREFIX}{plugin}__{name.strip('_')}"
        return f"{variable} in the environment names no setting of a plugin; did you mean {right}?"
    if variable.upper().startswith(PLUGIN_PREFIX):
        return f"{variable} in the environment names no setting of a plugin; write {PLUGIN_PREFIX}NAME__SETTING."
    return None


def _unknown(
    place: str, name: str, prefix: str, names: Sequence[str] = NAMES, page: str = "docs/configuration.md"
) -> str:
    """The problem of a setting that there is not, with the nearest that there is."""
    near = [f"{prefix}{one.upper()}" if prefix else one for one in get_close_matches(name, names, n=1)]
    advice = f"did you mean {near[0]}?" if near else f"{page} lists all of them."
    return f"{place} is no setting; {advice}"
