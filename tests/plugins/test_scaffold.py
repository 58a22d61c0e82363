"""The scaffold: `accord plugin new` writes a package that installs without a network, and whose own tests pass."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from accord.tests.config.command_line import environment, run
from accord.tests.postgres_server import PostgresServer

PATIENCE = 300  # seconds; the generated tests migrate and build what ours have built already


@dataclass(frozen=True, kw_only=True)
class Scaffolded:
    """A plugin as it was generated, and the folder that it was installed into."""

    folder: Path
    site: Path
    said: str

    def run(self, *command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a program of this environment in the plugin's folder, with the plugin installed."""
        known = {name: value for name, value in environment().items() if name != "TEST_DATABASE_URL"}
        return subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env={**known, "PYTHONPATH": str(self.site), "PYTHONDONTWRITEBYTECODE": "1", **variables},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )


@pytest.fixture(scope="module")
def scaffolded(tmp_path_factory: pytest.TempPathFactory) -> Scaffolded:
    folder = tmp_path_factory.mktemp("scaffold")
    made = run(folder, "plugin", "new", "loyalty")
    assert (made.code, made.err) == (0, "")
    site = folder / "site"
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--no-compile"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", *options, "--target", str(site), "./accord-loyalty"]
    done = subprocess.run(pip, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    return Scaffolded(folder=folder / "accord-loyalty", site=site, said=made.out)


def test_what_is_written_is_listed_with_what_to_do_next(scaffolded: Scaffolded):
    listed = [line.strip() for line in scaffolded.said.splitlines() if line.startswith("  ")]
    there = sorted(
        path.relative_to(scaffolded.folder).as_posix()
        for path in scaffolded.folder.rglob("*")
        if path.is_file() and not {"build", "accord_loyalty.egg-info"} & set(path.parts)
    )
    assert listed[: len(there)] == there
    assert listed[len(there) :] == [
        "cd accord-loyalty",
        "pip install --editable '.[dev]'",
        "pytest",
        "accord plugin check loyalty",
    ]
    assert "accord_loyalty/migrations/0001_initial.py" in there


def test_the_generated_tests_pass_on_both_databases(scaffolded: Scaffolded, postgres_server: PostgresServer):
    done = scaffolded.run("-m", "pytest", "-p", "no:cacheprovider", TEST_DATABASE_URL=postgres_server.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "accord: plugins loyalty; on SQLite and PostgreSQL" in done.stdout
    assert " 7 passed" in done.stdout.splitlines()[-1]


def test_without_a_server_the_tests_on_it_are_taken_out_and_that_is_said(scaffolded: Scaffolded):
    done = scaffolded.run("-m", "pytest", "-p", "no:cacheprovider", "--collect-only")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "on SQLite alone; NOT RUN on PostgreSQL: set TEST_DATABASE_URL" in done.stdout
    assert "4/7 tests collected (3 deselected)" in done.stdout


def test_what_is_generated_is_in_the_style_of_ruff(scaffolded: Scaffolded):
    for command in (("check", "--select=B,E,F,UP"), ("format", "--check")):
        done = scaffolded.run(
            "-m", "ruff", *command, "--isolated", "--line-length=120", "--no-cache", "--exclude=migrations", "."
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_first_migration_leads_to_the_records(scaffolded: Scaffolded):
    database = f"sqlite:{scaffolded.folder.parent / 'made.db'}"
    known = {"ACCORD_PLUGINS": "loyalty", "ACCORD_DATABASE": database}
    command = "from accord.config.cli import main; main()"
    done = scaffolded.run("-c", command, "migrate", "make", "again", "--app", "loyalty", **known)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "The records of loyalty are as migrated already.\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Loyalty", "'Loyalty' can't be the name of a plugin: it stands in the API and in Python"),
        ("my-plugin", "'my-plugin' can't be the name of a plugin"),
        ("my_plugin", "'my_plugin' can't be the name of a plugin"),
        ("1st", "'1st' can't be the name of a plugin"),
        ("x", "'x' can't be the name of a plugin"),
        ("class", "'class' is a word of Python's own; choose another name."),
        ("true", "'true' is a word of Python's own; choose another name."),
        ("count", "'count' is what the core calls something already; choose another name."),
        ("delete", "'delete' is what the core calls something already; choose another name."),
        ("../x", "'../x' can't be the name of a plugin"),
        ("contacts", "'contacts' is what the core calls something already; choose another name."),
        ("account", "'account' is what the core calls something already; choose another name."),
        ("graph", "'graph' is what the core calls something already; choose another name."),
        ("healthcare", "The plugin healthcare (accord "),
    ],
)
def test_names_that_can_not_be_used_are_refused(tmp_path: Path, name: str, words: str):
    done = run(tmp_path, "plugin", "new", name)
    assert (done.code, done.out) == (1, "")
    assert done.complaints[0].startswith(words), done.complaints
    assert len(done.complaints) == 1
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_in_use_is_refused_together_with_the_name(tmp_path: Path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").touch()
    (tmp_path / "file").touch()
    assert run(tmp_path, "plugin", "new", "Bad", "--folder", "full").complaints[1:] == [
        "The folder full is not empty: it holds notes.txt. Name another by --folder."
    ]
    assert run(tmp_path, "plugin", "new", "good", "--folder", "file").complaints == [
        "The path file is a file; name a folder by --folder."
    ]
    missing = tmp_path / "no" / "such"
    assert run(tmp_path, "plugin", "new", "good", "--folder", str(missing)).complaints == [
        f"There is no folder {missing.parent} to make such in; make it, or name another."
    ]
    (tmp_path / "empty").mkdir()
    assert run(tmp_path, "plugin", "new", "good", "--folder", "empty").code == 0
