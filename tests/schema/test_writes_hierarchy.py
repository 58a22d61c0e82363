"""The account hierarchy: who stands above and below follows every move; cycles and too many levels are refused."""

from itertools import pairwise
from typing import Any

from accord.tests.accord_fixture import Bench
from accord.tests.schema.writes import bulk, listed, make, read, refused, violation, written

TREE = """name parent { name } ultimateParent { name }
  ancestors { nodes { name } edges { depth } } descendants { nodes { name } edges { depth } }"""


async def grow(bench: Bench, tree: str) -> dict[str, str]:
    """Accounts by name, made from words such as `A A>B B>C`: a top, and others with their parents."""
    ids: dict[str, str] = {}
    for word in tree.split():
        parent, _, name = word.rpartition(">")
        ids[name] = await make(bench, "Account", name=name, **({"parentId": ids[parent]} if parent else {}))
    return ids


async def shape(bench: Bench, id_: str) -> dict[str, Any]:
    """An account's place: its parent, its top, and who stands above and below with the steps between."""
    found = await read(bench, "account", id_, TREE)
    place: dict[str, Any] = {key: found[key] and found[key]["name"] for key in ("parent", "ultimateParent")}
    for key in ("ancestors", "descendants"):
        edges = zip(found[key]["nodes"], found[key]["edges"], strict=True)
        place[key] = " ".join(f"{node['name']}{edge['depth']}" for node, edge in edges)
    return place


async def names(bench: Bench, filter_: dict[str, Any]) -> str:
    return "".join(sorted(one["name"] for one in await listed(bench, "accounts", "name", "AccountFilter", filter_)))


async def move(bench: Bench, id_: str, parent: str | None) -> None:
    await written(bench, "updateAccount", {"id": id_, "parentId": parent})


def cycle(path: str, id_: str) -> dict[str, Any]:
    message = f"The account would stand above itself: {id_} is the account itself or lies below it."
    return violation("CYCLE", path, message)


async def test_the_place_in_the_hierarchy_is_read_and_filtered_by(bench: Bench) -> None:
    ids = await grow(bench, "A A>B B>C B>D X")
    assert await shape(bench, ids["A"]) == {
        "parent": None,
        "ultimateParent": None,
        "ancestors": "",
        "descendants": "B1 C2 D2",
    }
    assert await shape(bench, ids["C"]) == {
        "parent": "B",
        "ultimateParent": "A",
        "ancestors": "B1 A2",
        "descendants": "",
    }
    a, b = ids["A"], ids["B"]
    assert await names(bench, {"ancestors": {"some": {"id": {"eq": a}}}}) == "BCD"
    assert await names(bench, {"ancestors": {"none": {}}}) == "AX"
    assert await names(bench, {"descendants": {"some": {"name": {"eq": "D"}}}}) == "AB"
    assert await names(bench, {"ultimateParent": {"name": {"eq": "A"}}}) == "BCD"
    assert await names(bench, {"ultimateParentId": {"isNull": True}}) == "AX"
    assert await names(bench, {"parentId": {"eq": b}}) == "CD"
    assert await names(bench, {"children": {"some": {"name": {"eq": "C"}}}}) == "B"


async def test_a_subtree_moves_as_a_whole(bench: Bench) -> None:
    ids = await grow(bench, "A A>B B>C C>D X X>Y")
    await move(bench, ids["B"], ids["Y"])
    assert (await shape(bench, ids["D"]))["ancestors"] == "C1 B2 Y3 X4"
    assert (await shape(bench, ids["X"]))["descendants"] == "Y1 B2 C3 D4"
    assert await shape(bench, ids["A"]) == {
        "parent": None,
        "ultimateParent": None,
        "ancestors": "",
        "descendants": "",
    }
    assert await names(bench, {"ultimateParentId": {"eq": ids["X"]}}) == "BCDY"
    await move(bench, ids["B"], None)
    assert (await shape(bench, ids["B"])) == {
        "parent": None,
        "ultimateParent": None,
        "ancestors": "",
        "descendants": "C1 D2",
    }
    assert await names(bench, {"ultimateParentId": {"eq": ids["B"]}}) == "CD"


async def test_what_is_not_said_about_the_parent_leaves_it(bench: Bench) -> None:
    ids = await grow(bench, "A A>B")
    await written(bench, "updateAccount", {"id": ids["B"], "industry": "Optics"})
    assert (await shape(bench, ids["B"]))["parent"] == "A"


async def test_many_accounts_move_in_one_write(bench: Bench) -> None:
    ids = await grow(bench, "A A>B B>C X")
    moves = [("C", None), ("A", "X"), ("X", "C"), ("B", "X")]
    inputs = [{"id": ids[name], "parentId": ids[parent] if parent else None} for name, parent in moves]
    assert (await bulk(bench, "updateAccounts", inputs))["violations"] == []
    places = {name: (await shape(bench, id_))["ancestors"] for name, id_ in ids.items()}
    assert places == {"C": "", "X": "C1", "A": "X1 C2", "B": "X1 C2"}
    assert await names(bench, {"ultimateParentId": {"eq": ids["C"]}}) == "ABX"


