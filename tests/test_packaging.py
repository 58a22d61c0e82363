"""What is installed is what is in the tree: packages, their data, the command, and the locked dependencies."""

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

import accord

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("config", "graph", "plugins", "schema")
FOREIGN = {"__pycache__", "node_modules"}
DATA = {".csv", ".json", ".sql", ".template", ".toml"}
LOCKS = ("requirements.lock", "requirements-dev.lock")

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """Build the wheel once, from a copy: a build in the tree would pick up what an earlier one left in build/."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("__init__.py", "py.typed", "pyproject.toml", "LICENSE", "README.md"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, tree)
    for folder in (*FOLDERS, "tests"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns(*FOREIGN))
    building = "from setuptools import build_meta; build_meta.build_wheel('wheels')"
    done = subprocess.run([sys.executable, "-c", building], cwd=tree, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return ZipFile(next((tree / "wheels").glob("*.whl")))


def test_the_listed_packages_are_the_folders():
    listed = set(PROJECT["tool"]["setuptools"]["packages"])
    assert listed == found_packages(), "change [tool.setuptools] packages in pyproject.toml"


def test_every_folder_with_modules_is_a_package():
    # Without __init__.py a folder imports from the checkout and is missing from the wheel.
    bare = {
        path.parent for path in files() if path.suffix == ".py" and not (ROOT / path.parent / "__init__.py").exists()
    }
    assert not bare, f"add __init__.py to {sorted(map(str, bare))}"


def test_the_wheel_holds_every_module_and_nothing_else(wheel: ZipFile):
    built = {name for name in wheel.namelist() if name.endswith(".py")}
    assert built == {f"accord/{path.as_posix()}" for path in files() if path.suffix == ".py"} | {"accord/__init__.py"}


def test_the_wheel_holds_the_data_that_modules_read(wheel: ZipFile):
    data = {f"accord/{path.as_posix()}" for path in files() if path.suffix in DATA and path.parts[0] != "schema"}
    page = {f"accord/{path.as_posix()}" for path in files() if path.is_relative_to("schema/graphiql/dist")}
    missing = (data | page | {"accord/py.typed"}) - set(wheel.namelist())
    assert not missing, "change [tool.setuptools.package-data] in pyproject.toml"


def test_the_wheel_brings_the_command(wheel: ZipFile):
    name = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "accord = accord.config.cli:main" in wheel.read(name).decode().splitlines()


def test_the_installed_version_is_the_one_in_the_source():
    assert importlib.metadata.version("accord") == accord.__version__


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str):
    # Where packages come from is the business of the machine that installs them.
    found = re.findall(r"^.*(?:://|\s@\s|^-\S+url|find-links).*$", (ROOT / lock).read_text("utf-8"), re.MULTILINE)
    assert not found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_each_package_by_hash(lock: str):
    unpinned = [name for name, entry in locked(lock).items() if "==" not in entry or "--hash=sha256:" not in entry]
    assert not unpinned


def test_the_locks_hold_what_the_project_asks_for():
    needed = names(PROJECT["project"]["dependencies"])
    tools = names(PROJECT["project"]["optional-dependencies"]["dev"])
    runtime, development = set(locked("requirements.lock")), set(locked("requirements-dev.lock"))
    assert not needed - runtime, "run `make lock`"
    assert not (needed | tools) - development, "run `make lock`"


def test_what_serves_is_locked_alike_for_tests():
    versions = [{name: entry.split()[0] for name, entry in locked(lock).items()} for lock in LOCKS]
    assert versions[0].items() <= versions[1].items(), "run `make lock`"


def files() -> list[Path]:
    """List the files of the four folders, relative to the root."""
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file())
    return [path.relative_to(ROOT) for path in found if not FOREIGN & set(path.parts)]


def found_packages() -> set[str]:
    folders = [path.parent for path in files() if path.name == "__init__.py"]
    return {"accord"} | {".".join(("accord", *folder.parts)) for folder in folders}


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower() for requirement in requirements}


def locked(lock: str) -> dict[str, str]:
    """Read a lock as package: its entry."""
    entries = re.split(r"^(?=[a-z0-9])", (ROOT / lock).read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {re.split(r"[^A-Za-z0-9._-]", entry, maxsplit=1)[0]: entry for entry in entries}
