"""The reference of the plugin API and the frozen list of its names, both read from the source.

`python -m accord.config.plugin_reference` writes them anew; tests fail where they are stale.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = ROOT / "plugins"
REFERENCE = ROOT / "docs" / "plugins" / "reference.md"
NAMES = ROOT / "tests" / "plugins" / "public_names.txt"
SECTIONS = {  # the modules in the order in which one meets them, and what their sections are called
    "plugin": "The plugin",
    "records": "Records and extensions",
    "fields": "Fields",
    "choices": "Choices",
    "declarations": "Policies",
    "masks": "Masks",
    "violations": "Rules and violations",
    "hooks": "Hooks",
    "units": "The unit of work",
    "changes": "Changes",
    "operations": "Operations",
    "shapes": "Arguments and results",
    "contexts": "Contexts",
    "calling": "Failures",
    "column": "Migrations",
}
LEFT_OUT = {"Meta", "SQL_TYPE", "model_config"}  # members that are Tortoise's and pydantic's business
HOOKS = "HookSpecs"  # no name of the contract, and the signatures of its hooks are

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A public name: how it is declared, what its docstring says, and its public members."""

    name: str
    declared: str
    doc: str
    members: tuple["Entry", ...] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """The public names of one module."""

    title: str
    doc: str
    entries: tuple[Entry, ...]


def read_sections() -> list[Section]:
    """All public names, by module; raises KeyError for a module that has no section yet."""
    exported: dict[str, set[str]] = {"hooks": {HOOKS}}
    for node in ast.parse((CONTRACT / "__init__.py").read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            exported.setdefault(node.module, set()).update(alias.name for alias in node.names)
    order = list(SECTIONS)
    return [_section(module, exported[module]) for module in sorted(exported, key=order.index)]


def names_text() -> str:
    """The frozen list: a line for each public name and member, as it is declared."""
    lines: list[str] = []
    for section in read_sections():
        for entry in section.entries:
            lines.append(entry.declared)
            lines += [f"    {member.declared}" for member in entry.members]
    return "\n".join(lines) + "\n"


def reference_text() -> str:
    """The reference page."""
    parts = [
        "# The plugin API\n",
        "Everything that a plugin may use, by `from accord.plugins import …`. The page is made from the source by "
        "`python -m accord.config.plugin_reference`.\n",
    ]
    for section in read_sections():
        parts += [f"## {section.title}\n", f"{section.doc}\n"]
        for entry in section.entries:
            if entry.name != HOOKS:
                parts.append(f"### {entry.name}\n")
            parts += _shown(entry)
            if entry.members:
                parts.append("\n".join(map(_shown_member, entry.members)) + "\n")
    return "\n".join(parts)


def _shown(entry: Entry) -> Iterator[str]:
    if entry.name != HOOKS:
        yield f"```python\n{entry.declared}\n```\n"
    if entry.doc:
        yield f"{_text(entry.doc)}\n"


def _shown_member(member: Entry) -> str:
    doc = f"\n\n{_indented(_text(member.doc))}\n" if member.doc else ""
    return f"- `{member.declared}`{doc}"


def _text(doc: str) -> str:
    """A docstring as Markdown: what is aligned in it stays so."""
    blocks = doc.split("\n\n")
    aligned = ["  " in line.strip() for block in blocks for line in block.splitlines()[:1]]
    return "\n\n".join(
        f"```text\n{block}\n```" if is_aligned else block for block, is_aligned in zip(blocks, aligned, strict=True)
    )


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else line for line in text.splitlines())


def _section(module: str, names: set[str]) -> Section:
    tree = ast.parse((CONTRACT / f"{module}.py").read_text("utf-8"))
    found = {entry.name: entry for node in tree.body for entry in _entry(node)}
    doc = ast.get_docstring(tree) or ""
    return Section(title=SECTIONS[module], doc=doc, entries=tuple(found[name] for name in found if name in names))


def _entry(node: ast.stmt) -> Iterator[Entry]:
    """What a statement declares, if it declares something."""
    match node:
        case ast.ClassDef():
            bases = ", ".join(ast.unparse(base) for base in node.bases)
            members = tuple(member for child in node.body for member in _entry(child) if _is_public(member))
            declared = f"class {node.name}({bases})" if bases else f"class {node.name}"
            yield Entry(name=node.name, declared=declared, doc=_doc(node), members=members)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield Entry(name=node.name, declared=_signature(node), doc=_doc(node))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield Entry(name=name, declared=ast.unparse(node), doc="")
        case ast.Assign(targets=[ast.Name(id=name)]):
            yield Entry(name=name, declared=ast.unparse(node), doc="")
        case _:
            return


def _is_public(entry: Entry) -> bool:
    return entry.name not in LEFT_OUT and (not entry.name.startswith("_") or entry.name == "__init__")


def _signature(node: Function) -> str:
    kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{kind} {node.name}({ast.unparse(node.args)}){returned}"


def _doc(node: ast.ClassDef | Function) -> str:
    return cleandoc(ast.get_docstring(node) or "")


if __name__ == "__main__":
    REFERENCE.parent.mkdir(parents=True, exist_ok=True)
    REFERENCE.write_text(reference_text(), encoding="utf-8")
    NAMES.write_text(names_text(), encoding="utf-8")
    sys.stdout.write(f"Wrote {REFERENCE} and {NAMES}\n")
