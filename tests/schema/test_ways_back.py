"""Lists of the rows that refer to a record say what they are, and not what one such row is."""

from graphql import GraphQLObjectType

from accord.schema.building import BuiltSchema
from accord.tests.accord_fixture import Bench, core_schema


def lists_of(built: BuiltSchema) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """Of each list of a record by type and field: its description, and that of the type of its rows."""
    found: dict[tuple[str, str], tuple[str | None, str | None]] = {}
    for name, type_ in built.core.type_map.items():
        for field_name, field in type_.fields.items() if isinstance(type_, GraphQLObjectType) else ():
            connection = built.core.type_map.get(str(field.type).strip("!"))
            if isinstance(connection, GraphQLObjectType) and connection.name.endswith("Connection"):
                row = built.core.type_map[str(connection.fields["nodes"].type).strip("[]!")]
                found[name, field_name] = (field.description, row.description)
    return found


async def test_no_list_is_described_as_one_of_its_rows_is(clinic: Bench):
    lists = lists_of(clinic.accord.schema)
    assert len(lists) > 60
    assert [place for place, (own, row) in lists.items() if own == row] == []


def test_the_lists_of_accounts_contacts_and_actors_say_what_they_hold():
    lists = lists_of(core_schema())
    assert {f"{type_}.{field}": lists[type_, field][0] for type_, field in lists if type_ == "Actor"} == {
        "Actor.assignedTasks": "Tasks that the actor is to do, or has done.",
        "Actor.notes": "Notes about the record.",
        "Actor.ownedAccounts": "Accounts that the actor looks after.",
        "Actor.tasks": "What is to be done about the record, and what was.",
    }
    assert lists["Account", "children"][0] == "Accounts directly below this one."
    assert lists["Account", "sources"][0] == "Where the account came from: the first source and later ones."
    assert lists["Account", "referrals"][0] == "Sources of other accounts that this one referred."
    assert lists["Contact", "reports"][0] == "Contacts who report to this one."


async def test_a_list_without_a_sentence_of_its_own_is_described_by_its_names(clinic: Bench):
    lists = lists_of(clinic.accord.schema)
    assert lists["Contact", "visits"][0] == "Visits of this contact."
    assert lists["Contact", "referredVisits"][0] == "Visits whose referrer this contact is."
