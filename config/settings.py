"""Settings: read once, from accord.toml and the environment, and handed down as values."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

FILE = Path("accord.toml")


class Settings(BaseSettings):
    """All settings. A variable of the environment, ACCORD_ and the name, wins over accord.toml in the current folder."""

    model_config = SettingsConfigDict(env_prefix="ACCORD_", toml_file=FILE, extra="forbid", frozen=True)

    database: str = Field(
        default="sqlite:var/accord.db",
        description="Where the records are: sqlite:PATH of a file, or a postgresql:// URL.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port to listen on.")
    demo: bool = Field(default=True, description="Whether `accord serve` fills an empty embedded database with a demo.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="What is logged.")

    @field_validator("database")
    @classmethod
    def check_database(cls, value: str) -> str:
        """Only the two kinds of database that Accord runs on."""
        if value.startswith(("postgresql://", "postgres://")) or (value.startswith("sqlite:") and value != "sqlite:"):
            return value
        raise ValueError(f"{value!r} is no database; write sqlite:var/accord.db or postgresql://user@host/name")

    @property
    def database_kind(self) -> Literal["sqlite", "postgresql"]:
        """Which of the two databases it is."""
        return "sqlite" if self.database.startswith("sqlite:") else "postgresql"

    @property
    def database_location(self) -> str:
        """The file of an embedded database, or the URL of a server's."""
        return self.database.removeprefix("sqlite:") if self.database_kind == "sqlite" else self.database

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
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
