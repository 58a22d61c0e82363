"""Errors of the migrate engine.

MigrationError
├── DatabaseUnreachable      the file or the server can't be opened
├── LockTimeout              another process kept the database for too long
├── DatabaseIsNewer          it holds migrations that this code doesn't know
├── MigrationsUnusable       the migrations themselves don't fit together
├── IndexInvalid             a declared index can't be what it says
├── ChangeRefused            `make` would have to guess, or to lose data
├── PluginsDiffer            it was made ready for other plugins than those enabled here
├── RecordsDiffer            a plugin's records were changed, and no migration was made of that
├── PluginMissing            an optional plugin can't be used, and has stored something
├── PurgeRefused             a plugin's tables may not be dropped
├── BackfillFailed           a plugin's rows could not be made; what was made stays
└── MigrationFailed          a statement failed; all was rolled back
    ├── IndexFailed          an index could not be made
    └── BrokenForeignKeys    rows would point at nothing
"""

from collections.abc import Mapping, Sequence

from .marks import Difference


class MigrationError(Exception):
    """Anything that keeps a database from being migrated."""


class DatabaseUnreachable(MigrationError):
    def __init__(self, place: str, cause: Exception, advice: str) -> None:
        super().__init__(f"The database {place} can't be opened: {cause}. {advice}")


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


class PluginsDiffer(MigrationError):
    def __init__(self, place: str, differences: Sequence[Difference], enabled: Sequence[str]) -> None:
        """`enabled` names all plugins that are enabled here."""
        super().__init__(
            f"The database {place} was made ready for other plugins: {'; '.join(map(str, differences))}. "
            f"{_advice([one.plugin for one in differences if one.here is None], enabled)}"
        )
        self.differences = tuple(differences)


def _advice(lacking: Sequence[str], enabled: Sequence[str]) -> str:
    """How the plugins enabled here, and those of the database that are `lacking` among them, come together."""
    if not lacking:
        return "Correct the setting plugins, or take the database to it by `accord migrate apply`."
    them, its = ("it", "its") if len(lacking) == 1 else ("them", "their")
    all_of_them = ",".join(sorted({*enabled, *lacking}))
    return (
        f"Enable {' and '.join(lacking)} here, too (ACCORD_PLUGINS={all_of_them}); or end every server that runs "
        f"with {them}, and take {them} off by `ACCORD_PLUGINS={','.join(enabled)} accord migrate apply`, which "
        f"keeps {its} tables."
    )


class RecordsDiffer(MigrationError):
    def __init__(self, differences: Mapping[str, Sequence[str]]) -> None:
        super().__init__(
            "\n".join(
                f"The records of {plugin} differ from its migrations: {'; '.join(found)}. In the plugin's source, run "
                f"`ACCORD_PLUGINS={plugin} accord migrate make NAME --app {plugin}`."
                for plugin, found in differences.items()
            )
        )


class PluginMissing(MigrationError):
    def __init__(self, place: str, plugin: str, tables: Sequence[str]) -> None:
        super().__init__(
            f"The plugin {plugin} is optional and can't be used, but its tables on {place} hold rows "
            f"({', '.join(tables)}), and its rules must not vanish from them. Correct what keeps it from being used, "
            "or take it out of the setting plugins."
        )


class PurgeRefused(MigrationError):
    """A plugin is in use, or there is nothing of it."""


class BackfillFailed(MigrationError):
    def __init__(self, place: str, subject: str, cause: object) -> None:
        super().__init__(
            f"The rows of {subject} could not be made ready on {place}: {cause}. The plugin is not enabled yet: "
            "correct the cause and run `accord migrate apply` again, which goes on where this ended."
        )


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
