"""A whole Accord with chosen plugins on a database of its own, and what tests do with it."""

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ...graph.bootstrap import SYSTEM_ACTOR
from ...graph.migrating import apply
from ...schema.building import BuiltSchema
from ...schema.exchange import ALL, Caller, Request, Result
from ..composition import Accord, open_accord, target_of
from ..identities import unknown_permissions
from ..settings import Settings

BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Clock:
    """The clock of an Accord: it stands still until it is turned. It begins on 2026-03-01 at noon, UTC."""

    now: datetime = BEGINNING

    def __call__(self) -> datetime:
        """The moment, UTC."""
        return self.now

    def turn(self, **step: float) -> None:
        """Turn it on: `clock.turn(days=1, hours=2)`."""
        self.now += timedelta(**step)

    def set(self, moment: str) -> None:
        """Set it to a moment in ISO 8601 with a zone: `clock.set("2026-12-31T23:59:00Z")`."""
        read = datetime.fromisoformat(moment)
        if read.tzinfo is None:
            raise ValueError(f"{moment!r} has no time zone; write it like 2026-12-31T23:59:00Z")
        self.now = read.astimezone(UTC)


class Gql:
    """Runs GraphQL documents as one caller: `await gql("{ accounts { totalCount } }", **variables)`."""

    def __init__(self, accord: Accord, permissions: frozenset[str], actor: UUID = SYSTEM_ACTOR) -> None:
        self._accord = accord
        self.caller = Caller(actor=actor, request="test", permissions=permissions)

    async def __call__(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of a document that must run without errors. Violations are data."""
        answer = await self.answer(document, **variables)
        assert "errors" not in answer, f"the document has errors: {answer['errors']}"
        return answer["data"]

    async def errors(self, document: str, **variables: Any) -> list[dict[str, Any]]:
        """The errors of a document that must have some."""
        answer = await self.answer(document, **variables)
        assert answer.get("errors"), f"the document has no errors: {answer}"
        return answer["errors"]

    async def answer(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, as it would go over the network."""
        return (await self.result(document, variables)).decoded()

    async def result(self, document: str, variables: Mapping[str, Any]) -> Result:
        """What the service gives."""
        return await self._accord.service.run(Request(query=document, variables=variables), self.caller)


@dataclass(frozen=True, kw_only=True)
class Make:
    """Creates records of one type: `await make_account(name="Kestrel")` gives the id of a new account.

    Its arguments are the fields of the create input, a plugin's among them; what must be there and is not given has a
    value that was made up.
    """

    gql: Gql
    record: str
    defaults: Mapping[str, Any]
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def __call__(self, **given: Any) -> str:
        """The global id of a new record; fails the test with the violations where there are errors."""
        document = (
            f"mutation ($input: Create{self.record}Input!) {{ create{self.record}(input: $input) "
            "{ recordId violations { code message path severity } } }"
        )
        answer = (await self.gql(document, input=self.made_up() | given))[f"create{self.record}"]
        assert answer["recordId"] is not None, f"no {self.record} was made: {answer['violations']}"
        return answer["recordId"]

    def made_up(self) -> dict[str, Any]:
        """The input of another record, with nothing that must not be missing."""
        number = next(self.numbers)
        return {
            name: value.format(number=number) if isinstance(value, str) else value
            for name, value in self.defaults.items()
        }


MADE_UP: Mapping[str, Mapping[str, Any]] = {
    "Account": {"name": "Account {number}"},
    "Contact": {"familyName": "Contact {number}"},
    "Address": {"streetLines": ["1 Test Street"], "city": "City {number}", "country": {"code": "AT"}},
}


class Statements:
    """Counts the statements that reach the database to read."""

    def __init__(self, database: Any) -> None:
        self._database = database

    @contextmanager
    def counted(self) -> Generator[list[str]]:
        """`with statements.counted() as ran:` gives the list of statements that ran in the block."""
        ran: list[str] = []
        fetch = self._database.fetch

        async def listen(statement: str, parameters: Sequence[Any]) -> Any:
            ran.append(statement)
            return await fetch(statement, parameters)

        self._database.fetch = listen
        try:
            yield ran
        finally:
            del self._database.fetch


@dataclass(frozen=True, kw_only=True)
class Outbox:
    """Work after the commit, which in a test happens when it is told to."""

    accord: Accord

    async def drain(self) -> int:
        """Hand every waiting event on, do what is due, and run the jobs that wait; returns how much there was."""
        return await self.accord.worker.drain() + await self.accord.due.drain() + await self.accord.jobs.drain()


@dataclass(frozen=True, kw_only=True)
class Host:
    """An open Accord with its plugins: the same that a server runs, but for its clock."""

    accord: Accord
    clock: Clock

    def as_actor(self, *permissions: str) -> Gql:
        """Run documents as somebody who holds these permissions and no other; ValueError for one that there is not."""
        for slip in unknown_permissions(permissions, self.accord.permissions):
            raise ValueError(f"as_actor: {slip}")
        return Gql(self.accord, frozenset(permissions))

    @property
    def gql(self) -> Gql:
        """Run documents as somebody who may do everything."""
        return Gql(self.accord, frozenset({ALL}))

    def make(self, record: str) -> Make:
        """Create records of a type."""
        return Make(gql=self.gql, record=record, defaults=MADE_UP.get(record, {}))

    @property
    def statements(self) -> Statements:
        """Count statements."""
        return Statements(self.accord.database)

    @property
    def outbox(self) -> Outbox:
        """Do the work that waits for commits."""
        return Outbox(accord=self.accord)


class GivenSettings(Settings):
    """Settings that are what is given, whatever the environment and accord.toml say."""

    model_config = SettingsConfigDict(toml_file=None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code, and nothing else."""
        return (init_settings,)


def settings_for(location: str, plugins: Sequence[str], **given: Any) -> Settings:
    """The settings of a test: its database, its plugins, and what else is given."""
    values: dict[str, Any] = {"database": location, "plugins": tuple(plugins), "demo": False, **given}
    return GivenSettings(**values)


def settings_of(text: str) -> Settings:
    """The settings in a JSON text, for a process that is to have the same."""
    return GivenSettings.model_validate_json(text)


async def migrate(settings: Settings) -> None:
    """Give the settings' database the tables of the core and of the settings' plugins."""
    await apply(target_of(settings), progress=lambda step: None)


@asynccontextmanager
async def open_host(
    settings: Settings, clock: Clock | None = None, *, schema: BuiltSchema | None = None
) -> AsyncGenerator[Host, None]:
    """An Accord on a migrated database; a `schema` that was built for the same plugins may be used again."""
    turned = clock or Clock()
    async with open_accord(settings, clock=turned, schema=schema) as accord:
        await accord.hooks.startup(accord.contexts.of)
        try:
            yield Host(accord=accord, clock=turned)
        finally:
            await accord.hooks.shutdown()


def assert_violation(answer: Mapping[str, Any], code: str, path: str | Sequence[str | int]) -> None:
    """Fail unless the one mutation of an answer was broken by `code` at `path`: `input.hipaa.npi`, or a list of steps.

    The mutation must have asked for `violations { code path }`.
    """
    payloads: list[Any] = [value for value in answer.values() if isinstance(value, dict) and "violations" in value]
    assert len(payloads) == 1, f"the answer should hold one mutation that asks for its violations: {answer}"
    steps = [int(step) if step.isdigit() else step for step in path.split(".")] if isinstance(path, str) else [*path]
    found = [(one["code"], one["path"]) for one in payloads[0]["violations"]]
    assert (code, steps) in found, f"there is no {code} at {path}; there are {found}"
