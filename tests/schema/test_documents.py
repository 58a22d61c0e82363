"""Documents are read once and kept for as long as they are used, within bounds that no client can break."""

import pytest

from accord.schema.documents import LONGEST_KEPT, MOST_CHARACTERS, Documents
from accord.schema.limits import Limits
from accord.schema.recent import Recent
from accord.tests.accord_fixture import Bench, core_schema

FULL = "{ __schema { types { name } } }"


@pytest.fixture
def documents() -> Documents:
    return Documents(core_schema().core, limits=Limits())


@pytest.mark.parametrize("text", ["{ accounts { totalCount } }", "{ acounts { totalCount } }", "{"])
def test_a_document_is_read_once(documents: Documents, text: str) -> None:
    assert documents.get(text) is documents.get(text)


def test_documents_that_were_not_used_lately_give_way(documents: Documents) -> None:
    length = LONGEST_KEPT
    used, unused = ("{ __typename }" + " " * (length - 20) + mark for mark in ("#used", "#idle"))
    first, second = documents.get(used), documents.get(unused)
    for number in range(MOST_CHARACTERS // length - 1):
        assert documents.get(used) is first
        documents.get("{ __typename }" + " " * (length - 20) + f"#{number:05}")
    assert documents.get(used) is first
    assert documents.get(unused) is not second


def test_a_huge_document_is_not_kept(documents: Documents) -> None:
    text = "{ __typename }" + " " * LONGEST_KEPT
    assert documents.get(text) is not documents.get(text)


def test_plans_of_operations_are_told_apart(documents: Documents) -> None:
    one, other = (documents.get(f"query {name} {{ __typename }}").operations[name] for name in ("A", "B"))
    one.keep("key", "plan")
    assert (one.plan("key"), other.plan("key"), one.plan("other")) == ("plan", None, None)


def test_the_value_that_was_not_used_longest_goes_first() -> None:
    recent = Recent(2)
    recent.keep("a", 1)
    recent.keep("b", 2)
    assert recent.get("a") == 1
    recent.keep("c", 3)
    assert [recent.get(key) for key in ("a", "b", "c")] == [1, None, 3]


async def test_what_is_asked_of_the_schema_alone_is_answered_once(bench: Bench) -> None:
    service = bench.accord.service
    (operation,) = service.documents.get(FULL).operations.values()

    async def read(*asked: object) -> None:
        raise AssertionError(asked)

    first = await service.engine.introspection.answer(operation, {}, read)
    assert await service.engine.introspection.answer(operation, {}, read) is first
    assert (await bench.ask(FULL)) == (await bench.ask(FULL))
