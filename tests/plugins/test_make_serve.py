"""`make serve` enables the plugins of the demo, and never one where somebody said which plugins or which database."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from accord.tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("variables", "arguments", "has_file", "enabled"),
    [
        ({}, [], False, "finance,healthcare"),
        ({"ACCORD_PLUGINS": "finance"}, [], False, "finance"),
        ({"ACCORD_PLUGINS": ""}, [], False, ""),
        ({}, ["ACCORD_PLUGINS=healthcare"], False, "healthcare"),
        ({}, ["ACCORD_PLUGINS="], False, ""),
        ({"ACCORD_DATABASE": "postgresql://db/accord"}, [], False, "unset"),
        ({}, [], True, "unset"),
    ],
)
def test_plugins_are_enabled_for_the_demo_alone(
    tmp_path: Path, variables: dict[str, str], arguments: list[str], has_file: bool, enabled: str
):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "requirements.lock", "stamp"):
        (tmp_path / name).touch()
    for name, body in (("python", "exit 0"), ("accord", 'echo "enabled: ${ACCORD_PLUGINS-unset}"')):
        (tmp_path / "bin").mkdir(exist_ok=True)
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
    if has_file:
        (tmp_path / "accord.toml").write_text('plugins = ["healthcare"]\n')
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ACCORD_", "MAKE"))}
    make = shutil.which("make")
    assert make is not None
    done = subprocess.run(
        [make, "--no-print-directory", "--old-file=.venv/.runtime", "serve", "BIN=bin", *arguments],
        cwd=tmp_path,
        env={**own, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, "")
    *said, last = done.stdout.splitlines()
    assert last == f"enabled: {enabled}"
    assert bool(said) == (enabled == "finance,healthcare")
