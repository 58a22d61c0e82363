"""accord migrate on both databases."""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from accord.tests.config.command_line import Done, environment, finish, run, start

ROOT = Path(__file__).resolve().parents[2]
CORE = "graph.0001_core"
REFUSED = (
    ("serve", "demo", "migrate apply", "migrate plan"),
    ("events list", "events retry --all", "plugin list", "plugin purge clinic --yes"),
)
COMMANDS = ("demo", "migrate apply", "migrate plan", "migrate status")


def run_all(folder: Path, commands: Sequence[str], **settings: str) -> list[Done]:
    """Run several commands side by side."""
    return [finish(one) for one in [start(folder, *command.split(), **settings) for command in commands]]


def statement(database: str, sql: str) -> None:
    """Run a statement that no command would."""
    if database.startswith("sqlite:"):
        connection = sqlite3.connect(database.removeprefix("sqlite:"))
        with connection:
            connection.execute(sql)
        connection.close()
        return

    async def execute() -> None:
        connection = await asyncpg.connect(database)
        await connection.execute(sql)
        await connection.close()

    asyncio.run(execute())


def status(folder: Path, database: str) -> list[str]:
    """What `accord migrate status` says, without the place."""
    done = run(folder, "migrate", "status", database=database)
    assert (done.code, done.err) == (0, "")
    return [line.strip() for line in done.out.partition(" is ")[2].splitlines()]


def test_plan_prints_the_sql_and_changes_nothing(tmp_path: Path, database: str):
    planned = run(tmp_path, "migrate", "plan", database=database)
    assert (planned.code, planned.err) == (0, "")
    assert f"-- {CORE}\n" in planned.out
    assert 'CREATE TABLE "account"' in planned.out
    assert status(tmp_path, database) == ["empty.", f"pending  {CORE}"]
    assert not (tmp_path / "var").exists()


def test_what_plan_prints_is_a_script(tmp_path: Path):
    planned = run(tmp_path, "migrate", "plan")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(planned.out)


def test_apply_migrates_once(tmp_path: Path, database: str):
    first = run(tmp_path, "migrate", "apply", database=database)
    assert (first.code, first.err) == (0, "")
    assert f"Applied {CORE}." in first.out.splitlines()
    assert status(tmp_path, database) == ["current.", f"applied  {CORE}"]
    second = run(tmp_path, "migrate", "apply", database=database)
    assert (second.code, second.err) == (0, "")
    assert second.out.startswith("Nothing to do: ")
    planned = run(tmp_path, "migrate", "plan", database=database)
    assert planned.out.startswith("-- nothing to do: ")


def test_three_processes_apply_at_once_and_one_does_the_work(tmp_path: Path, database: str):
    (tmp_path / "var").mkdir()
    together = [start(tmp_path, "migrate", "apply", database=database) for _ in range(3)]
    done = [finish(one) for one in together]
    assert [(one.code, one.err) for one in done] == [(0, "")] * 3
    assert sorted(f"Applied {CORE}." in one.out for one in done) == [False, False, True]
    assert status(tmp_path, database) == ["current.", f"applied  {CORE}"]


def test_a_newer_database_is_left_alone_by_every_command(tmp_path: Path, database: str):
    run(tmp_path, "migrate", "apply", database=database)
    statement(
        database, "insert into accord_migration (app, name, applied_at) values ('graph', '0099_later', '2030-01-01')"
    )
    for done in [one for commands in REFUSED for one in run_all(tmp_path, commands, database=database)]:
        assert (done.code, done.out) == (1, "")
        [complaint] = done.complaints
        assert "graph.0099_later" in complaint
        assert "Install the version that wrote them" in complaint
    assert status(tmp_path, database) == ["newer.", f"applied  {CORE}", "unknown  graph.0099_later"]


def test_a_database_that_can_not_be_reached_is_one_line_without_its_password(tmp_path: Path):
    url = "postgresql://accord:s3cret@127.0.0.1:1/book"
    for done in run_all(tmp_path, ("serve", *COMMANDS), database=url):
        assert (done.code, done.out) == (1, "")
        [complaint] = done.complaints
        assert complaint.startswith("The database 127.0.0.1/book can't be opened: ")
        assert "s3cret" not in complaint


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path):
    (tmp_path / "book.txt").write_text("dear diary, " * 100)
    for done in run_all(tmp_path, ("serve", *COMMANDS), database="sqlite:book.txt"):
        assert (done.code, done.out) == (1, "")
        assert done.complaints == [
            "The database book.txt can't be opened: file is not a database. Check that it is a file of SQLite which "
            "you may read and write, or name another."
        ]
    assert (tmp_path / "book.txt").read_text() == "dear diary, " * 100


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("two.words", "'two.words' can't be part of a module's name: use letters, digits and _."),
        (
            "notes --app shipping",
            "There is no app 'shipping'; there is graph. A plugin must be enabled to be one: `ACCORD_PLUGINS=shipping "
            "accord migrate make notes --app shipping`.",
        ),
    ],
)
def test_make_refuses_what_can_not_be_a_migration(tmp_path: Path, arguments: str, complaint: str):
    done = run(tmp_path, "migrate", "make", *arguments.split())
    assert (done.code, done.out) == (1, "")
    assert done.complaints == [complaint]


def test_make_writes_the_migration_of_a_changed_record(tmp_path: Path):
    """In a copy of Accord, because it writes into the source."""
    for name in ("config", "graph", "plugins", "schema"):
        ignored = shutil.ignore_patterns("__pycache__", "node_modules", "dist", "graphiql-*")
        shutil.copytree(ROOT / name, tmp_path / "accord" / name, ignore=ignored)
    shutil.copy(ROOT / "__init__.py", tmp_path / "accord")
    record = tmp_path / "accord" / "graph" / "records" / "actor.py"
    record.write_text(f'{record.read_text()}    nickname = fields.CharField(50, null=True, description="Nickname.")\n')
    done = subprocess.run(
        [sys.executable, "-c", "from accord.config.cli import main; main()", "migrate", "make", "nicknames"],
        cwd=tmp_path,
        env={**environment(), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    written = tmp_path / "accord" / "graph" / "migrations" / "0002_nicknames.py"
    assert done.stdout == f"Wrote {written}; read it before you commit it.\n"
    assert "nickname" in written.read_text()
