"""Errors of the migrate engine.

MigrationError
├── DatabaseUnreachable      the file or the server can't be opened
├── LockTimeout              another process kept the database for too long
├── DatabaseIsNewer          it holds migrations that this code doesn't know
├── MigrationsUnusable       the migrations themselves don't fit together
├── IndexInvalid             a declared index can't be what it says
├── ChangeRefused            `make` would have to guess, or to lose data
└── MigrationFailed          a statement failed; all was rolled back
    ├── IndexFailed          an index could not be made
    └── BrokenForeignKeys    rows would point at nothing
"""

from collections.abc import Sequence


class MigrationError(Exception):
    """Anything that keeps a database from being migrated."""


class DatabaseUnreachable(MigrationError):
    def __init__(self, place: str, cause: Exception) -> None:
        super().__init__(f"The database {place} can't be opened: {cause}. Check its address and that it is running.")


class LockTimeout(MigrationError):
    def __init__(self, place: str, seconds: float) -> None:
        super().__init__(
            f"The database {place} stayed locked for {seconds:g} seconds. Another process migrates it or writes to it: "
            "wait until it is done, then run the migration again."
        )


class DatabaseIsNewer(MigrationError):
    def __init__(self, place: str, unknown: Sequence[object]) -> None:
        super().__init__(
            f"The database {place} holds migrations that this version doesn't know: {', '.join(map(str, unknown))}. "
            "Install the version that wrote them, or restore a copy of the database from before."
        )


class MigrationsUnusable(MigrationError):
    """The migration modules of an app can't be loaded, or contradict each other or the database."""


class IndexInvalid(MigrationError):
    """An index is declared in a way that no database could keep."""


class ChangeRefused(MigrationError):
    """A generated migration would be a guess or lose data, and nobody said that it may."""


class MigrationFailed(MigrationError):
    def __init__(self, place: str, subject: object, cause: object) -> None:
        self.subject = str(subject)
        super().__init__(
            f"{subject} failed on {place}: {cause}. Nothing was changed: correct the cause and run the migration again."
        )


class IndexFailed(MigrationFailed):
    def __init__(self, place: str, index: str, cause: object) -> None:
        super().__init__(place, f"Index {index}", cause)


class BrokenForeignKeys(MigrationFailed):
    def __init__(self, place: str, violations: Sequence[str], total: int) -> None:
        self.violations = tuple(violations)
        more = f" and {total - len(violations)} more" if total > len(violations) else ""
        super().__init__(place, "The check of foreign keys", f"{'; '.join(violations)}{more}")
