"""A shipped plugin's code, as somebody else's package: installed by pip, it works as it does here."""

import shutil
import subprocess
import sys
from pathlib import Path
from string import Template

from accord.config.scaffold.writing import TEMPLATES
from accord.tests.config.command_line import environment

ROOT = Path(__file__).resolve().parents[2]
NAME = "partnercare"
PATIENCE = 300  # seconds


def renamed(text: str) -> str:
    """The source with another name of the plugin, as a partner would have chosen it."""
    text = text.replace("accord.plugins.healthcare", f"accord_{NAME}")
    for old, new in (("healthcare", NAME), ("Healthcare", NAME.capitalize()), ("HEALTHCARE", NAME.upper())):
        text = text.replace(old, new)
    return text


def test_the_same_code_works_as_a_package_that_pip_has_installed(tmp_path: Path):
    package = tmp_path / f"accord-{NAME}"
    shutil.copytree(
        ROOT / "plugins" / "healthcare", package / f"accord_{NAME}", ignore=shutil.ignore_patterns("__pycache__")
    )
    (package / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "plugins" / "test_healthcare.py", package / "tests" / f"test_{NAME}.py")
    for file in package.rglob("*.py"):
        file.write_text(renamed(file.read_text("utf-8")), "utf-8")
    words = {"name": NAME, "Name": NAME.capitalize(), "title": NAME.capitalize()}
    project = (TEMPLATES / "pyproject.toml.template").read_text("utf-8")
    (package / "pyproject.toml").write_text(Template(project).substitute(words), "utf-8")
    (package / "README.md").write_text("The plugin of a partner.\n", "utf-8")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--no-compile"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", *options, "--target", str(tmp_path / "site"), str(package)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(package / f"accord_{NAME}")  # what runs is what was installed
    known = {name: value for name, value in environment().items() if name != "TEST_DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"],
        cwd=package,
        env={**known, "PYTHONPATH": str(tmp_path / "site"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "18 passed" in done.stdout.splitlines()[-1]