async def test_no_account_stands_above_itself(bench: Bench) -> None:
    ids = await grow(bench, "A A>B B>C")
    before = [await shape(bench, id_) for id_ in ids.values()]
    for below in "ABC":
        found = await refused(bench, "updateAccount", {"id": ids["A"], "parentId": ids[below]})
        assert found == [cycle("input.parentId", ids[below])]
    inputs = [{"id": ids["A"], "parentId": ids["C"]}, {"id": ids["C"], "parentId": None}]
    assert (await bulk(bench, "updateAccounts", inputs[:1]))["violations"] == [cycle("inputs.0.parentId", ids["C"])]
    assert [await shape(bench, id_) for id_ in ids.values()] == before
    assert (await bulk(bench, "updateAccounts", inputs))["violations"] == []
    assert (await shape(bench, ids["B"]))["ancestors"] == "A1 C2"


async def test_accounts_that_go_round_in_one_write_are_refused_or_the_later_ones_row_by_row(bench: Bench) -> None:
    ids = await grow(bench, "A B C D")
    ring = {"A": "B", "B": "C", "C": "A", "D": "A"}
    inputs = [{"id": ids[name], "parentId": ids[parent]} for name, parent in ring.items()]
    expected = [cycle(f"inputs.{n}.parentId", ids[parent]) for n, parent in enumerate("BCA")]
    assert (await bulk(bench, "updateAccounts", inputs))["violations"] == expected
    payload = await bulk(bench, "updateAccounts", inputs, atomic=False)
    assert (payload["written"], payload["refused"]) == (3, 1)
    assert payload["violations"] == expected[2:]
    assert (await shape(bench, ids["D"]))["ancestors"] == "A1 B2 C3"


async def test_a_hierarchy_has_twenty_levels(bench: Bench) -> None:
    ids = await grow(bench, "n1 " + " ".join(f"n{n}>n{n + 1}" for n in range(1, 20)))
    assert len((await shape(bench, ids["n20"]))["ancestors"].split()) == 19
    message = "The hierarchy would be more than 20 levels deep."
    deep = [violation("TOO_DEEP", "input.parentId", message)]
    assert await refused(bench, "createAccount", {"name": "n21", "parentId": ids["n20"]}) == deep
    top = await make(bench, "Account", name="n0")
    assert await refused(bench, "updateAccount", {"id": ids["n1"], "parentId": top}) == deep
    await move(bench, ids["n2"], top)
    assert (await shape(bench, ids["n20"]))["ultimateParent"] == "n0"


async def test_a_long_chain_in_one_write_is_refused_at_once(bench: Bench) -> None:
    payload = await bulk(bench, "createAccounts", [{"name": str(n)} for n in range(400)])
    ids = [result["recordId"] for result in payload["results"]]
    inputs = [{"id": id_, "parentId": above} for above, id_ in pairwise(ids)]
    found = (await bulk(bench, "updateAccounts", inputs))["violations"]
    message = "The hierarchy would be more than 20 levels deep."
    assert found == [violation("TOO_DEEP", f"inputs.{n}.parentId", message) for n in range(19, 399)]


async def test_a_parent_that_is_not_there_is_refused(bench: Bench) -> None:
    ids = await grow(bench, "A A>B")
    await written(bench, "deleteAccount", ids["A"])
    message = f"There is no Account with id {ids['A']}; it may have been deleted."
    expected = [violation("NOT_FOUND", "input.parentId", message)]
    assert await refused(bench, "createAccount", {"name": "C", "parentId": ids["A"]}) == expected
    other = await make(bench, "Contact", familyName="X")
    looks = "these look like acc_ followed by a UUID, as every account has it in its field id."
    for bad in (other, "", "acc_1", ids["A"].upper()):
        message = f"'{bad}' is no id of an Account; {looks}"
        expected = [violation("INVALID_ID", "input.parentId", message)]
        assert await refused(bench, "updateAccount", {"id": ids["B"], "parentId": bad}) == expected


async def test_children_stay_when_an_account_above_is_deleted_and_the_top_is_who_is_there(bench: Bench) -> None:
    ids = await grow(bench, "A A>B B>C C>D")
    await written(bench, "deleteAccount", ids["A"])
    assert await shape(bench, ids["D"]) == {
        "parent": "C",
        "ultimateParent": "B",
        "ancestors": "C1 B2",
        "descendants": "",
    }
    await written(bench, "deleteAccount", ids["C"])
    assert await shape(bench, ids["D"]) == {
        "parent": None,
        "ultimateParent": "B",
        "ancestors": "B2",
        "descendants": "",
    }
    assert (await shape(bench, ids["B"])) == {
        "parent": None,
        "ultimateParent": None,
        "ancestors": "",
        "descendants": "D2",
    }
    other = await make(bench, "Account", name="X")
    await move(bench, ids["B"], other)
    await written(bench, "restoreAccount", ids["C"])
    assert (await shape(bench, ids["D"]))["ancestors"] == "C1 B2 X3"
    assert [(await shape(bench, ids[name]))["ultimateParent"] for name in "BCD"] == ["X", "X", "X"]
    await written(bench, "restoreAccount", ids["A"])
    assert (await shape(bench, ids["A"]))["descendants"] == ""


async def test_a_deleted_account_keeps_its_place_so_that_no_cycle_hides_behind_it(bench: Bench) -> None:
    ids = await grow(bench, "A A>B B>C")
    await written(bench, "deleteAccount", ids["B"])
    found = await refused(bench, "updateAccount", {"id": ids["A"], "parentId": ids["C"]})
    assert found == [cycle("input.parentId", ids["C"])]


async def test_moving_an_account_changes_the_version_of_that_account_alone(bench: Bench) -> None:
    ids = await grow(bench, "A A>B B>C X")
    await move(bench, ids["B"], ids["X"])
    versions = {one["name"]: one["version"] for one in await listed(bench, "accounts", "name version")}
    assert versions == {"A": 1, "B": 2, "C": 1, "X": 1}
