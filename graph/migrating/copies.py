"""The copy of a SQLite file that is made before it is migrated."""

import os
import re
from contextlib import closing
from datetime import UTC
from pathlib import Path

from .sessions import open_sqlite
from .target import Target

FOLDER = "backups"
KEPT = 5


async def copy_database(target: Target, revision: str) -> Path:
    """Copy the file into backups/ beside it, under the time and the last migration it had.

    To be called with the write lock held and nothing written yet: the copy is the committed state, read through a
    connection of its own, because SQLite lets none copy that has the lock.
    """
    path = _name_copy(target, revision)
    partial = _make_partial(target, path.parent)
    async with open_sqlite(target, writable=False) as reader:
        with closing(reader.driver.connect(partial, check_same_thread=False)) as copy:
            await reader.connection.backup(copy)
    os.replace(partial, path)
    return path


def drop_old_copies(target: Target) -> None:
    for old in find_copies(target)[:-KEPT]:
        old.unlink()


def find_copies(target: Target) -> list[Path]:
    """The copies of this database, oldest first."""
    source = _source(target)
    pattern = re.compile(rf"{re.escape(source.stem)}-\d{{8}}T\d{{6}}Z-from-.+{re.escape(source.suffix)}")
    return sorted(path for path in (source.parent / FOLDER).glob("*") if pattern.fullmatch(path.name))


def _name_copy(target: Target, revision: str) -> Path:
    source = _source(target)
    stamp = target.clock().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return source.parent / FOLDER / f"{source.stem}-{stamp}-from-{revision}{source.suffix}"


def _make_partial(target: Target, folder: Path) -> Path:
    """An empty file to copy into. It will hold what the database holds, so nobody may read it who can't read that."""
    source = _source(target)
    folder.mkdir(mode=0o700, exist_ok=True)
    partial = folder / f"{source.stem}.partial"
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.chmod(source.stat().st_mode & 0o777)
    return partial


def _source(target: Target) -> Path:
    return Path(target.location).absolute()
