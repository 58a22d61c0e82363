"""What operators set for plugins: in a table or in variables, typed, and secrets nowhere to be seen."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from accord.config.plugin_loading import load_plugins
from accord.config.settings import PluginsRefused, Settings, SettingsInvalid, read_settings
from accord.tests.config.command_line import run
from accord.tests.plugins.installing import Site

TOLD = "plugin clinic (accord-clinic 1.0): "


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: Site) -> Path:
    """An empty current folder, no settings in the environment, and the clinic installed."""
    for name in [name for name in os.environ if name.upper().startswith("ACCORD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    site.install("clinic")
    return tmp_path


def loaded() -> Any:
    """The settings of the clinic."""
    [one] = load_plugins(read_settings())
    return one.plugin.settings


def problems() -> list[str]:
    with pytest.raises(SettingsInvalid) as raised:
        load_plugins(read_settings())
    return list(raised.value.problems)


def test_what_is_not_set_has_its_default(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ACCORD_PLUGINS", "clinic")
    assert loaded().model_dump() == {"region": "EU", "hours": 8, "wards": (), "token": None}


def test_the_environment_wins_over_the_file_field_by_field(folder: Path, monkeypatch: pytest.MonkeyPatch):
    table = '[plugin.clinic]\nregion = "US"\nhours = 4\nwards = ["north"]\n'
    (folder / "accord.toml").write_text(f'plugins = ["clinic"]\n{table}')
    monkeypatch.setenv("ACCORD_PLUGIN__CLINIC__HOURS", "5")
    monkeypatch.setenv("accord_plugin__clinic__token", "s3cret")
    settings = loaded()
    assert (settings.region, settings.hours, settings.wards) == ("US", 5, ("north",))
    assert settings.token.get_secret_value() == "s3cret"
    monkeypatch.setenv("ACCORD_PLUGIN__CLINIC__WARDS", "south, east")
    assert loaded().wards == ("south", "east")
    monkeypatch.setenv("ACCORD_PLUGIN__CLINIC__WARDS", '["a,b"]')
    assert loaded().wards == ("a,b",)


def test_each_accord_has_plugins_of_its_own():
    given = [Settings(plugins=("clinic",), plugin={"clinic": {"hours": hours}}) for hours in (1, 2)]
    (first,), (second,) = (load_plugins(one) for one in given)
    assert (first.plugin.settings.hours, second.plugin.settings.hours) == (1, 2)


def test_what_a_plugin_does_not_know_is_named_with_the_nearest(folder: Path, monkeypatch: pytest.MonkeyPatch):
    tables = '[plugin.clinic]\nregoin = "US"\nxyzzy = 1\n[plugin.klinic]\nhours = 1\n'
    (folder / "accord.toml").write_text(f'plugins = ["clinic"]\n{tables}')
    monkeypatch.setenv("ACCORD_PLUGIN__CLINIC__HOUR", "5")
    assert problems() == [
        "plugins: plugin.klinic.hours in accord.toml is for a plugin 'klinic', and none of that name is installed; did "
        "you mean clinic?",
        f"{TOLD}plugin.clinic.regoin in accord.toml is no setting of the plugin; did you mean region?",
        f"{TOLD}plugin.clinic.xyzzy in accord.toml is no setting of the plugin; there are region, hours, wards, token.",
        f"{TOLD}ACCORD_PLUGIN__CLINIC__HOUR in the environment is no setting of the plugin; did you mean hours?",
    ]


def test_a_wrong_value_is_named_with_where_it_stands_and_a_secret_is_not_repeated(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    (folder / "accord.toml").write_text('plugins = ["clinic"]\n[plugin.clinic]\ntoken = ["s3cret"]\n')
    monkeypatch.setenv("ACCORD_PLUGIN__CLINIC__HOURS", "0")
    assert problems() == [
        f"{TOLD}ACCORD_PLUGIN__CLINIC__HOURS in the environment is '0': input should be greater than or equal to 1.",
        f"{TOLD}plugin.clinic.token in accord.toml: input should be a valid string.",
    ]


def test_what_is_no_setting_at_all_is_refused_before_any_plugin_is_loaded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    (folder / "accord.toml").write_text('plugins = ["clinic", "clinic"]\nplugin = {clinic = 1}\n')
    monkeypatch.setenv("ACCORD_PLUGIN_CLINIC_MAX_BEDS", "5")
    monkeypatch.setenv("ACCORD_PLUGIN__CLINIC", "5")
    twice = "plugins in accord.toml is ['clinic', 'clinic']: clinic stands there twice; name it once."
    assert problems() == [
        "ACCORD_PLUGIN_CLINIC_MAX_BEDS in the environment names no setting of a plugin; did you mean "
        "ACCORD_PLUGIN__CLINIC__MAX_BEDS?",
        "ACCORD_PLUGIN__CLINIC in the environment names no setting of a plugin; write ACCORD_PLUGIN__NAME__SETTING.",
        twice,
        "plugin.clinic in accord.toml is no table; write [plugin.NAME], and the plugin's settings below it.",
    ]
    monkeypatch.delenv("ACCORD_PLUGIN_CLINIC_MAX_BEDS")
    monkeypatch.delenv("ACCORD_PLUGIN__CLINIC")
    monkeypatch.setenv("ACCORD_PLUGIN", "clinic")
    assert problems() == ["ACCORD_PLUGIN in the environment is no setting; did you mean ACCORD_PLUGINS?", twice]


@pytest.mark.parametrize("text", ["clinic,bank", "clinic bank", " clinic ,  bank,"])
def test_names_in_a_variable_have_commas_or_blanks_between_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str
):
    monkeypatch.setenv("ACCORD_PLUGINS", text)
    assert read_settings().plugins == ("bank", "clinic")


def test_settings_for_an_installed_plugin_that_is_not_enabled_may_stay(folder: Path):
    (folder / "accord.toml").write_text("[plugin.clinic]\nhours = 4\n")
    assert load_plugins(read_settings()) == ()


def test_settings_are_listed_with_their_sources_and_secrets_hidden(folder: Path):
    (folder / "accord.toml").write_text('plugins = ["clinic"]\n[plugin.clinic]\nhours = 4\n')
    done = run(folder, "settings", "--json", plugin__clinic__token="s3cret")
    assert (done.code, done.err) == (0, "")
    found = [one for one in json.loads(done.out) if one["name"].startswith("plugin.")]
    assert [(one["name"], one["value"], one["source"]) for one in found] == [
        ("plugin.clinic.region", "EU", "default"),
        ("plugin.clinic.hours", 4, "accord.toml"),
        ("plugin.clinic.wards", [], "default"),
        ("plugin.clinic.token", "***", "environment variable ACCORD_PLUGIN__CLINIC__TOKEN"),
    ]
    assert found[1]["description"] == "Hours that a clinic is open."
    assert "s3cret" not in done.out + repr(read_settings())


def test_a_plugin_that_is_missing_a_setting_says_how_to_give_it(site: Site):
    site.describe("accord-strict", "strict = accord_strict:Strict")
    (site.folder / "accord_strict.py").write_text(
        "from accord.plugins import Plugin, PluginSettings\n"
        "class StrictSettings(PluginSettings):\n    key: str\n"
        "class Strict(Plugin):\n    name = 'strict'\n    settings_type = StrictSettings\n"
    )
    with pytest.raises(PluginsRefused) as raised:
        load_plugins(Settings(plugins=("strict",)))
    assert raised.value.problems == (
        "plugin strict (accord-strict 1.0): the setting key is missing; give it in [plugin.strict] of accord.toml, or "
        "by ACCORD_PLUGIN__STRICT__KEY.",
    )
