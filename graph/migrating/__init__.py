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
from .backfilling import find_lacking
from .comparing import compare
from .copies import find_copies
from .drifting import refuse_drifted
from .enabling import find_differences, read_enabled
from .errors import (
    BackfillFailed,
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
    PluginMissing,
    PluginsDiffer,
    PurgeRefused,
    RecordsDiffer,
)
from .indexes import Index
from .loading import MigrationName
from .making import make
from .marks import Backfill, Difference, PluginMark, RecordedPlugin, Upkeep
from .purging import Purged, Stored, purge, read_stored
from .target import MigrationApp, Target

__all__ = [
    "Action",
    "Backfill",
    "BackfillFailed",
    "BrokenForeignKeys",
    "ChangeRefused",
    "DatabaseIsNewer",
    "DatabaseState",
    "DatabaseUnreachable",
    "Difference",
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
    "PluginMark",
    "PluginMissing",
    "PluginsDiffer",
    "PurgeRefused",
    "Purged",
    "RecordedPlugin",
    "RecordsDiffer",
    "Report",
    "Status",
    "Step",
    "Stored",
    "Target",
    "Upkeep",
    "apply",
    "compare",
    "find_copies",
    "find_differences",
    "find_lacking",
    "make",
    "plan",
    "purge",
    "read_enabled",
    "read_stored",
    "refuse_drifted",
    "status",
]
