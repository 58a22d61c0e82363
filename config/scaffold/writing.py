"""Writing the package of a new plugin from the templates."""

import asyncio
import importlib
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path
from string import Template

from ...graph.migrating import MigrationApp
from ...graph.migrating import make as make_migration
from ...plugins.loading import Installed
from ...plugins.names import pascal

TEMPLATES = Path(__file__).parent / "templates"
NAME = re.compile(r"[a-z][a-z0-9]{1,39}")
LONGEST_PREFIX = 10
# Each file of the package with the template that it is made from; None makes an empty one.
FILES: Mapping[str, str | None] = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "accord_$name/__init__.py": "plugin.py",
    "accord_$name/records.py": "records.py",
    "accord_$name/py.typed": None,
    "accord_$name/migrations/__init__.py": "migrations.py",
    "tests/test_$name.py": "test_plugin.py",
}


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a new plugin can't have: names of the core's, prefixes of its ids, and what is installed."""

    names: Collection[str] = ()
    prefixes: Collection[str] = ()
    installed: Collection[Installed] = ()


def find_objections(name: str, folder: Path | None, taken: Taken) -> Iterator[str]:
    """Everything that keeps a plugin called `name` from being written into `folder`, a sentence each.

    Without a folder it is the one that bears the name, which is of no interest where the name is wrong.
    """
    if not NAME.fullmatch(name):
        yield (
            f"{name!r} can't be the name of a plugin: it stands in the API and in Python, so it takes two to forty "
            "small letters and digits, a letter first, such as loyalty."
        )
    elif iskeyword(name) or iskeyword(pascal(name)):
        yield f"{name!r} is a word of Python's own; choose another name."
    elif name in taken.names:
        yield f"{name!r} is what the core calls something already; choose another name."
    for one in taken.installed:
        if one.name == name:
            yield f"the {one} is installed; choose another name, or uninstall {one.distribution}."
    if NAME.fullmatch(name) and not any(one.name == name for one in taken.installed):
        found = find_spec(f"accord_{name}")
        if found is not None:
            yield f"the module accord_{name} is there already ({found.origin}); choose another name."
    if folder is not None or NAME.fullmatch(name):
        yield from _folder(folder or folder_of(name))


def folder_of(name: str) -> Path:
    """Where a plugin is written if nothing else is said."""
    return Path(f"accord-{name}")


def _folder(folder: Path) -> Iterator[str]:
    if folder.is_dir():
        inside = sorted(path.name for path in folder.iterdir())
        if inside:
            shown = ", ".join(inside[:3]) + (" and more" if len(inside) > 3 else "")
            yield f"the folder {folder} is not empty: it holds {shown}. Name another by --folder."
    elif folder.exists():
        yield f"the path {folder} is a file; name a folder by --folder."
    elif not folder.absolute().parent.is_dir():
        yield f"there is no folder {folder.absolute().parent} to make {folder.name} in; make it, or name another."


def write_plugin(name: str, folder: Path, taken: Taken, core: MigrationApp) -> list[Path]:
    """Write the package and its first migration; returns the files, relative to the folder.

    The name and the folder must be free of objections. Raises OSError.
    """
    words = {
        "name": name,
        "Name": pascal(name),
        "NAME": name.upper(),
        "title": name.capitalize(),
        "prefix": find_prefix(name, taken.prefixes),
    }
    written: list[Path] = []
    for place, template in FILES.items():
        file = folder / Template(place).substitute(words)
        text = "" if template is None else (TEMPLATES / f"{template}.template").read_text(encoding="utf-8")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(Template(text).substitute(words), encoding="utf-8")
        written.append(file)
    written.append(_make_migration(name, folder, core))
    return sorted(file.relative_to(folder) for file in written)


def find_prefix(name: str, taken: Collection[str]) -> str:
    """A prefix for the ids of the plugin's record that no other record has: three to ten small letters."""
    letters = re.sub(r"[^a-z]", "", name)
    for candidate in (letters, f"{letters[:6]}item", *(f"{letters[:9]}{letter}" for letter in "xyzqwk")):
        prefix = candidate[:LONGEST_PREFIX]
        if len(prefix) >= 3 and prefix not in taken:
            return prefix
    raise ValueError(f"every prefix that could be made of {name} is taken")


def _make_migration(name: str, folder: Path, core: MigrationApp) -> Path:
    """The first migration, made as `accord migrate make` makes it, from the records as they are written."""
    package = f"accord_{name}"
    app = MigrationApp(label=name, models=(f"{package}.records",), migrations=f"{package}.migrations")
    sys.path.insert(0, str(folder.absolute()))
    importlib.invalidate_caches()
    try:
        file = asyncio.run(make_migration((core, app), name, "initial"))
    finally:
        sys.path.remove(str(folder.absolute()))
        for module in [one for one in sys.modules if one.partition(".")[0] == package]:
            del sys.modules[module]
    if file is None:
        raise RuntimeError(f"the records of {package} need no migration, which can't be")
    return folder / file.relative_to(folder.absolute())
