"""Paging while others write: a row that stays, with its sort key, is on exactly one page, whichever way one walks."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from accord.tests.accord_fixture import Bench, CoreDatabases, open_bench
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

EXAMPLES = 50
NAMES = ("a", "A", "ä", "Ä", "b", "ß", "SS", "z")
PARTS = {
    "name": ("name",),
    "legalName": ("legalName",),
    "kind": ("kind",),
    "annualRevenue": ("annualRevenue { amount currency }",),
    "employeeCount": ("employeeCount",),
    "sortName": ("sortName",),
    "givenName": ("givenName",),
    "title": ("title",),
    "doNotContact": ("doNotContact",),
    "id": ("id",),
}
ACCOUNT_ORDERS = (
    "[]",
    "[{name: ASC}]",
    "[{name: DESC}]",
    "[{legalName: ASC}]",
    "[{legalName: DESC}]",
    "[{kind: ASC}, {name: DESC}]",
    "[{annualRevenue: ASC}]",
    "[{annualRevenue: DESC}, {legalName: ASC}]",
    "[{employeeCount: DESC}, {kind: ASC}, {legalName: DESC}]",
    "[{id: DESC}]",
)
CONTACT_ORDERS = (
    "[]",
    "[{sortName: ASC}]",
    "[{givenName: DESC}]",
    "[{doNotContact: ASC}, {title: DESC}]",
    "[{title: ASC}, {doNotContact: DESC}]",
    "[{doNotContact: DESC}]",
)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list to walk through: what it is, and how its rows are made and changed."""

    name: str
    field: str
    within: str  # the query around the field
    identity: str  # what tells a row of the list apart: its id, or that of the link it comes through
    orders: Sequence[str]


ROOT = Listing(
    name="accounts",
    field="accounts",
    within="query ($tag: String, $owner: ID, $cursor: String) {{ list: {field} }}",
    identity="node { id }",
    orders=ACCOUNT_ORDERS,
)
CHILDREN = Listing(
    name="children",
    field="children",
    within="query ($tag: String, $owner: ID, $cursor: String) {{ account(id: $owner) {{ list: {field} }} }}",
    identity="node { id }",
    orders=ACCOUNT_ORDERS,
)
CONTACTS = Listing(
    name="contacts",
    field="contacts",
    within="query ($tag: String, $owner: ID, $cursor: String) {{ account(id: $owner) {{ list: {field} }} }}",
    identity="linkId node { id }",
    orders=CONTACT_ORDERS,
)
LISTINGS = (ROOT, CHILDREN, CONTACTS)
FILTER = "filter: {industry: {eq: $tag}}"
UNUSED = "unused: node(id: $owner) { id } too: accounts(first: 1, filter: {industry: {eq: $tag}}, after: $cursor) { __typename }"


@dataclass(frozen=True, kw_only=True)
class Walk:
    """How one walks, and what happens to the rows after each page."""

    listing: Listing
    order: str
    size: int
    backwards: bool
    rows: Sequence[Mapping[str, Any]]
    events: Sequence[Sequence[tuple[str, int, Mapping[str, Any]]]]


ROWS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES),
        "legalName": st.sampled_from((None, *NAMES)),
        "kind": st.sampled_from(("BUSINESS", "PERSON", "PARTNER")),
        "amount": st.sampled_from((None, "EUR 1", "EUR 5000000000", "USD 1", "JPY -3", "EUR 0.01")),
        "employeeCount": st.sampled_from((None, 0, 1, 2)),
        "doNotContact": st.booleans(),
    }
)
EVENTS = st.tuples(
    st.sampled_from(("create", "delete", "rename", "delete at cursor", "rename at cursor", "restore", "leave")),
    st.integers(0, 11),
    ROWS,
)


@st.composite
def walks(draw: st.DrawFn) -> Walk:
    """Any walk through any of the lists."""
    listing = draw(st.sampled_from(LISTINGS))
    return Walk(
        listing=listing,
        order=draw(st.sampled_from(listing.orders)),
        size=draw(st.integers(1, 4)),
        backwards=draw(st.booleans()),
        rows=draw(st.lists(ROWS, min_size=2, max_size=12)),
        events=draw(st.lists(st.lists(EVENTS, max_size=2), max_size=6)),
    )


