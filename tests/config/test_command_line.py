"""The command line as a whole: help, wrong arguments, and the commands that need no database."""

from pathlib import Path

import graphql
import pytest

import accord
from accord.tests.config.command_line import run

COMMANDS = ("serve", "migrate", "migrate plan", "migrate apply", "migrate status", "migrate make", "schema", "demo")


@pytest.mark.parametrize("command", ["", *COMMANDS, "version", "plugin", "plugin list", "plugin new", "plugin check"])
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_ends_with_examples_of_the_command(tmp_path: Path, command: str, option: str):
    done = run(tmp_path, *command.split(), option)
    assert (done.code, done.err) == (0, "")
    _, _, examples = done.out.partition("Examples")
    assert f"accord {command}".rstrip() in examples
    assert max(map(len, done.out.splitlines())) <= 80


@pytest.mark.parametrize(("group", "within"), [("", "serve migrate schema demo version"), ("migrate", "plan apply")])
def test_without_a_command_the_help_is_shown(tmp_path: Path, group: str, within: str):
    done = run(tmp_path, *group.split())
    assert (done.code, done.err) == (2, "")
    assert set(within.split()) <= set(done.out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("servee", "Did you mean 'serve'?"),
        ("serve --prot 1", "No such option"),
        ("serve --port many", "--port"),
        ("serve --port 70000", "--port"),
        ("migrate make", "Missing argument"),
        ("demo twice", "unexpected extra argument"),
    ],
)
def test_wrong_arguments_are_code_2_and_no_traceback(tmp_path: Path, arguments: str, words: str):
    done = run(tmp_path, *arguments.split())
    assert done.code == 2
    assert words in done.out + done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in {"schema", "migrate", "migrate make"}])
def test_a_misspelt_setting_is_one_line_and_code_1(tmp_path: Path, command: str):
    done = run(tmp_path, *command.split(), databse="sqlite:a.db")
    assert (done.code, done.out) == (1, "")
    assert done.complaints == ["ACCORD_DATABSE in the environment is no setting; did you mean ACCORD_DATABASE?"]


@pytest.mark.parametrize("arguments", ["version", "--version"])
def test_version_names_accord_and_what_it_runs_on(tmp_path: Path, arguments: str):
    done = run(tmp_path, arguments)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Accord {accord.__version__} (Python 3.")
    assert "SQLite 3." in done.out


def test_schema_prints_what_the_api_has(tmp_path: Path):
    printed = run(tmp_path, "schema")
    assert (printed.code, printed.err) == (0, "")
    schema = graphql.build_schema(printed.out)
    assert schema.query_type is not None
    assert {"account", "accounts", "node", "nodes"} <= set(schema.query_type.fields)
    written = run(tmp_path, "schema", "--output", "schema.graphql")
    assert written.code == 0
    assert (tmp_path / "schema.graphql").read_text("utf-8") == printed.out


def test_a_schema_that_can_not_be_written_is_one_line(tmp_path: Path):
    done = run(tmp_path, "schema", "-o", "missing/schema.graphql")
    assert (done.code, done.out) == (1, "")
    assert done.complaints == ["missing/schema.graphql can't be written: No such file or directory."]


def test_a_database_that_nobody_serves_is_one_line_without_its_password_and_code_1(tmp_path: Path):
    done = run(tmp_path, "events", "list", database="postgresql://nobody:hush@127.0.0.1:1/none")
    assert (done.code, done.out) == (1, "")
    [complaint] = done.complaints
    assert complaint.startswith("The database 127.0.0.1/none can't be opened: ")
    assert complaint.endswith("Check its address and that it is running.")
    assert "hush" not in done.err
