"""Paging while others write: a row that stays, with its sort key, is on exactly one page, whichever way one walks."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from accord.tests.accord_fixture import Bench, CoreDatabases, open_bench

EXAMPLES = 50
NAMES = ("a", "A", "ä", "Ä", "b", "ß", "SS", "z")  # few, so that many rows share a sort key
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order of a list, and the fields by which rows are sorted."""

    text: str
    keys: str = "id"


ACCOUNT_ORDERS = (
    Order(text="[]"),
    Order(text="[{id: DESC}]"),
    Order(text="[{name: ASC}]", keys="name"),
    Order(text="[{name: DESC}]", keys="name"),
    Order(text="[{legalName: ASC}]", keys="legalName"),
    Order(text="[{legalName: DESC}]", keys="legalName"),
    Order(text="[{kind: ASC}, {name: DESC}]", keys="kind name"),
    Order(text="[{annualRevenue: ASC}]", keys="annualRevenue { amount currency }"),
    Order(text="[{annualRevenue: DESC}, {legalName: ASC}]", keys="annualRevenue { amount currency } legalName"),
    Order(text="[{employeeCount: DESC}, {kind: ASC}, {legalName: DESC}]", keys="employeeCount kind legalName"),
    Order(text="[{updatedAt: ASC}]", keys="updatedAt"),
)
CONTACT_ORDERS = (
    Order(text="[]"),
    Order(text="[{sortName: ASC}]", keys="sortName"),
    Order(text="[{givenName: DESC}]", keys="givenName"),
    Order(text="[{doNotContact: DESC}]", keys="doNotContact"),
    Order(text="[{doNotContact: ASC}, {title: DESC}]", keys="doNotContact title"),
    Order(text="[{title: ASC}, {doNotContact: DESC}]", keys="title doNotContact"),
)
ORDERS = {"accounts": ACCOUNT_ORDERS, "children": ACCOUNT_ORDERS, "contacts": CONTACT_ORDERS}


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happens to a list between two pages."""

    what: str
    place: int  # of the row that it happens to
    row: Row


@dataclass(frozen=True, kw_only=True)
class Walk:
    """How one walks through which list, and what happens after each page."""

    listing: str
    order: Order
    size: int
    backwards: bool
    rows: Sequence[Row]
    events: Sequence[Sequence[Event]]


ROWS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES),
        "legalName": st.sampled_from((None, *NAMES)),
        "kind": st.sampled_from(("BUSINESS", "PERSON", "PARTNER")),
        "amount": st.sampled_from((None, "EUR 1", "EUR 50000000", "USD 1", "JPY 5000000000", "EUR 0.01")),
        "employeeCount": st.sampled_from((None, 0, 1, 2)),
        "doNotContact": st.booleans(),
    }
)
HAPPENINGS = ("create", "change", "delete", "restore", "leave", "change at cursor", "delete at cursor")
EVENTS = st.builds(Event, what=st.sampled_from(HAPPENINGS), place=st.integers(0, 11), row=ROWS)


@st.composite
def walks(draw: st.DrawFn) -> Walk:
    """Any walk through any of the lists."""
    listing = draw(st.sampled_from(sorted(ORDERS)))
    return Walk(
        listing=listing,
        order=draw(st.sampled_from(ORDERS[listing])),
        size=draw(st.integers(1, 4)),
        backwards=draw(st.booleans()),
        rows=draw(st.lists(ROWS, min_size=2, max_size=12)),
        events=draw(st.lists(st.lists(EVENTS, max_size=2), max_size=6)),
    )


class Company:
    """The rows of one list, made for one walk and apart from those of all others.

    The list is `accounts` of one industry at the root, the `children` of one account, or its `contacts`, which come
    through links.
    """

    def __init__(self, bench: Bench, listing: str, name: str) -> None:
        self.bench = bench
        self.listing = listing
        self.name = name
        self.record = "Contact" if listing == "contacts" else "Account"
        self.owner = ""
        self.deleted: list[str] = []

    async def found(self, rows: Sequence[Row]) -> None:
        """Make the owner and the first rows."""
        made = await self.bench.ask(f'mutation {{ createAccount(input: {{name: "{self.name}"}}) {{ recordId }} }}')
        self.owner = made["createAccount"]["recordId"]
        await self.create(rows)

    async def create(self, rows: Sequence[Row]) -> None:
        """Make rows of the list."""
        belonging: dict[str, Any] = {
            "accounts": {"industry": self.name},
            "children": {"parentId": self.owner},
            "contacts": {"accounts": [{"id": self.owner}]},
        }
        await self.write("create", [self.values(row) | belonging[self.listing] for row in rows])

    def values(self, row: Row) -> dict[str, Any]:
        """A row as the input of its record."""
        if self.record == "Contact":
            given, contactable = row["legalName"], row["doNotContact"]
            return {"familyName": row["name"], "givenName": given, "title": given, "doNotContact": contactable}
        currency, _, amount = (row["amount"] or "").partition(" ")
        revenue = {"amount": amount, "currency": currency} if amount else None
        own = {name: row[name] for name in ("name", "legalName", "kind", "employeeCount")}
        return {**own, "annualRevenue": revenue}

    async def write(self, verb: str, inputs: Sequence[Row]) -> None:
        """Create or update rows in bulk."""
        field, type_ = f"{verb}{self.record}s", f"{verb.capitalize()}{self.record}Input"
        query = f"mutation ($inputs: [{type_}!]!) {{ {field}(inputs: $inputs) {{ written violations {{ message }} }} }}"
        payload = (await self.bench.ask(query, inputs=inputs))[field]
        assert payload["written"] == len(inputs), payload

    async def happen(self, event: Event, at_cursor: str | None) -> None:
        """Let one thing happen to the list."""
        self.bench.clock.turn(minutes=1)
        there = [edge["node"]["id"] for edge in await self.all("id")]
        target = at_cursor if event.what.endswith("at cursor") else there[event.place % len(there)] if there else None
        match event.what.removesuffix(" at cursor"):
            case "create":
                await self.create([event.row])
            case "restore" if self.deleted:
                await self.bench.ask(f'mutation {{ restore{self.record}(id: "{self.deleted.pop(0)}") {{ recordId }} }}')
            case "change" if target in there:
                await self.write("update", [{"id": target, **self.values(event.row)}])
            case "delete" if target in there:
                self.deleted.append(str(target))
                await self.bench.ask(f'mutation {{ delete{self.record}(id: "{target}") {{ recordId }} }}')
            case "leave" if target in there and self.listing == "contacts":
                contact = f'{{id: "{target}", disconnect: true}}'
                input_ = f'{{id: "{self.owner}", contacts: [{contact}]}}'
                await self.bench.ask(f"mutation {{ updateAccount(input: {input_}) {{ recordId }} }}")
            case _:
                pass

    async def page(self, arguments: str, keys: str, cursor: str | None = None) -> dict[str, Any]:
        """One page of the list."""
        link = "linkId" if self.listing == "contacts" else ""
        parts = (
            f"edges {{ {link} node {{ id {keys} }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}"
        )
        if self.listing == "accounts":
            field = f'accounts(filter: {{industry: {{eq: "{self.name}"}}}}, {arguments}) {{ {parts} }}'
            return (await self.bench.ask(f"query ($cursor: String) {{ {field} }}", cursor=cursor))["accounts"]
        field = f'account(id: "{self.owner}") {{ {self.listing}({arguments}) {{ {parts} }} }}'
        return (await self.bench.ask(f"query ($cursor: String) {{ {field} }}", cursor=cursor))["account"][self.listing]

    async def all(self, keys: str) -> list[dict[str, Any]]:
        """All rows of the list at this moment."""
        return (await self.page("first: 100, after: $cursor", keys))["edges"]


async def walk_through(bench: Bench, walk: Walk, name: str) -> None:
    """Walk, let things happen, and compare what was seen with what was there all the time."""
    company = Company(bench, walk.listing, name)
    await company.found(walk.rows)
    moments = [await company.all(walk.order.keys)]
    seen: list[dict[str, Any]] = []
    cursor, is_more, events = None, True, list(walk.events)
    side = "last: {size}, before: $cursor" if walk.backwards else "first: {size}, after: $cursor"
    arguments = f"{side.format(size=walk.size)}, orderBy: {walk.order.text}"
    while is_more:
        page = await company.page(arguments, walk.order.keys, cursor)
        assert len(page["edges"]) <= walk.size
        seen += page["edges"]
        assert len(seen) < 200, "the walk comes to no end"
        info = page["pageInfo"]
        is_more, cursor = (
            (info["hasPreviousPage"], info["startCursor"])
            if walk.backwards
            else (info["hasNextPage"], info["endCursor"])
        )
        assert is_more <= (len(page["edges"]) == walk.size), "a page that is not full has nothing after it"
        at_cursor = page["edges"][0 if walk.backwards else -1]["node"]["id"] if page["edges"] else None
        for event in events.pop(0) if events else ():
            await company.happen(event, at_cursor)
            moments.append(await company.all(walk.order.keys))
    times = Counter(map(str, seen))
    stayed = [row for row in moments[0] if all(row in moment for moment in moments)]
    assert [times[str(row)] for row in stayed] == [1] * len(stayed), f"stayed: {stayed}\nseen: {seen}"


@pytest.fixture(scope="module")
def shared(loop: asyncio.Runner, core_databases: CoreDatabases) -> Iterator[Bench]:
    """An Accord for all examples, each of which makes rows of its own."""
    opened = open_bench(core_databases.new(), is_migrated=True)
    yield loop.run(opened.__aenter__())
    loop.run(opened.__aexit__(None, None, None))


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)
@given(walk=walks())
def test_rows_that_stay_are_seen_once_while_others_come_and_go(
    loop: asyncio.Runner, shared: Bench, walk: Walk, names: Iterator[str]
) -> None:
    loop.run(walk_through(shared, walk, next(names)))


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    """Names that no walk has used yet."""
    return (f"company {number}" for number in count())


CASES = [
    (listing, order, backwards)
    for listing, orders in (("accounts", ACCOUNT_ORDERS), ("contacts", CONTACT_ORDERS))
    for order in orders
    for backwards in (False, True)
]


@pytest.mark.parametrize("happening", ["delete at cursor", "change at cursor"])
def test_a_walk_goes_on_from_a_row_that_is_gone_or_moved(
    loop: asyncio.Runner, shared: Bench, names: Iterator[str], happening: str
) -> None:
    rows = [
        {
            "name": name,
            "legalName": legal_name,
            "kind": "PERSON" if number % 2 else "BUSINESS",
            "amount": amount,
            "employeeCount": number % 3 or None,
            "doNotContact": number % 2 == 0,
        }
        for number, (name, legal_name, amount) in enumerate(
            [("a", "b", "EUR 1"), ("A", None, None), ("b", "b", "EUR 50000000"), ("z", None, "USD 1"), ("ä", "B", None)]
        )
    ]
    for listing, order, backwards in CASES:
        event = Event(what=happening, place=0, row=rows[3])
        walk = Walk(listing=listing, order=order, size=2, backwards=backwards, rows=rows, events=[[event], [event]])
        loop.run(walk_through(shared, walk, next(names)))
