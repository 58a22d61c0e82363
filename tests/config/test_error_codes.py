"""docs/errors.md lists the codes that clients branch on: all that the source has, and none that it hasn't."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from accord.graph.values.problem import Problem

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "errors.md"
FOLDERS = ("config", "graph", "plugins", "schema")
CODE = re.compile(r"[A-Z]+(?:_[A-Z]+)*")
RAISED = {"GraphError", "InvalidInput", "Forbidden", "Unavailable", "Refusal", "FieldError", "coded", "_wrong"}
DECLARED = {"Rule", "Violation", "Misfit"}
NO_CODES = {"AT", "DE"}  # of countries, in examples


def codes_of(tree: ast.AST) -> Iterator[str]:
    """The codes that a module states: where errors are made, rules are declared, and extensions are written."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in RAISED:
                yield from (text for argument in node.args[:2] if (text := _text(argument)))
            case ast.Call(func=ast.Name(id=name)) if name in DECLARED:
                yield from (text for one in node.keywords if one.arg == "code" and (text := _text(one.value)))
            case ast.Dict():
                pairs = zip(node.keys, node.values, strict=True)
                yield from (
                    text for key, value in pairs if _text(key, any_case=True) == "code" and (text := _text(value))
                )
            case ast.Module():  # TOO_LONG = "TOO_LONG", for those who have to tell it from others
                yield from (text for one in node.body if isinstance(one, ast.Assign) and (text := _named(one)))
            case _:
                pass


def _named(node: ast.Assign) -> str | None:
    text = _text(node.value)
    return text if text and [ast.unparse(target) for target in node.targets] == [text] else None


def _text(node: ast.AST | None, *, any_case: bool = False) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and (any_case or CODE.fullmatch(node.value)):
        return node.value
    return None


def codes_of_findings() -> set[str]:
    """The codes of what the rules of values find, which become violations in capitals."""
    listed = re.sub(r"\([^)]*\)", "", (Problem.__doc__ or "").partition("Codes: ")[2])
    return {word.strip(" .\n").upper() for word in listed.split(",")}


def stated() -> set[str]:
    found = codes_of_findings()
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            found.update(codes_of(ast.parse(path.read_text("utf-8"))))
    return found - NO_CODES


def listed() -> set[str]:
    """The codes in the tables of the page, which stand in the column headed `code`."""
    found: set[str] = set()
    column = -1
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells:
            column = -1
        elif "code" in cells:
            column = cells.index("code")
        elif column >= 0:
            found.update(re.findall(r"`([A-Z_]+)`", cells[column]))
    return found


def test_the_page_lists_every_code_of_the_source_and_no_other():
    assert codes_of_findings() == {"REQUIRED", "INVALID", "UNKNOWN", "MISMATCH", "AMBIGUOUS", "UNUSED"}
    codes = stated()
    assert {"NOT_UNIQUE", "TOO_LONG", "INVALID_FILTER", "COST_EXCEEDED", "HOST_NOT_ALLOWED", "INVALID_NPI"} <= codes
    assert codes - listed() == set(), "write these codes into docs/errors.md"
    assert listed() - codes == set(), "take these codes out of docs/errors.md"
