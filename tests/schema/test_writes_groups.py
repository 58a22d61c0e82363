"""Writes of contact groups: fixed ones take members, filtered ones a filter that works."""

from typing import Any

import pytest

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import make, read, refused, violation


async def test_a_fixed_group_takes_members_and_a_filtered_one_takes_none(bench: Bench) -> None:
    contact = await make(bench, "Contact", familyName="C")
    fixed = await make(bench, "ContactGroup", name="Fixed", members=[{"id": contact}, {"familyName": "New"}])
    shown = await read(bench, "contactGroup", fixed, "kind members(orderBy: [{sortName: ASC}]) { nodes { name } }")
    assert shown == {"kind": "FIXED", "members": {"nodes": [{"name": "C"}, {"name": "New"}]}}
    only_filter = "The members of a filtered group come from its filter; change the filter instead."
    given = {"name": "F", "kind": "FILTERED", "memberFilter": {"title": {"eq": "x"}}, "members": [{"id": contact}]}
    assert await refused(bench, "createContactGroup", given) == [
        violation("CONTRADICTION", "input.members.0", only_filter)
    ]
    filtered = await make(bench, "ContactGroup", **{**given, "members": []})
    assert await refused(bench, "updateContact", {"id": contact, "groups": [{"id": filtered}]}) == [
        violation("CONTRADICTION", "input.groups.0", only_filter)
    ]
    fixed_kind = "kind is set when the record is created and can't be changed."
    assert await refused(bench, "updateContactGroup", {"id": fixed, "kind": "FILTERED"}) == [
        violation("NOT_CHANGEABLE", "input.kind", fixed_kind)
    ]


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"kind": "FILTERED"}, "REQUIRED", "memberFilter"),
        ({"kind": "FILTERED", "memberFilter": "all"}, "REQUIRED", "memberFilter"),
        ({"kind": "FIXED", "memberFilter": {}}, "CONTRADICTION", "memberFilter"),
        ({"kind": "FILTERED", "memberFilter": {"nonsense": {"eq": 1}}}, "INVALID_FILTER", "memberFilter"),
        ({"kind": "FILTERED", "memberFilter": {"title": 5}}, "INVALID_FILTER", "memberFilter"),
        ({"kind": "FILTERED", "memberFilter": {"or": 7}}, "INVALID_FILTER", "memberFilter"),
        ({"kind": "FILTERED", "memberFilter": {"id": {"in": ["acc_1"]}}}, "INVALID_FILTER", "memberFilter"),
        ({"kind": None}, "REQUIRED", "kind"),
    ],
)
async def test_a_group_whose_filter_can_not_work_is_refused(
    bench: Bench, given: dict[str, Any], code: str, path: str
) -> None:
    (found,) = await refused(bench, "createContactGroup", {"name": "G"} | given)
    assert (found["code"], found["path"]) == (code, ["input", path])


async def test_a_filter_nested_too_deeply_is_refused(bench: Bench) -> None:
    filter_: dict[str, Any] = {"title": {"eq": "x"}}
    for _ in range(300):
        filter_ = {"not": filter_}
    (found,) = await refused(bench, "createContactGroup", {"name": "G", "kind": "FILTERED", "memberFilter": filter_})
    assert (found["code"], found["path"]) == ("INVALID_VALUE", ["input", "memberFilter"])
