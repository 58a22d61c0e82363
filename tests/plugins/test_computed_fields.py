"""The types of computed fields, which may be null however they are written."""

from tortoise import fields

from accord.graph.declaring import declare
from accord.graph.records import RECORDS
from accord.plugins import AccountExtension, computed
from accord.schema.building import build_schema


class FerryAccount(AccountExtension, namespace="ferry"):
    """An account as a ferry."""

    decks = fields.IntField(null=True, description="How many decks it has.")

    class Policies:
        word = computed(str, needs=["decks"], by=list, description="In a word.")
        words = computed(list[str] | None, needs=["decks"], by=list, description="In words.")
        wheels = computed(int | None, needs=["decks"], by=list, description="How many wheels there are.")


def test_a_type_with_none_is_the_type_without():
    printed = build_schema(declare((*RECORDS, FerryAccount)), name=lambda: "ferry").schema.as_str()
    ferry = printed.partition("type FerryAccount {")[2].partition("}")[0]
    shown = [line.strip() for line in ferry.splitlines() if line.strip().startswith("w")]
    assert shown == ["wheels: Int", "word: String", "words: [String!]"]
