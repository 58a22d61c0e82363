"""Two databases that differ in protected values alone give whoever may not read them the same answers, to the byte."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing
from random import Random
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)

from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.plugins.calling import Hooks
from accord.schema.exchange import Caller, Request
from accord.tests.accord_fixture import Bench, CoreDatabases
from accord.tests.reference.population import counted_ids
from accord.tests.schema.toy_clinic import READ, Clinic, Prepared, Rules, opened
from accord.tests.waiting import PATIENCE

DOCUMENTS = 400
SUBSCRIPTIONS = 40
TYPES = frozenset({"Contact", "ClinicContact", "Visit", "Account", "ContactGroup", "Actor"})
WORLDS: Sequence[dict[str, Any]] = (
    {
        "mrn": "MRN-778899", "ward": "Alpha", "remark": "Zebra", "bornOn": "1931-07-13", "blood": "B",
        "seenAt": "2025-11-12T13:14:15Z", "visitsMade": 7717, "weight": "71.37", "isInsured": True,
        "owed": {"amount": "8143.19", "currency": "CHF"}, "allergies": ["Zinnia"], "chart": "C-55",
        "insurance": {"name": "Open plan", "number": "INS-4711"},
    },
    {
        "mrn": "XYZ0018899", "ward": "Omega", "remark": "Yak", "bornOn": "2003-01-02", "blood": "A",
        "seenAt": "2024-01-02T03:04:05Z", "visitsMade": 3, "weight": "9.01", "isInsured": False,
        "owed": {"amount": "2", "currency": "EUR"}, "allergies": [], "chart": "C-66",
        "insurance": {"name": "Open plan", "number": "INS-0000"},
    },
)  # fmt: skip
VISITS: Sequence[dict[str, Any]] = (
    {"day": "2019-02-03", "score": 4242, "fee": {"amount": "6161.61", "currency": "SEK"}, "number": "VIS-9931"},
    {"day": "2021-12-13", "score": 1, "fee": {"amount": "1", "currency": "EUR"}, "number": "VIS-0001"},
)
TEXTS = ["Abel", "A", "Kestrel", "Open plan", "Badge-1", *(str(v) for one in (*WORLDS, *VISITS) for v in one.values())]
MAKE = "mutation ($input: CreateContactInput!) { it: createContact(input: $input) { recordId violations { code } } }"


class Writing:
    """Writes documents by a schema alone, whatever it allows, with values of which some are the secrets."""

    def __init__(self, schema: GraphQLSchema, seed: int, ids: Sequence[str]) -> None:
        self.schema = schema
        self.random = Random(seed)
        self.ids = ids
        self.names = 0

    def query(self) -> str:
        """A query with one to three root fields."""
        query = self.schema.query_type
        assert query is not None
        names = [name for name, one in query.fields.items() if self.is_met(one.type) and not name.startswith("__")]
        return "{ " + " ".join(self.field(query, self.random.choice(names), 3) for _ in range(self.some(3))) + " }"

    def subscription(self) -> str:
        """A subscription to all changes that there were, each with its record."""
        node = self.selection(self.schema.type_map["Node"], 3)
        return f'subscription {{ changes(after: "0") {{ cursor kind type recordId version fields node {node} }} }}'

    def dry_run(self) -> str:
        """A mutation that would write fields that nobody without a permission reads, and shows the record after it."""
        names = ["ward", "remark", "bornOn", "visitsMade", "owed", "allergies", "chart", "weight", "isInsured"]
        world = self.random.choice(WORLDS)
        stated = {name: world[name] for name in self.random.sample(names, self.some(3))}
        contact = self.schema.type_map["Contact"]
        clinic = ", ".join(f"{name}: {_literal(value)}" for name, value in stated.items())
        given = f'id: "{self.ids[0]}", clinic: {{{clinic}}}'
        shown = f"{{ version {self.selection(contact, 2)[1:]}"
        return (
            f"mutation {{ updateContact(dryRun: true, input: {{{given}}}) {{ contact {shown} "
            "violations { code message path } } }"
        )

    def some(self, most: int) -> int:
        return self.random.randint(1, most)

    def is_met(self, type_: Any) -> bool:
        """Whether a type leads to nothing but the records that there are."""
        named = get_named_type(type_)
        name = named.name
        for end in ("Connection", "Edge", "Aggregates"):
            name = name.removesuffix(end)
        return (
            is_leaf_type(named) or not self.is_record(name) or name in TYPES or name.startswith(("Contact", "Account"))
        )

    def is_record(self, name: str) -> bool:
        type_ = self.schema.type_map.get(name)
        return isinstance(type_, GraphQLObjectType) and "id" in type_.fields

    def field(self, parent: Any, name: str, depth: int) -> str:
        """A field under an alias of its own, with any arguments and selection."""
        one = parent.fields[name]
        self.names += 1
        arguments = self.arguments(one.args)
        named = get_named_type(one.type)
        inner = "" if is_leaf_type(named) else f" {self.selection(named, depth)}"
        return f"f{self.names}: {name}{arguments}{inner}"

    def arguments(self, args: Any) -> str:
        chosen = [
            name for name, one in args.items() if isinstance(one.type, GraphQLNonNull) or self.random.random() < 0.3
        ]
        if "first" in chosen and "last" in chosen:
            chosen.remove("last")
        texts = [
            f"{name}: {self.value(args[name].type, 3, name)}" for name in chosen if name not in {"after", "before"}
        ]
        return f"({', '.join(texts)})" if texts else ""

    def selection(self, type_: Any, depth: int) -> str:
        if not isinstance(type_, GraphQLObjectType):
            return "{ id ... on Contact " + self.selection(self.schema.type_map["Contact"], depth) + " }"
        usable = [
            name
            for name, one in type_.fields.items()
            if (depth > 0 or is_leaf_type(get_named_type(one.type))) and self.is_met(one.type)
        ]
        names = [name for name in usable if name in {"clinic", "visits", "aggregates", "nodes", "cursor"}] * 2 + usable
        if not names:
            return "{ __typename }"
        return (
            "{ " + " ".join(self.field(type_, self.random.choice(names), depth - 1) for _ in range(self.some(4))) + " }"
        )

    def value(self, type_: Any, depth: int, name: str) -> str:
        """Any value of an input type."""
        inner = get_nullable_type(type_)
        if isinstance(inner, GraphQLList):
            return "[" + ", ".join(self.value(inner.of_type, depth, name) for _ in range(self.some(2))) + "]"
        if isinstance(inner, GraphQLEnumType):
            return self.random.choice(list(inner.values))
        if isinstance(inner, GraphQLInputObjectType):
            needed = [one for one, field in inner.fields.items() if isinstance(field.type, GraphQLNonNull)]
            free = [one for one in inner.fields if one not in needed and self.is_plain(inner.fields[one].type, depth)]
            free = [one for one in free if one in {"clinic", "visits", "score", "fee"}] * 3 + free
            chosen: dict[str, None] = dict.fromkeys([*needed, *([self.random.choice(free)] if free else [])])
            return (
                "{" + ", ".join(f"{one}: {self.value(inner.fields[one].type, depth - 1, one)}" for one in chosen) + "}"
            )
        match inner.name:
            case "Int":
                return str(self.random.choice((1, 2, 3, 4242, 7717) if name not in {"first", "last"} else (1, 2, 5)))
            case "Boolean":
                return self.random.choice(("true", "false"))
            case "ID":
                return f'"{self.random.choice(self.ids)}"'
            case "Decimal":
                return self.random.choice(('"71.37"', '"8143.19"', '"1"'))
            case "Date":
                return self.random.choice(('"1931-07-13"', '"2003-01-02"', '"2019-02-03"'))
            case "DateTime":
                return self.random.choice(('"2025-11-12T13:14:15Z"', '"2024-06-01T00:00:00Z"'))
            case _ if name == "currency":
                return self.random.choice(('"CHF"', '"EUR"', '"SEK"'))
            case _:
                return json.dumps(self.random.choice(TEXTS))

    def is_plain(self, type_: Any, depth: int) -> bool:
        """Whether a value of the type ends within the depth that is left."""
        inner = get_named_type(type_)
        return depth > 0 or not isinstance(inner, GraphQLInputObjectType)


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        found: dict[str, Any] = value
        return "{" + ", ".join(f"{name}: {_literal(one)}" for name, one in found.items()) + "}"
    return json.dumps(value)


@pytest.fixture
async def worlds(core_databases: CoreDatabases, clinic_app: Prepared) -> AsyncIterator[tuple[list[Bench], list[str]]]:
    """Two databases alike in everything but the protected values, and the ids of their records."""
    async with AsyncExitStack() as stack:
        benches: list[Bench] = []
        ids: list[list[str]] = []
        for world, visit in zip(WORLDS, VISITS, strict=True):
            bench = await stack.enter_async_context(
                opened(core_databases, clinic_app, Hooks([Clinic(Rules())]), new_id=counted_ids())
            )
            made: list[str] = []
            cole = {"ward": "Gamma", "weight": "81.2"} if world is WORLDS[0] else {}  # in one of them there is a value
            for name, values in (("Abel", world), ("Baker", WORLDS[0] | {"mrn": "Q-1", "chart": None}), ("Cole", cole)):
                visits = [{"reason": "Cough", **visit}, {"reason": "Fall"}] if name == "Abel" else []
                given = {"familyName": name, "clinic": {**values, "badge": "Badge-1"}, "visits": visits}
                answer = (await bench.ask(MAKE, input=given, permissions=[READ]))["it"]
                assert answer["violations"] == []
                made.append(answer["recordId"])
            group = 'name: "Old", kind: FILTERED, memberFilter: {clinic: {bornOn: {lt: "1950-01-01"}}}'
            await bench.ask(f"mutation {{ createContactGroup(input: {{{group}}}) {{ recordId }} }}", permissions=[READ])
            account = f'name: "Kestrel", contacts: [{{id: "{made[0]}"}}]'
            await bench.ask(f"mutation {{ createAccount(input: {{{account}}}) {{ recordId }} }}")
            benches.append(bench)
            ids.append(made)
        assert ids[0] == ids[1]
        yield benches, ids[0]


async def test_answers_without_the_permission_hang_on_no_protected_value(worlds: tuple[list[Bench], list[str]]):
    (one, other), ids = worlds
    schema = one.accord.schema.core
    codes: dict[str, int] = {}
    told_apart = 0
    for seed in range(DOCUMENTS):
        writing = Writing(schema, seed, ids)
        document = writing.dry_run() if seed % 8 == 0 else writing.query()
        first, second = [await bench.run(document) for bench in (one, other)]
        assert first.encoded() == second.encoded(), document
        for error in first.decoded().get("errors", ()):
            codes[error["extensions"]["code"]] = codes.get(error["extensions"]["code"], 0) + 1
            assert error["extensions"]["code"] not in {"INTERNAL_ERROR", "VALIDATION_ERROR"}, (document, error)
        if "errors" not in first.decoded():
            codes["none"] = codes.get("none", 0) + 1
            whole = [(await bench.run(document, permissions=[READ])).encoded() for bench in (one, other)]
            told_apart += whole[0] != whole[1]
    assert codes["FORBIDDEN_FIELD"] > DOCUMENTS / 20, codes
    assert codes["none"] > DOCUMENTS / 4, codes
    assert told_apart > DOCUMENTS / 20, told_apart  # the same documents do show the values to whoever may read them


async def heard(bench: Bench, document: str, count: int, permissions: Sequence[str] = ()) -> list[bytes]:
    """The results of a subscription, up to the first with an error."""
    caller = Caller(actor=SYSTEM_ACTOR, request="test", permissions=frozenset(permissions))
    found: list[bytes] = []
    async with (
        asyncio.timeout(PATIENCE),
        aclosing(bench.accord.service.subscribe(Request(query=document), caller)) as all_,
    ):
        while len(found) < count:
            result = await anext(all_, None)
            if result is None:
                break
            found.append(result.encoded())
    return found


async def test_changes_without_the_permission_hang_on_no_protected_value(worlds: tuple[list[Bench], list[str]]):
    (one, other), ids = worlds
    await one.accord.feed.turn()
    count = (await one.accord.database.fetch("select count(*) from outbox_event", []))[0][0]
    told_apart, whole = 0, 0
    for seed in range(SUBSCRIPTIONS):
        document = Writing(one.accord.schema.core, seed, ids).subscription()
        first, second = [await heard(bench, document, count) for bench in (one, other)]
        assert first == second, document
        whole += len(first) == count
        told = [await heard(bench, document, count, [READ]) for bench in (one, other)]
        told_apart += told[0] != told[1]
    assert whole > SUBSCRIPTIONS / 4, whole
    assert told_apart > SUBSCRIPTIONS / 2, told_apart
