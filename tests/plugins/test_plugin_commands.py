"""The command line with plugins: migrations of all, what is listed and purged, and one schema for all processes."""

import json
from pathlib import Path
from typing import Any

import pytest

from accord.tests.config.command_line import Done, environment, run
from accord.tests.plugins.installing import Site


@pytest.fixture(autouse=True)
def installed(site: Site) -> Site:
    """Both plugins, installed."""
    site.install("clinic")
    site.install("bank")
    return site


def listed(folder: Path, plugins: str) -> dict[str, tuple[Any, ...]]:
    done = run(folder, "plugin", "list", "--json", plugins=plugins)
    assert (done.code, done.err) == (0, "")
    found = [one for one in json.loads(done.out) if one["distribution"] != "accord"]
    return {one["name"]: (one["version"], one["distribution"], one["state"], one["reason"]) for one in found}


def last(done: Done) -> list[str]:
    """The lines of a command that went well, without what was reported meanwhile."""
    assert (done.code, done.err) == (0, "")
    return [line for line in done.out.splitlines() if not line.startswith("Migrating")]


def test_a_plugin_is_listed_from_its_installation_to_its_purge(tmp_path: Path, installed: Site):
    installed.install_broken("no_plugin", "something = no_plugin:Something")
    assert listed(tmp_path, "bank,something") == {
        "bank": ("1.0", "accord-bank", "enabled", "the database is not ready for it: run `accord migrate apply`"),
        "clinic": ("1.0", "accord-clinic", "available", "not enabled"),
        "something": (
            "1.0",
            "accord-no-plugin",
            "refused",
            "its entry point no_plugin:Something is <class 'no_plugin.Something'>, and no subclass of "
            "accord.plugins.Plugin; name the class of the plugin.",
        ),
    }
    assert not (tmp_path / "var").exists()
    assert last(run(tmp_path, "migrate", "apply", plugins="bank,clinic")) == [
        "Applied graph.0001_core.",
        "Applied bank.0001_initial.",
        "Applied clinic.0001_initial.",
        "Enabled the plugin bank 1.0.",
        "Enabled the plugin clinic 1.0.",
    ]
    refused = run(tmp_path, "plugin", "purge", "bank", "--yes", plugins="bank")
    assert refused.complaints == [
        "The plugin bank is enabled. Take it out of the setting plugins, run `accord migrate apply`, and purge it then."
    ]
    assert (
        run(tmp_path, "plugin", "purge", "bank", "--yes", plugins="clinic")
        .complaints[0]
        .startswith("The plugin bank is enabled in the database var/accord.db. ")
    )
    assert last(run(tmp_path, "migrate", "apply", plugins="clinic")) == [
        "The plugin bank is no longer enabled; its tables are kept."
    ]
    assert listed(tmp_path, "clinic") | {"something": ()} == {
        "bank": ("1.0", "accord-bank", "orphaned", "not enabled, and its tables are kept"),
        "clinic": ("1.0", "accord-clinic", "enabled", ""),
        "something": (),
    }
    asked = run(tmp_path, "plugin", "purge", "bank", plugins="clinic")
    assert (asked.code, asked.complaints) == (1, ["Nothing was dropped. Say --yes to drop them; there is no way back."])
    assert asked.out.splitlines()[1:] == ["  table      bank_account, 0 rows", "  migration  bank.0001_initial"]
    done = last(run(tmp_path, "plugin", "purge", "bank", "--yes", plugins="clinic"))
    assert done[0].startswith("Copied the database to ")
    assert done[1:] == ["Dropped bank_account, 0 rows.", "The database holds nothing of the plugin bank any more."]
    assert listed(tmp_path, "clinic")["bank"] == ("1.0", "accord-bank", "available", "not enabled")


def test_a_plugin_that_is_gone_is_listed_with_what_it_left(tmp_path: Path, installed: Site):
    run(tmp_path, "migrate", "apply", plugins="bank")
    for path in installed.folder.glob("accord_bank-*/entry_points.txt"):
        path.write_text("")
    assert listed(tmp_path, "")["bank"] == ("1.0", "accord-bank", "orphaned", "not installed, and its tables are kept")
    assert run(tmp_path, "migrate", "status", plugins="bank").complaints == [
        "plugin bank: it is enabled, and no distribution offers it (there is clinic, finance, healthcare); install it, "
        "or take it out of the setting plugins."
    ]


def test_a_plugins_next_migration_is_made_from_its_records(tmp_path: Path, installed: Site):
    (first,) = installed.folder.glob("accord_bank/migrations/0001_initial.py")
    written = first.read_text()
    first.unlink()
    unmigrated = run(tmp_path, "migrate", "apply", plugins="bank").complaints
    assert unmigrated == [
        "plugin bank (accord-bank 1.0): its migrations accord_bank.migrations hold none; run `ACCORD_PLUGINS=bank "
        "accord migrate make initial --app bank` in its source, and release it with what that writes."
    ]
    made = run(tmp_path, "migrate", "make", "initial", "--app", "bank", plugins="bank")
    assert (made.code, made.out) == (0, f"Wrote {first}; read it before you commit it.\n")
    assert first.read_text() == written
    assert "from accord.plugins import Column" in written
    again = run(tmp_path, "migrate", "make", "more", "--app", "bank", plugins="bank")
    assert again.out == "The records of bank are as migrated already.\n"


def test_a_command_on_a_database_with_other_plugins_says_what_to_do(tmp_path: Path):
    run(tmp_path, "migrate", "apply", plugins="bank")
    status = last(run(tmp_path, "migrate", "status", plugins="clinic"))
    assert [line for line in status if line.startswith("  plugins")] == [
        "  plugins  bank 1.0 is enabled in the database and not here: run `accord migrate apply`",
        "  plugins  clinic 1.0 is enabled here and not in the database: run `accord migrate apply`",
    ]
    planned = run(tmp_path, "migrate", "plan", plugins="clinic").out
    assert "-- clinic.0001_initial\n" in planned
    assert "-- plugins: bank 1.0 is enabled in the database and not here\n" in planned


def test_the_schema_hangs_on_the_plugins_alone(tmp_path: Path, installed: Site, monkeypatch: pytest.MonkeyPatch):
    def printed(plugins: str, seed: str, **settings: str) -> str:
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        done = run(tmp_path, "schema", plugins=plugins, **settings)
        assert (done.code, done.err) == (0, "")
        return done.out

    first = printed("clinic,bank", "1")
    assert "type ClinicAccount {" in first
    other = Site(folder=tmp_path / "other")  # installed the other way round, in two places
    other.folder.mkdir()
    other.install("bank")
    monkeypatch.setenv("PYTHONPATH", f"{other.folder}:{installed.folder}")
    assert printed("bank,clinic", "77", plugin__clinic__hours="3", suggestions="false") == first
    assert "ClinicAccount" not in printed("bank", "1")


def test_environments_of_commands_hold_nothing_of_the_callers():
    assert not [name for name in environment() if name.startswith("ACCORD_PLUGIN")]
