"""Labels: coloured, scoped, put on and taken off in bulk, and found by any, all or none of them."""

from accord.tests.accord_fixture import Bench

SET_UP = """mutation {
  createLabels(inputs: [{name: "Key account", scope: ACCOUNT, colour: "#1F77B4"}, {name: "At risk", scope: ACCOUNT},
    {name: "Speaker", scope: CONTACT}]) { results { recordId label { colour } } }
  createAccounts(inputs: [{name: "A"}, {name: "B"}, {name: "C"}]) { results { recordId } } }"""
APPLY = """mutation ($ids: [ID!]!, $labels: [ID!]!) { applyLabels(ids: $ids, labelIds: $labels)
  { written refused violations { code path severity } } }"""
REMOVE = APPLY.replace("applyLabels", "removeLabels")
FIND = "query ($filter: AccountFilter) { accounts(filter: $filter, orderBy: [{name: ASC}]) { nodes { name } } }"


async def set_up(bench: Bench) -> tuple[list[str], list[str]]:
    made = await bench.ask(SET_UP)
    mutations = ("createLabels", "createAccounts")
    labels, accounts = ([one["recordId"] for one in made[name]["results"]] for name in mutations)
    assert made["createLabels"]["results"][0]["label"]["colour"] == "#1f77b4"
    return labels, accounts


async def found(bench: Bench, quantifier: str, labels: list[str]) -> str:
    answer = await bench.ask(FIND, filter={"labels": {quantifier: labels}})
    return "".join(node["name"] for node in answer["accounts"]["nodes"])


async def test_labels_are_put_on_taken_off_and_found_by_any_all_and_none(bench: Bench) -> None:
    (key, risk, _), (a, b, c) = await set_up(bench)
    assert (await bench.ask(APPLY, ids=[a, b], labels=[key]))["applyLabels"]["written"] == 2
    again = (await bench.ask(APPLY, ids=[b, c, b], labels=[key, risk]))["applyLabels"]
    assert again == {"written": 2, "refused": 0, "violations": []}
    assert await found(bench, "anyOf", [key]) == "ABC"
    assert await found(bench, "anyOf", [risk]) == "BC"
    assert await found(bench, "allOf", [key, risk]) == "BC"
    assert await found(bench, "noneOf", [risk]) == "A"
    removed = (await bench.ask(REMOVE, ids=[a, b], labels=[risk]))["removeLabels"]
    path = ["ids", 0, "labels", 0, "disconnect"]
    assert removed["violations"] == [{"code": "NOT_CONNECTED", "path": path, "severity": "WARNING"}]
    assert await found(bench, "anyOf", [risk]) == "C"
    assert await found(bench, "noneOf", [key, risk]) == ""


async def test_a_label_of_another_scope_is_refused_and_nothing_is_written(bench: Bench) -> None:
    (key, _, speaker), (a, b, _) = await set_up(bench)
    refused = (await bench.ask(APPLY, ids=[a, b], labels=[key, speaker]))["applyLabels"]
    assert refused["written"] == 0
    assert [(one["code"], one["path"]) for one in refused["violations"]] == [
        ("OTHER_SCOPE", ["ids", 0, "labels", 1]),
        ("OTHER_SCOPE", ["ids", 1, "labels", 1]),
    ]
    assert await found(bench, "anyOf", [key]) == ""


async def test_records_that_take_no_labels_are_refused(bench: Bench) -> None:
    (key, *_), _ = await set_up(bench)
    (error,) = await bench.errors(APPLY, ids=[key], labels=[key])
    assert (error["extensions"]["code"], error["path"]) == ("INVALID_ID", ["applyLabels"])
