"""Two small plugins that use everything a plugin may: fields, a record, rules, hooks, operations, events, due work."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from tortoise import fields

from accord.plugins import (
    AccountExtension,
    Change,
    Choices,
    CommandContext,
    Context,
    Due,
    Event,
    JobContext,
    Permission,
    Plugin,
    Policy,
    Record,
    Rule,
    Severity,
    Unit,
    Violation,
    command,
    due,
    group,
    hookimpl,
    job,
    mutation,
    of,
    query,
)


class Role(Choices):
    """What an account is under HIPAA."""

    NONE = "NONE", "Nothing."
    COVERED = "COVERED", "A covered entity."


class HipaaAccount(AccountExtension, namespace="hipaa"):
    """Where an account stands under HIPAA."""

    role = fields.CharEnumField(Role, max_length=10, default=Role.NONE, db_index=True, description="Which duties.")
    npi = fields.CharField(10, null=True, db_index=True, description="National Provider Identifier.")
    reviewed_on = fields.DateField(null=True, db_index=True, description="When it was last reviewed.")
    seat_city = fields.CharField(80, null=True, db_index=True, description="Where it is registered.")

    class Policies:
        seat = group("HipaaSeat", "Where it is registered.", city="seat_city")


class HipaaAgreement(Record, prefix="baa"):
    """An agreement about protected health information."""

    title = fields.CharField(200, db_index=True, description="What it is called.")
    signed_on = fields.DateField(null=True, db_index=True, description="When it was signed.")
    account: Any = fields.ForeignKeyField(
        "graph.Account", related_name="hipaa_agreements", on_delete=fields.RESTRICT, description="With whom."
    )

    class Policies:
        account = Policy(owner=True)

    @classmethod
    async def prepare(cls, changes: Sequence[Change], unit: Unit) -> None:
        """An agreement is signed today, if nothing else is said."""
        for change in changes:
            if change.is_write and change.after["signed_on"] is None:
                await unit.update(cls, change.id, {"signed_on": unit.today})

    @classmethod
    async def validate_changes(cls, changes: Sequence[Change], unit: Unit) -> AsyncIterator[tuple[Change, Violation]]:
        """A void agreement is none."""
        for change in changes:
            if change.is_write and change.after["title"] == "Void":
                yield VOID.on(change, "title")
            if change.is_write and change.after["title"] == "Odd":
                yield UNDECLARED.on(change, "title")


class KycAccount(AccountExtension, namespace="kyc"):
    """What is known of an account as a customer."""

    risk = fields.CharField(10, null=True, db_index=True, description="Its rating.")


NPI_NEEDED = Rule(code="NPI_NEEDED", message="A covered entity has an NPI.", reference="45 CFR 162.410(a)(1)")
REVIEW_OLD = Rule(code="REVIEW_OLD", message="The review of {day} is old.", severity=Severity.WARNING)
SIGNED_LATER = Rule(code="SIGNED_LATER", message="Nobody has signed on {day} yet.")
VOID = Rule(code="VOID", message="A void agreement is none.")
UNDECLARED = Rule(code="UNDECLARED", message="Nobody could know of this rule.")
RISKY = Rule(code="RISKY", message="Covered entities are no risk; leave it out.")


@dataclass(frozen=True, kw_only=True)
class Expiring:
    """An agreement that runs out."""

    agreement: Annotated[UUID, of("HipaaAgreement")]
    account: Annotated[UUID, of("Account")]
    on: date
    days: Annotated[int, "How many days are left."]
    share: Decimal
    role: Role


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What was agreed."""

    title: str
    years: int = 1


@dataclass(frozen=True, kw_only=True)
class Odd:
    """Whatever a test wants to be answered."""

    number: int = 0
    text: str = ""
    ratio: float = 0.0
    share: Decimal = Decimal(0)
    more: dict[str, Any] | None = None


