"""What the tests of writes share: mutations by their names, violations as expected, records as stored."""

from typing import Any

from accord.tests.accord_fixture import Bench

VIOLATIONS = "violations { code path message severity }"
Found = list[dict[str, Any]]


def violation(code: str, path: str, message: str, severity: str = "ERROR") -> dict[str, Any]:
    """A violation as the API shows it; the path's steps stand between dots."""
    steps = [int(step) if step.isdigit() else step for step in path.split(".")]
    return {"code": code, "path": steps, "message": message, "severity": severity}


def document(mutation: str, fields: str = "") -> str:
    """The document of a mutation with one input, or with the id of a record."""
    if mutation.startswith(("delete", "restore")):
        argument, type_ = "id", "ID!"
    else:
        argument, type_ = "input", f"{mutation[0].upper()}{mutation[1:]}Input!"
    return f"""mutation (${argument}: {type_}, $dryRun: Boolean! = false, $key: String, $version: Int) {{
      it: {mutation}({argument}: ${argument}, dryRun: $dryRun, idempotencyKey: $key
      {", expectedVersion: $version" if argument == "id" else ""}) {{ recordId {fields} {VIOLATIONS} }} }}""".replace(
        ", $version: Int" if argument == "input" else "\0", ""
    )


def bulk_document(mutation: str, type_: str, fields: str = "") -> str:
    """The document of a bulk mutation over inputs of a type, or over ids."""
    argument = "ids" if type_ == "ID" else "inputs"
    return f"""mutation (${argument}: [{type_}!]!, $atomic: Boolean! = true, $dryRun: Boolean! = false, $key: String) {{
      it: {mutation}({argument}: ${argument}, atomic: $atomic, dryRun: $dryRun, idempotencyKey: $key) {{
        written refused results {{ index recordId {fields} {VIOLATIONS} }} {VIOLATIONS} }} }}"""


async def write(bench: Bench, mutation: str, given: Any, fields: str = "", **options: Any) -> dict[str, Any]:
    """The payload of a mutation of one record, given its input or its id."""
    name = "id" if isinstance(given, str) else "input"
    return (await bench.ask(document(mutation, fields), **{name: given}, **options))["it"]


async def written(bench: Bench, mutation: str, given: Any, fields: str = "", **options: Any) -> dict[str, Any]:
    """The payload of a mutation that must find nothing wrong."""
    payload = await write(bench, mutation, given, fields, **options)
    assert payload["violations"] == [], payload["violations"]
    assert payload["recordId"]
    return payload


async def make(bench: Bench, record: str, **values: Any) -> str:
    """The id of a new record."""
    return (await written(bench, f"create{record}", values))["recordId"]


async def refused(bench: Bench, mutation: str, given: Any, **options: Any) -> Found:
    """The violations of a mutation that must be refused."""
    payload = await write(bench, mutation, given, **options)
    assert payload["recordId"] is None
    assert any(one["severity"] == "ERROR" for one in payload["violations"]), payload
    return payload["violations"]


async def bulk(bench: Bench, mutation: str, given: list[Any], fields: str = "", **options: Any) -> dict[str, Any]:
    """The payload of a bulk mutation, given its inputs or ids."""
    if mutation.startswith(("delete", "restore")):
        return (await bench.ask(bulk_document(mutation, "ID", fields), ids=given, **options))["it"]
    single = mutation.removesuffix("es") if mutation.endswith("sses") else mutation.removesuffix("s")
    type_ = f"{single[0].upper()}{single[1:]}Input"
    return (await bench.ask(bulk_document(mutation, type_, fields), inputs=given, **options))["it"]


async def read(bench: Bench, field: str, id_: str, fields: str) -> Any:
    """One record as a query shows it; None if it isn't there."""
    return (await bench.ask(f"query ($id: ID!) {{ it: {field}(id: $id) {{ {fields} }} }}", id=id_))["it"]


async def listed(bench: Bench, field: str, fields: str, filter_type: str = "", filter_: Any = None) -> list[Any]:
    """All records of a type, or those that match a filter, in the order they were made."""
    declared, given = (f"($filter: {filter_type})", ", filter: $filter") if filter_type else ("", "")
    query = f"query {declared} {{ it: {field}(first: 100{given}) {{ nodes {{ {fields} }} }} }}"
    return (await bench.ask(query, **({"filter": filter_} if filter_type else {})))["it"]["nodes"]


async def stored_rows(bench: Bench, table: str) -> int:
    """How many rows a table holds, deleted ones among them."""
    return (await bench.accord.database.fetch(f"select count(*) from {table}", []))[0][0]
