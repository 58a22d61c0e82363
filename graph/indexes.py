"""The indexes that the declarations call for: every filter, order and relation of the API is served by one."""

from collections.abc import Iterator
from zlib import crc32

from .catalogue import Catalogue, RecordType
from .migrating.indexes import LONGEST_NAME, Index

LIVE = "deleted_at is null"


def derive_indexes(catalogue: Catalogue) -> tuple[Index, ...]:
    """All indexes of a catalogue: live rows by each indexed field and foreign key, unique keys, Accord's own tables."""
    found: list[Index] = []
    for record in catalogue.types.values():
        found += _of(record)
    found += [
        Index(name="ix_outbox_event_occurred", table="outbox_event", columns=("occurred_at", "id")),
        Index(name="ix_outbox_event_new", table="outbox_event", columns=("id",), where="position is null"),
        Index(
            name="ix_outbox_event_position",
            table="outbox_event",
            columns=("position",),
            where="position is not null",
        ),
        Index(
            name="ix_outbox_delivery_waiting",
            table="outbox_delivery",
            columns=("consumer", "due_at", "event_id"),
            where="parked_at is null",
        ),
        Index(
            name="ix_outbox_delivery_record",
            table="outbox_delivery",
            columns=("consumer", "record_id", "version", "event_id"),
            where="parked_at is null",
        ),
        Index(name="ix_outbox_delivery_event", table="outbox_delivery", columns=("event_id",)),
        Index(name="ix_idempotency_key_created", table="idempotency_key", columns=("created_at",)),
        Index(
            name="ix_due_work_waiting", table="due_work", columns=("plugin", "due_at", "id"), where="parked_at is null"
        ),
        Index(
            name="uq_due_work_record",
            table="due_work",
            columns=("plugin", "name", "record_id"),
            unique=True,
            where="record_id is not null",
        ),
        Index(name="ix_job_waiting", table="job", columns=("due_at", "id"), where="state in ('QUEUED','RUNNING')"),
    ]
    return tuple(found)


def _of(record: RecordType) -> Iterator[Index]:
    live = LIVE if record.is_record else None
    for column in record.columns.values():
        if column.indexed:
            yield _index(record, (*column.sort_columns, record.key), live)
    for link in record.references:
        if link.column != record.key:
            yield _index(record, (link.column, *record.order, record.key), live)
    for key in record.uniques:
        where = [*([LIVE] if "deleted_at" in record.columns else []), *([key.where] if key.where else [])]
        yield Index(
            name=key.name, table=record.table, columns=key.columns, unique=True, where=" and ".join(where) or None
        )
    if record.is_record:
        yield _index(record, ("id",), live)
        yield _index(record, ("deletion",), "deletion is not null")


def _index(record: RecordType, columns: tuple[str, ...], where: str | None) -> Index:
    name = f"ix_{record.table}__{columns[0]}"  # two underscores, since tables and columns have one
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 9]}_{crc32(name.encode()):08x}"
    return Index(name=name, table=record.table, columns=columns, where=where)
