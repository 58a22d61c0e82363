"""What plugins were not asked about in time is not there: no statement runs that met a type before they were."""

from collections.abc import Sequence
from typing import Any

import pytest

from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.plugins.contexts import Narrowing, Viewer
from accord.schema.exchange import Caller, Request
from accord.schema.seeing import View
from accord.tests.accord_fixture import Bench
from accord.tests.schema.test_read_policy import SEE_ALL, VIOLATIONS, made
from accord.tests.schema.toy_clinic import Rules

CREATE = f"""mutation ($name: String!, $filter: JSON, $dry: Boolean) {{
  it: createContactGroup(dryRun: $dry, input: {{name: $name, kind: FILTERED, memberFilter: $filter}}) {{
  {VIOLATIONS} contactGroup {{ members {{ totalCount nodes {{ familyName }} }} }} }} }}"""
NOBODY: dict[str, Any] = {"violations": [], "contactGroup": {"members": {"totalCount": 0, "nodes": []}}}
ABEL = {"members": {"totalCount": 1, "nodes": [{"familyName": "Abel"}]}}


def hidden_account(record: str, viewer: Viewer) -> Narrowing | None:
    """Nobody sees the account called Hidden but who may."""
    is_hidden = record == "Account" and not viewer.may(SEE_ALL)
    return Narrowing(where={"name": {"ne": "Hidden"}}) if is_hidden else None


def by_account(name: str) -> dict[str, Any]:
    return {"accounts": {"some": {"name": {"startsWith": name}}}}


@pytest.fixture
async def hidden(clinic: Bench, rules: Rules) -> str:
    """A contact at an account that few see, and one at an account that all see."""
    account = await made(clinic, "createAccount", name="Hidden")
    seen = await made(clinic, "createAccount", name="Seen")
    await made(clinic, "createContact", familyName="Abel", accounts=[{"id": account}])
    await made(clinic, "createContact", familyName="Berg", accounts=[{"id": seen}])
    rules.narrow = hidden_account
    rules.asked.clear()
    return account


@pytest.mark.parametrize("dry", [True, False])
async def test_a_new_group_s_filter_finds_nothing_by_what_is_hidden(
    clinic: Bench, rules: Rules, hidden: str, dry: bool
) -> None:
    for name in ("Hid", "Xyz"):
        rules.asked.clear()
        assert (await clinic.ask(CREATE, name=name, filter=by_account(name), dry=dry))["it"] == NOBODY
        assert "Account" in rules.asked
    (berg,) = (await clinic.ask(CREATE, name="Seen", filter=by_account("Se"), dry=dry))["it"]["contactGroup"][
        "members"
    ]["nodes"]
    assert berg == {"familyName": "Berg"}
    all_ = await clinic.ask(CREATE, name="All", filter=by_account("Hid"), dry=dry, permissions=[SEE_ALL])
    assert all_["it"] == {"violations": [], "contactGroup": ABEL}


async def test_a_changed_group_s_filter_finds_nothing_by_what_is_hidden(clinic: Bench, hidden: str) -> None:
    group = await made(clinic, "createContactGroup", name="G", kind="FILTERED", memberFilter={"title": {"eq": "x"}})
    update = f"""mutation ($id: ID!, $filter: JSON) {{ it: updateContactGroup(input: {{id: $id, memberFilter: $filter}})
      {{ {VIOLATIONS} contactGroup {{ members {{ totalCount nodes {{ familyName }} }} }} }} }}"""
    assert (await clinic.ask(update, id=group, filter=by_account("Hid")))["it"] == NOBODY
    again = f'mutation ($id: ID!) {{ it: updateContactGroup(input: {{id: $id, description: "x"}}) {{ {VIOLATIONS} '
    again += "contactGroup { members { totalCount nodes { familyName } } } } }"
    assert (await clinic.ask(again, id=group))["it"] == NOBODY
    assert (await clinic.ask(again, id=group, permissions=[SEE_ALL]))["it"]["contactGroup"] == ABEL


async def test_a_listener_hears_of_a_group_without_members_by_what_is_hidden(clinic: Bench, hidden: str) -> None:
    await made(clinic, "createContactGroup", name="G", kind="FILTERED", memberFilter=by_account("Hid"))
    document = """subscription { changes(types: ["ContactGroup"], after: "0") {
      node { ... on ContactGroup { members { totalCount nodes { familyName } } } } } }"""
    for permissions, members in ((frozenset[str](), NOBODY["contactGroup"]), (frozenset({SEE_ALL}), ABEL)):
        caller = Caller(actor=SYSTEM_ACTOR, request="test", permissions=permissions)
        results = clinic.accord.service.subscribe(Request(query=document), caller)
        answer = (await anext(results)).decoded()
        await results.aclose()
        assert answer["data"]["changes"]["node"] == members


