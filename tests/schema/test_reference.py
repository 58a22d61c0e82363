"""Compiled reads against the reference: generated documents get equal answers, and equal bytes from both databases."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import Phase, given, note, settings

from accord.graph.catalogue import RecordType
from accord.tests.accord_fixture import Bench, open_bench
from accord.tests.postgres_server import PostgresServer
from accord.tests.reference.documents import LIMITS, CursorWanted, Limits, generate
from accord.tests.reference.population import Populating, counted_ids
from accord.tests.reference.resolving import Cursors, Reference, difference
from accord.tests.reference.rows import load_rows
from accord.tests.reference.values import Values, literal

EXAMPLES = 500


class Compared:
    """A populated database, and the reference over its rows."""

    def __init__(self, bench: Bench, reference: Reference) -> None:
        self.bench = bench
        self.reference = reference
        self.values = Values(reference.schema, reference.rows)
        self.cursors = Cursors(reference.cursors)
        self.lists: dict[tuple[str | None, str, str], list[str]] = {}

    async def answer(self, text: str, variables: dict[str, Any]) -> tuple[bytes, int]:
        """The compiled answer, found equal to the reference's, and how many statements it took."""
        with self.bench.counted() as statements:
            result = await self.bench.run(text, **variables)
        given = result.encoded()
        decoded = orjson.loads(given)
        assert "errors" not in decoded, decoded["errors"]
        expected = self.reference.answer(text, variables)
        found = difference(self.cursors, expected, decoded["data"])
        assert found is None, found
        return given, len(statements)

    async def cursor(self, wanted: CursorWanted) -> str | None:
        """A cursor of a list in an order, read and understood first if need be; None where the list has no rows."""
        parent = wanted.parent
        key = (parent.name if parent else None, wanted.name, wanted.order)
        if key not in self.lists:
            inner = f"{wanted.name}(first: {6 if parent else 100}, orderBy: {wanted.order}) {{ edges {{ cursor }} }}"
            text = f"{{ {parent.plural}(first: 100) {{ nodes {{ {inner} }} }} }}" if parent else f"{{ {inner} }}"
            data = orjson.loads((await self.answer(text, {}))[0])["data"]
            pages = [node[wanted.name] for node in data[parent.plural]["nodes"]] if parent else [data[wanted.name]]
            self.lists[key] = [edge["cursor"] for page in pages for edge in page["edges"]]
        found = self.lists[key]
        return found[wanted.place % len(found)] if found else None


@pytest.fixture(params=["sqlite", "postgresql"])
def compared(request: pytest.FixtureRequest) -> Compared:
    """A populated database of each kind."""
    return request.getfixturevalue(request.param)


@contextmanager
def populated(loop: asyncio.Runner, location: str) -> Iterator[Compared]:
    """A populated database."""
    opened = open_bench(location, new_id=counted_ids())
    bench = loop.run(opened.__aenter__())
    try:
        loop.run(Populating(bench).all())
        reference = Reference(bench.accord.schema.schema.as_str(), loop.run(load_rows(bench)))
        yield Compared(bench, reference)
    finally:
        loop.run(opened.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def sqlite(loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compared]:
    """A populated SQLite database."""
    with populated(loop, f"sqlite:{tmp_path_factory.mktemp('reference') / 'accord.db'}") as compared:
        yield compared


@pytest.fixture(scope="module")
def postgresql(loop: asyncio.Runner, postgres_server: PostgresServer) -> Iterator[Compared]:
    """A populated PostgreSQL database."""
    with populated(loop, postgres_server.create_database("reference")) as compared:
        yield compared
    postgres_server.drop_database("reference")


# The same documents on every run: a failure in CI must be the same one here.
GENERATED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)


def test_both_databases_hold_the_same_rows(sqlite: Compared, postgresql: Compared) -> None:
    assert sqlite.reference.rows.tables == postgresql.reference.rows.tables


@GENERATED
@given(limits=LIMITS)
def test_sqlite_answers_generated_documents_as_the_reference_does(
    loop: asyncio.Runner, sqlite: Compared, limits: Limits
) -> None:
    loop.run(compare(sqlite, limits))


@GENERATED
@given(limits=LIMITS)
def test_postgresql_answers_generated_documents_with_the_bytes_of_sqlite(
    loop: asyncio.Runner, sqlite: Compared, postgresql: Compared, limits: Limits
) -> None:
    text, variables, answer = loop.run(compare(postgresql, limits))
    assert loop.run(sqlite.bench.run(text, **variables)).encoded() == answer


def conditions(compared: Compared) -> Iterator[str]:
    """Documents with a condition for each operator of each field of each record, alone and denied."""
    random = Random(EXAMPLES)
    for record in compared.reference.records.values():
        if record.name not in {one.name for one in compared.reference.plurals.values()}:
            continue
        found = [literal(one) for one in compared.values.each_condition(random, record)]
        for start in range(0, len(found), 20):
            fields = (
                f"a{place}: {record.plural}(filter: {one}) {{ totalCount }} "
                f"b{place}: {record.plural}(filter: {{not: {one}}}, first: 100) {{ nodes {{ id }} }}"
                for place, one in enumerate(found[start : start + 20])
            )
            yield f"{{ {' '.join(fields)} }}"


def test_every_operator_of_every_field_finds_the_rows_that_it_should(loop: asyncio.Runner, compared: Compared) -> None:
    for document in conditions(compared):
        loop.run(compared.answer(document, {}))


def test_every_order_of_every_list_goes_through_all_rows(loop: asyncio.Runner, compared: Compared) -> None:
    for record in compared.reference.plurals.values():
        for order in compared.values.each_order(record):
            loop.run(walk(compared, record, literal(order)))


async def walk(compared: Compared, record: RecordType, order: str) -> None:
    """Read a list page by page: upwards from its start, downwards from its end."""
    end, info = "first: 70, after", "hasNextPage endCursor"
    if "DESC" in order:
        end, info = "last: 70, before", "hasPreviousPage startCursor"
    field = f"{record.plural}(orderBy: [{order}], {end}: $cursor) {{ nodes {{ id }} pageInfo {{ {info} }} }}"
    cursor: str | None = None
    for _ in range(10):
        answer, _ = await compared.answer(f"query ($cursor: String) {{ {field} }}", {"cursor": cursor})
        is_more, cursor = orjson.loads(answer)["data"][record.plural]["pageInfo"].values()
        if not is_more:
            return
    raise AssertionError(f"{record.plural} by {order} come to no end")


async def compare(compared: Compared, limits: Limits) -> tuple[str, dict[str, Any], bytes]:
    """Run a generated document with the reference beside it; returns it with its variables and its answer."""
    document = generate(compared.values, limits)
    text, variables = document.filled([await compared.cursor(wanted) for wanted in document.wanted])
    note(text)
    note(repr(variables))
    answer, statements = await compared.answer(text, variables)
    assert statements == document.reads
    return text, variables, answer
