"""Settings, where they come from, and what is said of those that can't be used."""

import os
from pathlib import Path

import pytest

from accord.config.settings import SettingsInvalid, read_settings
from accord.tests.config.command_line import run

NO_DATABASE = "this is no database; write sqlite:var/accord.db or postgresql://user@host:5432/name."
NO_PORT = "this is no database; its port is no number from 1 to 65535, as in postgresql://user@host:5432/name."


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and no settings in the environment."""
    for name in [name for name in os.environ if name.upper().startswith("ACCORD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems(**given: object) -> list[str]:
    with pytest.raises(SettingsInvalid) as raised:
        read_settings(**given)
    return list(raised.value.problems)


def test_without_any_setting_everything_is_embedded_and_local():
    settings = read_settings()
    assert (settings.database, settings.host, settings.port) == ("sqlite:var/accord.db", "127.0.0.1", 8000)


def test_what_is_given_wins_over_the_environment_and_that_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "accord.toml").write_text('host = "10.0.0.1"\nport = 1\nlog_level = "error"\n')
    monkeypatch.setenv("ACCORD_HOST", "10.0.0.2")
    monkeypatch.setenv("accord_port", "2")
    settings = read_settings(port=3, host=None)
    assert (settings.host, settings.port, settings.log_level) == ("10.0.0.2", 3, "error")


def test_a_misspelt_setting_is_named_with_the_nearest_one(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "accord.toml").write_text('databse = "sqlite:a.db"\n[server]\nport = 1\n')
    monkeypatch.setenv("ACCORD_PROT", "1")
    monkeypatch.setenv("ACCORD_XYZZY", "1")
    assert sorted(problems()) == [
        "ACCORD_PROT in the environment is no setting; did you mean ACCORD_PORT?",
        "ACCORD_XYZZY in the environment is no setting; docs/configuration.md lists all of them.",
        "databse in accord.toml is no setting; did you mean database?",
        "server in accord.toml is no setting; docs/configuration.md lists all of them.",
    ]


def test_a_wrong_value_is_named_with_where_it_stands(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "accord.toml").write_text("port = 0\n")
    monkeypatch.setenv("ACCORD_LOG_LEVEL", "loud")
    assert problems(demo="perhaps") == [
        "port in accord.toml is 0: input should be greater than or equal to 1.",
        "--demo is 'perhaps': input should be a valid boolean, unable to interpret input.",
        "ACCORD_LOG_LEVEL in the environment is 'loud': input should be 'debug', 'info', 'warning' or 'error'.",
    ]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", NO_DATABASE),
        ("sqlite:", NO_DATABASE),
        ("mysql://root:s3cret@host/name", NO_DATABASE),
        ("postgresql://root:s3cret@host", NO_DATABASE),
        ("postgresql://root:s3cret@[host/name", NO_DATABASE),
        ("postgresql://root:s3cret@host:port/name", NO_PORT),
        ("postgresql://root:s3cret@host:0/name", NO_PORT),
        ("postgresql://root:s3cret@host:99999/name", NO_PORT),
        ("postgresql://root:s3cret/name", NO_PORT),
    ],
)
def test_what_is_no_database_is_refused_without_repeating_a_password(
    url: str, words: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ACCORD_DATABASE", url)
    assert problems() == [f"ACCORD_DATABASE in the environment: {words}"]


@pytest.mark.parametrize("path", [":memory:", ":memory:?cache=shared", "//:memory:"])
def test_a_database_in_memory_is_refused_before_a_file_of_that_name_is_made(folder: Path, path: str):
    done = run(folder, "serve", database=f"sqlite:{path}")
    assert (done.code, done.out, done.complaints) == (
        1,
        "",
        [
            "ACCORD_DATABASE in the environment: a database in memory can't be shared by connections; name a file: "
            "sqlite:var/accord.db."
        ],
    )
    assert list(folder.iterdir()) == []


def test_a_password_is_in_no_text_about_the_settings():
    settings = read_settings(database="postgresql://accord:s3cret@db.example:5433/book")
    assert "s3cret" not in repr(settings) + settings.database_place
    assert settings.database_place == "db.example/book"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"port = \n", "Invalid value (at line 1, column 8)."),
        (b'port = 1\nhost = "\xff"', "line 2 has the byte 0xff, which is no UTF-8; save the file as UTF-8."),
    ],
)
def test_a_file_that_is_no_toml_is_named_with_the_place_in_it(folder: Path, content: bytes, words: str):
    (folder / "accord.toml").write_bytes(content)
    assert problems() == [f"accord.toml can't be read: {words}"]


def test_a_folder_in_place_of_the_file_is_named(folder: Path):
    (folder / "accord.toml").mkdir()
    assert problems() == ["accord.toml is a folder; put the settings into a file of that name, or rename the folder."]


def test_a_misspelt_setting_of_a_token_is_named_with_the_nearest_one(folder: Path):
    (folder / "accord.toml").write_text('[tokens.crm]\ntoken_variable = "CRM"\npermisions = []\nxyzzy = 1\n')
    assert problems() == [
        "tokens.crm.permisions in accord.toml is no setting; did you mean permissions?",
        "tokens.crm.xyzzy in accord.toml is no setting; docs/access.md lists all of them.",
    ]