class Company:
    """The rows of one list, made for one walk and kept apart from all others."""

    def __init__(self, bench: Bench, listing: Listing, tag: str) -> None:
        self.bench = bench
        self.listing = listing
        self.tag = tag
        self.owner = ""
        self.deleted: list[str] = []

    def values(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row as the input of its record."""
        if self.listing is CONTACTS:
            return {
                "familyName": row["name"],
                "givenName": row["legalName"],
                "title": row["legalName"],
                "doNotContact": row["doNotContact"],
            }
        currency, _, amount = (row["amount"] or "").partition(" ")
        return {
            "name": row["name"],
            "legalName": row["legalName"],
            "kind": row["kind"],
            "annualRevenue": {"amount": amount, "currency": currency} if amount else None,
            "employeeCount": row["employeeCount"],
        }

    async def found(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make the owner and the first rows."""
        made = await self.bench.ask(
            "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { id } }", input={"name": self.tag}
        )
        self.owner = made["createAccount"]["id"]
        await self.create(rows)

    async def create(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make rows of the list."""
        inputs = [self.values(row) for row in rows]
        belonging = {ROOT: {"industry": self.tag}, CHILDREN: {"parentId": self.owner}}
        own = belonging.get(self.listing, {"accounts": [{"id": self.owner}]})
        await self.write("create", [{**one, **own} for one in inputs])

    async def write(self, verb: str, inputs: Sequence[Mapping[str, Any]]) -> None:
        """Create or update rows; what the rules refuse is left as it is."""
        what = "Contact" if self.listing is CONTACTS else "Account"
        query = f"""mutation ($inputs: [{verb.capitalize()}{what}Input!]!) {{
          {verb}{what}s(inputs: $inputs) {{ written violations {{ code path message }} }} }}"""
        payload = (await self.bench.ask(query, inputs=inputs))[f"{verb}{what}s"]
        assert payload["written"] == len(inputs), payload

    async def happen(self, event: tuple[str, int, Mapping[str, Any]], at_cursor: str | None) -> None:
        """Let one thing happen to the list."""
        self.bench.clock.turn(minutes=1)
        what, place, row = event
        known = [edge["node"]["id"] for edge in await self.all(())]
        target = at_cursor if what.endswith("at cursor") else known[place % len(known)] if known else None
        record = "Contact" if self.listing is CONTACTS else "Account"
        if what == "create":
            await self.create([row])
        elif what == "restore" and self.deleted:
            again = self.deleted.pop(0)
            await self.bench.ask(f"mutation ($id: ID!) {{ restore{record}(id: $id) {{ id }} }}", id=again)
        elif target is None or target not in known:
            return
        elif what.startswith("delete"):
            self.deleted.append(target)
            await self.bench.ask(f"mutation ($id: ID!) {{ delete{record}(id: $id) {{ id }} }}", id=target)
        elif what.startswith("rename"):
            await self.write("update", [{"id": target, **self.values(row)}])
        elif what == "leave" and self.listing is CONTACTS:
            contacts = [{"id": target, "disconnect": True}]
            query = "mutation ($input: UpdateAccountInput!) { updateAccount(input: $input) { violations { code } } }"
            await self.bench.ask(query, input={"id": self.owner, "contacts": contacts})

    async def page(self, arguments: str, parts: Sequence[str], cursor: str | None = None) -> dict[str, Any]:
        """One page of the list."""
        filter_ = f"{FILTER}, " if self.listing is ROOT else ""
        fields = f"edges {{ {self.listing.identity} node {{ {' '.join(('id', *parts))} }} }}"
        info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
        field = f"{self.listing.field}({filter_}{arguments}) {{ {fields} {info} }}"
        query = self.listing.within.format(field=field).removesuffix("}") + f"{UNUSED} }}"
        data = await self.bench.ask(query, tag=self.tag, owner=self.owner, cursor=cursor)
        return data["list"] if "list" in data else data["account"]["list"]

    async def all(self, parts: Sequence[str]) -> list[dict[str, Any]]:
        """All rows of the list at this moment."""
        return (await self.page("first: 100", parts))["edges"]