class Hipaa(Plugin):
    """Providers and their agreements."""

    name = "hipaa"
    title = "HIPAA"
    version = "1.0"
    models = (HipaaAccount, HipaaAgreement)
    migrations = "toy_hipaa_ops_migrations"
    rules = (NPI_NEEDED, REVIEW_OLD, SIGNED_LATER, VOID)
    permissions = (Permission(name="hipaa.sign", description="Sign agreements."),)

    def __init__(self, settings: Any = None) -> None:
        super().__init__(settings)
        self.told: list[Event] = []
        self.seen: list[tuple[str, list[tuple[str, str]]]] = []
        self.reviews: list[Due] = []
        self.ran: list[str] = []
        self.odd = Odd()
        self.doing: dict[str, Callable[..., Awaitable[Any]]] = {}  # what a hook does besides

    def _note(self, hook: str, unit: Unit) -> None:
        changes = [*unit.changes("Account"), *unit.changes(HipaaAccount), *unit.changes(HipaaAgreement)]
        self.seen.append((hook, sorted((change.record, change.kind.value) for change in changes)))

    async def _do(self, hook: str, *arguments: Any) -> None:
        if hook in self.doing:
            await self.doing[hook](*arguments)

    @hookimpl
    async def startup(self, context: Context) -> None:
        await self._do("startup", context)

    @hookimpl
    async def shutdown(self) -> None:
        await self._do("shutdown")

    @hookimpl
    async def prepare(self, unit: Unit) -> None:
        self._note("prepare", unit)
        await self._do("prepare", unit)

    @hookimpl
    async def validate(self, unit: Unit) -> AsyncIterator[tuple[Change, Violation]]:
        self._note("validate", unit)
        await self._do("validate", unit)
        for change in unit.changes(HipaaAccount):
            if change.is_write and change.after["role"] == Role.COVERED and not change.after["npi"]:
                yield NPI_NEEDED.on(change, "npi")
            day = change.after["reviewed_on"]
            if change.is_write and day and day < unit.today - timedelta(days=365):
                yield REVIEW_OLD.on(change, "reviewed_on", day=day)
            if change.after["npi"] == "undeclared":
                yield UNDECLARED.on(change, "npi")

    @hookimpl
    async def before_commit(self, unit: Unit) -> None:
        self._note("before_commit", unit)
        await self._do("before_commit", unit)

    @hookimpl
    async def after_commit(self, events: Sequence[Event], context: Context) -> None:
        await self._do("after_commit", events, context)
        self.told += events

    @query(permission="hipaa.sign")
    async def expiring(
        self,
        context: Context,
        *,
        within_days: Annotated[int, "How many days ahead."] = 30,
        role: Role = Role.COVERED,
        share: Decimal = Decimal("0.5"),
    ) -> list[Expiring]:
        """Agreements that run out soon."""
        data = await context.ask(
            "query ($day: Date!) { hipaaAgreements(filter: {signedOn: {lte: $day}}) { nodes { id account { id } } } }",
            day=context.today + timedelta(days=within_days),
        )
        return [
            Expiring(
                agreement=UUID(node["id"].removeprefix("baa_")),
                account=UUID(node["account"]["id"].removeprefix("acc_")),
                on=context.today,
                days=within_days,
                share=share,
                role=role,
            )
            for node in data["hipaaAgreements"]["nodes"]
        ]

    @query()
    async def owner(
        self, context: Context, *, account: Annotated[UUID | None, of("Account")]
    ) -> Annotated[UUID | None, of("Account")]:
        """The same account again."""
        return account

    @query()
    async def broken(self, context: Context) -> int:
        """What fails."""
        raise RuntimeError("the secret is 42")

    @query()
    async def odd_answer(self, context: Context) -> list[Odd]:
        """What a test wants."""
        return [self.odd]

    @mutation()
    async def odd_change(self, unit: Unit, *, account: Annotated[UUID, of("Account")]) -> Odd:
        """What a test wants, when something was written."""
        await unit.create(HipaaAgreement, {"account": account, "title": "Odd one"})
        return self.odd

    @mutation(permission="hipaa.sign")
    async def sign(
        self,
        unit: Unit,
        *,
        account: Annotated[UUID, of("Account")],
        on: date,
        terms: Terms,
        note: str | None = None,
        more: dict[str, Any] | None = None,
    ) -> Annotated[UUID, of("HipaaAgreement")]:
        """Note that an agreement was signed."""
        if on > unit.today:
            unit.violate(SIGNED_LATER.broken(("on",), day=on))
        made = await unit.create(HipaaAgreement, {"account": account, "signed_on": on, "title": terms.title})
        await unit.update(HipaaAccount, account, {"reviewed_on": on, **({"npi": note} if note else {})})
        return made.id

    @mutation()
    async def reach(self, unit: Unit, *, account: Annotated[UUID, of("Account")]) -> None:
        """What no plugin may."""
        await unit.update("Account", account, {"name": "Mine"})

    @command
    async def rescreen(self, context: CommandContext, *, limit: int = 100, on: date | None = None) -> None:
        """Look at all accounts again."""
        data = await context.ask("{ accounts { totalCount } }")
        context.progress(1, 2, "half")
        context.progress(2, 2)
        context.say(f"{data['accounts']['totalCount']} accounts, limit {limit}, on {on}")

    @job(permission="hipaa.sign")
    async def import_list(
        self, job: JobContext, *, url: str, days: list[date] | None = None, more: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Read a list from somewhere."""
        self.ran.append(url)
        await job.progress(1, 3, "reading")
        await self._do("import_list", job)
        await job.progress(3, 3)
        return {"url": url, "days": [str(day) for day in days or ()], "may": job.may("hipaa.sign"), **(more or {})}

    @due
    async def review(self, context: Context, due: Due) -> None:
        """Review an account."""
        await self._do("review", context, due)
        self.reviews.append(due)


class Kyc(Plugin):
    """Know your customer."""

    name = "kyc"
    version = "1.0"
    models = (KycAccount,)
    migrations = "toy_kyc_ops_migrations"
    rules = (RISKY,)

    def __init__(self, settings: Any = None) -> None:
        super().__init__(settings)
        self.told: list[Event] = []
        self.is_failing = False
        self.ending: Callable[[], Awaitable[None]] | None = None  # what it does at its end

    @hookimpl
    async def shutdown(self) -> None:
        if self.ending is not None:
            await self.ending()

    @hookimpl
    async def validate(self, unit: Unit) -> AsyncIterator[tuple[Change, Violation]]:
        if self.is_failing:
            raise RuntimeError("the secret is 42")
        rows = await unit.after(HipaaAccount, [change.id for change in unit.changes(KycAccount)])
        for change in unit.changes(KycAccount):
            if change.is_live and change.after["risk"] and rows[change.id]["role"] == Role.COVERED:
                yield RISKY.on(change, "risk")

    @hookimpl
    async def after_commit(self, events: Sequence[Event], context: Context) -> None:
        self.told += events


async def forever(*arguments: Any) -> None:
    """What does not end by itself."""
    await asyncio.Event().wait()


async def fail(*arguments: Any, **named: Any) -> None:
    """What fails with words that nobody may see."""
    raise RuntimeError("the secret is 42")


def at(moment: datetime, **step: float) -> datetime:
    """A moment later."""
    return moment + timedelta(**step)
