"""Records of a plugin that were changed without a migration are found before a database is used for them."""

from pathlib import Path

import pytest

from accord.config.composition import open_accord
from accord.graph.migrating import RecordsDiffer
from accord.tests.config.command_line import run
from accord.tests.plugins.enabled import settings
from accord.tests.plugins.installing import Site
from accord.tests.ports import free_ports

ADVICE = "In the plugin's source, run `ACCORD_PLUGINS=clinic accord migrate make NAME --app clinic`."


def change(site: Site, before: str, after: str) -> None:
    """Change the source of the clinic's records."""
    file = site.folder / "accord_clinic" / "records.py"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


@pytest.fixture
def clinic(site: Site) -> Site:
    site.install("clinic")
    return site


def refusals(folder: Path, location: str) -> list[list[str]]:
    """What each command says that would use the database."""
    serve = ("serve", "--port", str(free_ports()[0]), "--no-demo")
    commands = (("migrate", "apply"), ("migrate", "plan"), serve)
    done = [run(folder, *command, plugins="clinic", database=location) for command in commands]
    assert [one.code for one in done] == [1, 1, 1]
    return [one.complaints for one in done]


def test_a_field_without_a_migration_is_refused_before_anything_is_enabled(tmp_path: Path, clinic: Site, location: str):
    change(clinic, "    beds = ", '    newer = fields.IntField(null=True, description="Newer.")\n    beds = ')
    said = f"The records of clinic differ from its migrations: ClinicAccount.newer is new. {ADVICE}"
    assert refusals(tmp_path, location) == [[said]] * 3
    status = run(tmp_path, "migrate", "status", plugins="clinic", database=location)
    assert (status.code, status.err) == (0, "")
    lines = status.out.splitlines()
    assert f"  records  {said}" in lines
    assert "  pending  clinic.0001_initial" in lines


def test_what_was_taken_out_or_changed_of_an_enabled_plugin_is_refused_too(tmp_path: Path, clinic: Site, location: str):
    assert run(tmp_path, "migrate", "apply", plugins="clinic", database=location).code == 0
    source = (clinic.folder / "accord_clinic" / "records.py").read_text()
    [title] = [line for line in source.splitlines() if line.startswith("    title = ")]
    change(clinic, title, title.replace("CharField(200", "CharField(100"))
    [beds] = [line for line in source.splitlines() if line.startswith("    beds = ")]
    change(clinic, f"{beds}\n", "")
    found = "ClinicAccount.beds is gone; ClinicVisit.title has changed"
    assert (
        refusals(tmp_path, location) == [[f"The records of clinic differ from its migrations: {found}. {ADVICE}"]] * 3
    )


async def test_an_accord_is_not_opened_with_them(clinic: Site, location: str):
    change(clinic, "    beds = ", '    newer = fields.IntField(null=True, description="Newer.")\n    beds = ')
    with pytest.raises(RecordsDiffer, match=r"ClinicAccount\.newer is new"):
        async with open_accord(settings(location, "clinic")):
            pass


def test_words_about_a_field_take_no_migration(tmp_path: Path, clinic: Site, location: str):
    change(clinic, "description=", "description='Now ' ")
    done = run(tmp_path, "migrate", "apply", plugins="clinic", database=location)
    assert (done.code, done.err) == (0, "")
