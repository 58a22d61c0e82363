"""The rules of imports, read from the source: which folder may know which, and where foreign packages stand."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Each folder may import itself and those before it.
FOLDERS = ("plugins", "graph", "schema", "config")

# Where a foreign package may be imported: the beginnings of paths.
PLACES = {
    "graphql": ("schema/",),
    "pluggy": ("plugins/",),
    "pydantic_settings": ("config/",),
    "rich": ("config/",),
    "starlette": ("schema/http", "config/"),
    "strawberry": ("schema/",),
    "tortoise": ("graph/", "plugins/"),
    "typer": ("config/",),
    "uvicorn": ("config/",),
}

ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}


@dataclass(frozen=True, kw_only=True)
class Import:
    """One imported module, with the place where it is written; `level` counts the dots before it."""

    line: int
    level: int
    module: str  # absolute: accord.graph.records, whatever the level


def test_every_import_keeps_the_rules():
    breaches = [breach for path in sources() for breach in find_breaches(path, (ROOT / path).read_text("utf-8"))]
    assert not breaches, "\n" + "\n".join(breaches)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("plugins/loading.py", "from .rules import Rule"),
        ("plugins/loading.py", "import pluggy"),
        ("plugins/fields.py", "from tortoise import fields"),
        ("plugins/__init__.py", "from .rules import Rule"),
        ("plugins/finance/records.py", "from accord.plugins import Record"),
        ("plugins/finance/records.py", "from accord.plugins.fields import Money"),
        ("plugins/finance/records.py", "from accord import plugins"),
        ("plugins/finance/records.py", "from .rules import check"),
        ("plugins/finance/rules/iban.py", "from ..records import Ledger"),
        ("graph/catalogue.py", "from ..plugins.fields import Money"),
        ("graph/catalogue.py", "from .. import __version__"),
        ("graph/reading/plan.py", "from ..records.account import Account"),
        ("graph/reading/plan.py", "from ...plugins.fields import Money"),
        ("schema/types.py", "import strawberry.relay"),
        ("schema/http.py", "from starlette.requests import Request"),
        ("schema/http/view.py", "from starlette.requests import Request"),
        ("config/cli.py", "from ..schema.build import build_schema\nimport typer\nimport os\nos.environ['A']"),
        (
            "tests/graph/test_records.py",
            "from accord.graph.records import Account\nfrom accord.tests.browser import serve",
        ),
        ("tests/graph/test_records.py", "from .samples import account"),
    ],
)
def test_what_the_rules_allow_passes(path: str, source: str):
    assert find_breaches(Path(path), source) == []


@pytest.mark.parametrize(
    ("path", "source", "words"),
    [
        ("plugins/loading.py", "from ..graph.records import Account", "plugins/ may not import graph/"),
        ("plugins/loading.py", "from .. import graph", "plugins/ may not import graph/"),
        ("graph/catalogue.py", "from ..schema import types", "graph/ may not import schema/"),
        ("graph/reading/plan.py", "from ...config.settings import Settings", "graph/ may not import config/"),
        ("schema/types.py", "def f():\n    from ..config import settings", "schema/ may not import config/"),
        ("schema/types.py", "if TYPE_CHECKING:\n    from ..config import settings", "schema/ may not import config/"),
        ("graph/catalogue.py", "from accord.plugins.fields import Money", "write `from ..plugins"),
        ("graph/reading/plan.py", "import accord.plugins.fields", "write `from ...plugins"),
        ("graph/catalogue.py", "from ..graph.declaring import declare", "write `from .declaring"),
        ("graph/catalogue.py", "from accord.graph.declaring import declare", "write `from .declaring"),
        ("graph/catalogue.py", "from plugins.fields import Money", "write `from ..plugins"),
        ("graph/catalogue.py", "import schema", "write `from ..schema"),
        ("plugins/finance/records.py", "from ..fields import Money", "leaves the plugin"),
        ("plugins/finance/records.py", "from accord.graph.records import Account", "accord.plugins and nothing else"),
        ("plugins/finance/records.py", "from accord import graph", "accord.plugins and nothing else"),
        ("plugins/finance/records.py", "import accord", "accord.plugins and nothing else"),
        ("plugins/finance/records.py", "from accord.plugins.healthcare import npi", "another plugin"),
        ("plugins/finance/records.py", "from accord.plugins import healthcare", "another plugin"),
        ("plugins/loading.py", "from .finance import records", "a plugin that ships with Accord"),
        ("graph/catalogue.py", "from ..plugins.finance import records", "a plugin that ships with Accord"),
        ("graph/catalogue.py", "import strawberry", "strawberry stands in schema/"),
        ("config/cli.py", "from graphql import parse", "graphql stands in schema/"),
        ("schema/types.py", "import starlette.requests", "starlette stands in schema/http or config/"),
        ("graph/catalogue.py", "import pluggy", "pluggy stands in plugins/"),
        ("schema/types.py", "from tortoise.models import Model", "tortoise stands in graph/ or plugins/"),
        ("graph/catalogue.py", "import rich", "rich stands in config/"),
        ("schema/types.py", "import typer", "typer stands in config/"),
        ("graph/catalogue.py", "import os\nos.environ['A']", "the environment is read in config/"),
        ("graph/catalogue.py", "from os import getenv", "the environment is read in config/"),
        ("graph/catalogue.py", "import os as system\nsystem.getenv('A')", "the environment is read in config/"),
        ("tests/graph/test_records.py", "from ..samples import account", "loads every module twice"),
        ("tests/test_records.py", "from ..graph.records import Account", "loads every module twice"),
    ],
)
def test_what_the_rules_forbid_is_found_with_its_place(path: str, source: str, words: str):
    plugins = ("finance", "healthcare")
    breaches = find_breaches(Path(path), source, plugins=plugins)
    assert len(breaches) == 1, breaches
    assert breaches[0].startswith(f"{path}:{len(source.splitlines())}: ")
    assert words in breaches[0]


def sources() -> Iterator[Path]:
    """Yield every module that the rules speak of, relative to the root."""
    for folder in (*FOLDERS, "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not {"node_modules", "__pycache__"} & set(path.parts):
                yield path.relative_to(ROOT)


def shipped_plugins() -> tuple[str, ...]:
    """Name the folders in plugins/: one for each industry."""
    return tuple(sorted(path.parent.name for path in (ROOT / "plugins").glob("*/__init__.py")))


def find_breaches(path: Path, source: str, *, plugins: tuple[str, ...] | None = None) -> list[str]:
    """Say each breach in the module at `path` as `file:line: what is wrong and what to write`."""
    tree = ast.parse(source, str(path))
    shipped = shipped_plugins() if plugins is None else plugins
    found = [(one.line, words) for one in read_imports(path, tree) for words in judge_import(path, one, shipped)]
    found += [(line, "the environment is read in config/ alone: take the value as an argument") for line in
              read_environment(tree) if path.parts[0] not in ("config", "tests")]  # fmt: skip
    return [f"{path.as_posix()}:{line}: {words}" for line, words in sorted(set(found))]


def read_imports(path: Path, tree: ast.Module) -> Iterator[Import]:
    """Yield each imported module; `from package import name` counts as package.name, for the name may be a module."""
    package = ("accord", *path.parent.parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(line=node.lineno, level=0, module=alias.name)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*start, *([node.module] if node.module else [])))
            for alias in node.names:
                yield Import(line=node.lineno, level=node.level, module=f"{module}.{alias.name}")


def read_environment(tree: ast.Module) -> Iterator[int]:
    """Yield the lines that reach for the environment."""
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "os"
    }
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="os", names=aliases) if any(alias.name in ENVIRONMENT for alias in aliases):
                yield node.lineno
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in names and attribute in ENVIRONMENT:
                yield node.lineno
            case _:
                pass


def judge_import(path: Path, one: Import, shipped: tuple[str, ...]) -> Iterator[str]:
    """Yield what is wrong with one import."""
    home = path.parts[0]
    if home == "tests":
        if one.level > 1:
            yield "a test that imports by `..` loads every module twice: write `from accord.…`"
        return
    first, *rest = one.module.split(".")
    if first != "accord":
        if first in FOLDERS:
            yield f"{first}/ is no package of its own: write `from {dots(path)}{one.module} import …`"
        places = PLACES.get(first)
        if places and not path.as_posix().startswith(places):
            yield f"{first} stands in {' or '.join(places)} alone: hand over a value of our own"
    elif home == "plugins" and len(path.parts) > 2:
        yield from judge_shipped_plugin(path, one, rest, shipped)
    else:
        yield from judge_own_import(path, one, rest, shipped)


def judge_shipped_plugin(path: Path, one: Import, rest: list[str], shipped: tuple[str, ...]) -> Iterator[str]:
    """A plugin that ships with Accord imports as a partner's must: accord.plugins, and itself by dots."""
    name = path.parts[1]
    if rest[:1] != ["plugins"]:
        yield f"a plugin imports accord.plugins and nothing else of Accord, not {one.module}"
    elif rest[1:2] == [name]:
        if not one.level:
            yield f"inside plugins/{name}/ write `from .… import …`, not {one.module}"
    elif rest[1:2] and rest[1] in shipped:
        yield f"{one.module} is another plugin: what both need belongs to accord.plugins"
    elif one.level:
        yield f"this import leaves the plugin: write `from {'.'.join(['accord', *rest[:-1]])} import {rest[-1]}`"


def judge_own_import(path: Path, one: Import, rest: list[str], shipped: tuple[str, ...]) -> Iterator[str]:
    """The four folders know each other in one direction, and name each other by dots."""
    home, target = path.parts[0], rest[0] if rest else ""
    if target not in FOLDERS:
        return
    if FOLDERS.index(target) > FOLDERS.index(home):
        yield f"{home}/ may not import {target}/: the order is {' <- '.join(FOLDERS)}"
    elif target == "plugins" and rest[1:2] and rest[1] in shipped and home != "config":
        yield f"{one.module} is a plugin that ships with Accord: it is loaded, never imported"
    elif target == home and (not one.level or one.level > len(path.parts) - 1):
        inside = dots(path)[:-1] + ".".join(rest[1:-1])
        yield f"inside {home}/ write `from {inside} import {rest[-1]}`, not {one.module}"
    elif target != home and not one.level:
        yield f"across folders write `from {dots(path)}{'.'.join(rest)} import …`, not {one.module}"


def dots(path: Path) -> str:
    """Give the dots that lead from a module to the root."""
    return "." * len(path.parts)
