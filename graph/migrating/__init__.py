"""Accord's own migrate engine: it plans, applies, makes and checks migrations, and keeps the declared indexes."""

from .applying import (
    Action,
    DatabaseState,
    Plan,
    PlannedMigration,
    Report,
    Status,
    Step,
    apply,
    plan,
    status,
)
from .column import Column
from .comparing import compare
from .copies import find_copies
from .errors import (
    BrokenForeignKeys,
    ChangeRefused,
    DatabaseIsNewer,
    DatabaseUnreachable,
    IndexFailed,
    IndexInvalid,
    LockTimeout,
    MigrationError,
    MigrationFailed,
    MigrationsUnusable,
)
from .indexes import Index
from .loading import MigrationName
from .making import make
from .target import MigrationApp, Target

__all__ = [
    "Action",
    "BrokenForeignKeys",
    "ChangeRefused",
    "Column",
    "DatabaseIsNewer",
    "DatabaseState",
    "DatabaseUnreachable",
    "Index",
    "IndexFailed",
    "IndexInvalid",
    "LockTimeout",
    "MigrationApp",
    "MigrationError",
    "MigrationFailed",
    "MigrationName",
    "MigrationsUnusable",
    "Plan",
    "PlannedMigration",
    "Report",
    "Status",
    "Step",
    "Target",
    "apply",
    "compare",
    "find_copies",
    "make",
    "plan",
    "status",
]
