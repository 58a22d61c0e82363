"""accord settings: every setting with its value and where that came from."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from accord.config.settings import NAMES, Settings
from accord.tests.config.command_line import run

PASSWORDS = [
    ("postgresql://ann:s3cret@db:5433/accord", "postgresql://ann:***@db:5433/accord"),
    ("postgresql://db/accord?user=ann&password=s3cret", "postgresql://db/accord?user=ann&password=***"),
    ("postgres://ann:s3cret@[::1]/accord?sslpassword=s3cret", "postgres://ann:***@[::1]/accord?sslpassword=***"),
    ("postgresql://ann:s3c%40ret@db/accord", "postgresql://ann:***@db/accord"),
    ("postgresql://ann@db/accord", "postgresql://ann@db/accord"),
]


def listed(folder: Path, **settings: str) -> dict[str, dict[str, Any]]:
    done = run(folder, "settings", "--json", **settings)
    assert (done.code, done.err) == (0, "")
    return {one["name"]: one for one in json.loads(done.out)}


def test_every_setting_is_listed_with_its_value_its_source_and_what_it_is(tmp_path: Path):
    (tmp_path / "accord.toml").write_text('host = "192.0.2.7"\nport = 9000\nallowed_origins = ["https://a.example"]\n')
    found = listed(tmp_path, port="8001", trusted_documents="trusted.json")
    assert list(found) == list(NAMES)
    for name in NAMES:
        assert found[name]["description"] == Settings.model_fields[name].description
    assert {name: (one["value"], one["source"]) for name, one in found.items() if one["source"] != "default"} == {
        "host": ("192.0.2.7", "accord.toml"),
        "port": (8001, "environment variable ACCORD_PORT"),
        "allowed_origins": (["https://a.example"], "accord.toml"),
        "log_level": ("error", "environment variable ACCORD_LOG_LEVEL"),  # by which tests are quiet
        "trusted_documents": ("trusted.json", "environment variable ACCORD_TRUSTED_DOCUMENTS"),
    }
    assert found["database"]["value"] == "sqlite:var/accord.db"


@pytest.mark.parametrize(("database", "shown"), PASSWORDS)
def test_passwords_are_hidden(tmp_path: Path, database: str, shown: str):
    assert Settings(database=database).database_shown == shown
    if database is PASSWORDS[0][0]:
        plain = run(tmp_path, "settings", database=database)
        assert (plain.code, plain.err) == (0, "")
        assert shown in plain.out
        assert "s3cret" not in plain.out
        assert listed(tmp_path, database=database)["database"]["value"] == shown


def test_a_pipe_gets_a_line_for_each_setting(tmp_path: Path):
    done = run(tmp_path, "settings", stop_seconds="7")
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines] == list(NAMES)
    [line] = [line for line in lines if line.startswith("stop_seconds ")]
    assert line.split("  ")[0] == "stop_seconds"
    assert re.split(" {2,}", line)[1:3] == ["7", "environment variable ACCORD_STOP_SECONDS"]


def test_settings_that_are_wrong_are_named_instead(tmp_path: Path):
    done = run(tmp_path, "settings", workers="0", log_form="json")
    assert (done.code, done.out) == (1, "")
    assert done.complaints == [
        "ACCORD_LOG_FORM in the environment is no setting; did you mean ACCORD_LOG_FORMAT?",
        "ACCORD_WORKERS in the environment is '0': input should be greater than or equal to 1.",
    ]
