"""What the rows of plugins must be like when they are enabled: one for each owner, gone and back with it."""

from collections.abc import Iterator

from .catalogue import Catalogue, RecordType, ToOne
from .migrating.marks import Backfill, Upkeep
from .reading.rows import stored
from .storing import DatabaseKind
from .writing.filling import blank

KEPT = ("owner_id", "deleted_at")  # columns of an extension that follow its owner


def derive_backfills(catalogue: Catalogue, kind: DatabaseKind) -> tuple[Backfill, ...]:
    """The rows that all extensions must have."""
    return tuple(
        _backfill(extension, catalogue[extension.owner], kind)
        for extension in catalogue.types.values()
        if extension.owner is not None
    )


def _backfill(extension: RecordType, owner: RecordType, kind: DatabaseKind) -> Backfill:
    columns = tuple(column for column in extension.table_columns if column not in KEPT)
    return Backfill(
        plugin=extension.plugin,
        table=extension.table,
        owner=owner.table,
        columns=columns,
        values=lambda: stored(extension, columns, blank(extension), kind),
    )


def derive_upkeep(catalogue: Catalogue, kind: DatabaseKind) -> tuple[Upkeep, ...]:
    """What the rows of each plugin missed while it was not enabled: owners that were deleted or restored."""
    found: dict[str, list[str]] = {}
    for record in catalogue.types.values():
        if record.plugin != "core":
            found.setdefault(record.plugin, []).extend(_statements(catalogue, record, kind))
    return tuple(Upkeep(plugin=plugin, statements=tuple(statements)) for plugin, statements in found.items())


def _statements(catalogue: Catalogue, record: RecordType, kind: DatabaseKind) -> Iterator[str]:
    differs = "IS NOT" if kind == "sqlite" else "IS DISTINCT FROM"
    if record.owner is not None:
        of = f'FROM "{catalogue[record.owner].table}" o WHERE o.id = "{record.table}".owner_id'
        yield (
            f'UPDATE "{record.table}" SET deleted_at = (SELECT o.deleted_at {of}) '
            f'WHERE EXISTS (SELECT 1 {of} AND o.deleted_at {differs} "{record.table}".deleted_at)'
        )
    for link in record.owners if record.is_record else ():
        if not isinstance(link, ToOne):
            continue
        # what belongs to a record goes with it, by its deletion, so that it comes back with it
        of = f'FROM "{catalogue[link.target].table}" o WHERE o.id = "{record.table}".{link.column}'
        yield (
            f'UPDATE "{record.table}" SET version = version + 1, deleted_at = (SELECT o.deleted_at {of}), '
            f"deletion = (SELECT o.deletion {of}) "
            f"WHERE deleted_at IS NULL AND EXISTS (SELECT 1 {of} AND o.deleted_at IS NOT NULL)"
        )