def hidden_name(record: str, viewer: Viewer) -> Narrowing | None:
    """Nobody sees given names but who may."""
    return Narrowing(hide=frozenset({"given_name"})) if record == "Contact" and not viewer.may(SEE_ALL) else None


@pytest.mark.parametrize("order", [[(), (SEE_ALL,), ()], [(SEE_ALL,), (), (SEE_ALL,)]])
async def test_a_group_s_filter_by_a_hidden_field_is_not_shown(
    clinic: Bench, rules: Rules, order: Sequence[Sequence[str]]
) -> None:
    """Whoever asks first, and whatever else is read beside it."""
    secret, open_ = {"givenName": {"eq": "Secretname"}}, {"familyName": {"eq": "Abel"}}
    for name, filter_ in (("A", secret), ("B", open_)):
        await made(clinic, "createContactGroup", name=name, kind="FILTERED", memberFilter=filter_)
    rules.narrow = hidden_name
    for read in (
        "{ contactGroups(orderBy: [{name: ASC}]) { nodes { memberFilter } } }",
        "{ contactGroups(orderBy: [{name: ASC}]) { nodes { memberFilter } } contacts { totalCount } }",
    ):
        for permissions in order:
            rules.asked.clear()
            shown = (await clinic.ask(read, permissions=permissions))["contactGroups"]["nodes"]
            expected = secret if permissions else None
            assert shown == [{"memberFilter": expected}, {"memberFilter": open_}], permissions
            assert sorted(rules.asked) == ["Contact", "ContactGroup"]


async def test_a_group_s_filter_is_stored_where_a_plugin_narrows_what_it_meets(clinic: Bench, rules: Rules) -> None:
    for name in ("Abel", "Mole"):
        await made(clinic, "createContact", familyName=name)
    rules.narrow = lambda record, viewer: (
        Narrowing(where={"familyName": {"ne": "Mole"}}) if record == "Contact" else None
    )
    filter_ = {"familyName": {"in": ["Abel", "Mole"]}}
    assert (await clinic.ask(CREATE, name="G", filter=filter_, dry=False))["it"] == {
        "violations": [],
        "contactGroup": ABEL,
    }
    (violation,) = (await clinic.ask(CREATE, name="H", filter={"shoeSize": {"eq": 4}}, dry=False))["it"]["violations"]
    assert (violation["code"], violation["path"]) == ("INVALID_FILTER", ["input", "memberFilter"])


async def deleted_and_taken(clinic: Bench) -> str:
    """A deleted account, whose external id another one has by now."""
    crm = [{"system": "crm", "value": "42"}]
    first = await made(clinic, "createAccount", name="A", externalIds=crm)
    await clinic.ask("mutation ($id: ID!) { deleteAccount(id: $id) { recordId } }", id=first)
    await made(clinic, "createAccount", name="B", externalIds=crm)
    return first


async def test_a_restoration_names_no_row_that_is_hidden(clinic: Bench, rules: Rules) -> None:
    account = await deleted_and_taken(clinic)
    rules.narrow = lambda record, viewer: (
        Narrowing(where={"system": {"ne": "crm"}}) if record == "ExternalId" and not viewer.may(SEE_ALL) else None
    )
    rules.asked.clear()
    restore = "mutation ($id: ID!) { it: restoreAccount(id: $id) { violations { code message } } }"
    (violation,) = (await clinic.ask(restore, id=account))["it"]["violations"]
    assert violation == {
        "code": "NOT_UNIQUE",
        "message": "Another ExternalId that you may not see has the same system and value. Change the value.",
    }
    assert "ExternalId" in rules.asked
    (violation,) = (await clinic.ask(restore, id=account, permissions=[SEE_ALL]))["it"]["violations"]
    assert "ext_" in violation["message"]


async def test_a_restoration_is_refused_where_a_plugin_can_not_say_what_is_hidden(clinic: Bench, rules: Rules) -> None:
    account = await deleted_and_taken(clinic)

    def fail(record: str, viewer: Viewer) -> Narrowing | None:
        if record == "ExternalId":
            raise ValueError("the secret word")
        return None

    rules.narrow = fail
    (error,) = await clinic.errors("mutation ($id: ID!) { restoreAccount(id: $id) { recordId } }", id=account)
    assert (error["extensions"]["code"], error["path"]) == ("PLUGIN_FAILED", ["restoreAccount"])
    rules.narrow = lambda record, viewer: None
    assert (await clinic.ask("query ($id: ID!) { account(id: $id) { id } }", id=account))["account"] is None


async def test_a_statement_that_would_run_too_early_is_refused(
    clinic: Bench, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forget(view: View, names: Any = ()) -> bool:
        return False

    monkeypatch.setattr(View, "settle", forget)
    answer = (await clinic.run("{ accounts { totalCount } }")).decoded()
    assert answer["data"] == {"accounts": None}
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["INTERNAL_ERROR"]
