"""Distributions of plugins as pip would have installed them: their packages, with metadata that importlib reads."""

import shutil
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SOUND = {"clinic": "accord_clinic:Clinic", "bank": "accord_bank:Bank", "failing": "accord_failing:Failing"}


@dataclass(frozen=True, kw_only=True)
class Site:
    """A folder that packages are installed into."""

    folder: Path

    def install(self, name: str, *, version: str = "1.0") -> None:
        """Install one of the distributions that are in order."""
        source = HERE / "distributions" / name
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, self.folder, dirs_exist_ok=True, ignore=ignored)
        self.describe(f"accord-{name}", f"{name} = {SOUND[name]}", version=version)

    def install_broken(self, case: str, entry: str, *, distribution: str = "") -> None:
        """Install a distribution of one module, one of those in broken/; `entry` is its entry point."""
        shutil.copy(HERE / "broken" / f"{case}.py", self.folder / f"{case}.py")
        self.describe(distribution or f"accord-{case.replace('_', '-')}", entry)

    def describe(self, distribution: str, *entries: str, version: str = "1.0") -> None:
        """Write the metadata of a distribution with these entry points."""
        stem = distribution.replace("-", "_")
        for old in self.folder.glob(f"{stem}-*.dist-info"):
            shutil.rmtree(old)
        info = self.folder / f"{stem}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text("\n".join(["[accord.plugins]", *entries, ""]))
