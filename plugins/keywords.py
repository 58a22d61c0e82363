# At Tortoise's edge, whose models and fields are typed in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Keywords of fields that no field knows: Tortoise swallows them, so they are looked for in the source."""

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from tortoise import fields
from tortoise.fields.data import CharEnumFieldInstance, IntEnumFieldInstance
from tortoise.fields.relational import ForeignKeyFieldInstance, ManyToManyFieldInstance, OneToOneFieldInstance

from .plugin import Plugin

# Functions that make a field pass on what they don't know.
MADE_BY: Mapping[Any, type[fields.Field[Any]]] = {
    fields.CharEnumField: CharEnumFieldInstance,
    fields.IntEnumField: IntEnumFieldInstance,
    fields.ForeignKeyField: ForeignKeyFieldInstance,
    fields.OneToOneField: OneToOneFieldInstance,
    fields.ManyToManyField: ManyToManyFieldInstance,
}
META = frozenset({"table", "abstract", "table_description", "ordering", "app", "schema", "manager"})
INNER = ("Meta", "Policies")


def find_slips(kind: type[Plugin]) -> Iterator[str]:
    """What the source of a plugin declares and nobody reads, each with its file and line, and what may be meant."""
    for module in plugin_modules(kind):
        file = Path(inspect.getsourcefile(module) or "")
        tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield from (f"{file.name}, line {line}: {text}" for line, text in _call(module, node))
            elif isinstance(node, ast.ClassDef) and node.name in {model.__name__ for model in kind.models}:
                yield from (f"{file.name}, line {line}: {text}" for line, text in _record(node))


def plugin_modules(kind: type[Plugin]) -> list[ModuleType]:
    """The imported modules of a plugin, without its migrations; raises OSError where one has no source."""
    package = kind.__module__
    names = {package, *(model.__module__ for model in kind.models)}
    names |= {name for name in sys.modules if name.startswith(f"{package}.")}
    migrations = kind.migrations or "-"
    own = sorted(name for name in names if name != migrations and not name.startswith(f"{migrations}."))
    modules = [sys.modules[name] for name in own]
    for module in modules:
        if inspect.getsourcefile(module) is None:
            raise OSError(f"the module {module.__name__} has no source here")
    return modules


def _call(module: ModuleType, call: ast.Call) -> Iterator[tuple[int, str]]:
    made = meant(module, call.func)
    if not (inspect.isclass(made) and issubclass(made, fields.Field)) and made not in MADE_BY:
        return
    known = sorted(_known(made))
    for name, line in _keywords(call):
        if name not in known:
            yield line, f"{getattr(made, '__name__', made)} has no keyword {name!r}{_advice(name, known)}"


def meant(module: ModuleType, function: ast.expr) -> Any:
    """What the name or dotted name of a call leads to in its module; None for what can't be told."""
    if isinstance(function, ast.Name):
        return getattr(module, function.id, None)
    if isinstance(function, ast.Attribute):
        return getattr(meant(module, function.value), function.attr, None)
    return None


def _keywords(call: ast.Call) -> Iterator[tuple[str, int]]:
    """The keywords of a call, also those in a mapping that is written out in it."""
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg, keyword.value.lineno
        elif isinstance(keyword.value, ast.Dict):
            for key in keyword.value.keys:
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, key.lineno


def _known(made: Any) -> set[str]:
    """The keywords that a field class, or a function that makes one, does something with."""
    found: set[str] = set()
    if made in MADE_BY:
        found |= inspect.signature(made).parameters.keys()
        made = MADE_BY[made]
    for kind in made.__mro__:
        parameters = inspect.signature(vars(kind)["__init__"]).parameters if "__init__" in vars(kind) else {}
        found |= {name for name, one in parameters.items() if one.kind is not one.VAR_KEYWORD}
        if parameters and not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
            break
    return found - {"self", "model", "kwargs"}


def _record(declared: ast.ClassDef) -> Iterator[tuple[int, str]]:
    """Classes within a record that nobody reads, and options of its Meta that nobody reads."""
    for node in declared.body:
        if not isinstance(node, ast.ClassDef):
            continue
        if node.name not in INNER:
            yield node.lineno, f"nothing reads the class {declared.name}.{node.name}{_advice(node.name, INNER)}"
        if node.name == "Meta":
            for name, line in _assigned(node.body):
                if name not in META and name not in {"unique_together", "indexes", "constraints"}:
                    yield line, f"Meta has no option {name!r}{_advice(name, sorted(META))}"


def _assigned(body: Iterable[ast.stmt]) -> Iterator[tuple[str, int]]:
    for node in body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name):
                yield target.id, node.lineno


def _advice(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    if near:
        return f"; did you mean {near[0]}?"
    return "; what a field may be used for stands in its Policy" if name in {"data_class", "mask", "read"} else ""
