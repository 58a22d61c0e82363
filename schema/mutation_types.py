"""The root of writing: five mutations for each record, and each of them in bulk."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import strawberry

from ..graph.catalogue import Catalogue, RecordType
from ..graph.identity import article
from ..graph.writing.outcome import Operation
from ..graph.writing.write import LARGEST_BULK
from ..plugins.violations import Severity
from .scalars import PathSegment
from .typebook import Argument, FieldSpec, TypeBook, listed, nullable


@dataclass(frozen=True, kw_only=True)
class MutationField:
    """A field of Mutation: what it does to which record, in bulk or to one.

    `labels` is "apply" or "remove" for the two that put labels on records and take them off.
    """

    operation: Operation
    record: RecordType
    is_bulk: bool
    labels: str | None = None


DONE = {
    Operation.CREATE: "Create",
    Operation.UPDATE: "Update",
    Operation.UPSERT: "Update, or create where there is none,",
    Operation.DELETE: "Delete",
    Operation.RESTORE: "Restore",
}


def add_violations(book: TypeBook) -> None:
    """Add the type of what every mutation may find wrong."""
    book.enum(Severity)
    book.output(
        "Violation",
        "One thing wrong with one value of an input.",
        [
            FieldSpec(name="code", type=str, description="What is wrong, for programs: it never changes."),
            FieldSpec(name="message", type=str, description="What is wrong and what to do, for people."),
            FieldSpec(name="path", type=listed(PathSegment), description="The way to the value, from the argument on."),
            FieldSpec(name="severity", type=book.get("Severity"), description="Whether the write was refused for it."),
            FieldSpec(name="reference", type=nullable(str), description="Where the rule comes from."),
            FieldSpec(name="plugin", type=str, description="The plugin whose rule it is, or core."),
        ],
    )


def add_mutation(book: TypeBook, catalogue: Catalogue, others: Sequence[FieldSpec] = ()) -> dict[str, MutationField]:
    """Add the type Mutation, with other fields beside those of records; returns what each of these does."""
    fields: dict[str, MutationField] = {}
    specs: list[FieldSpec] = [*others]
    for record in catalogue.records():
        _add_payloads(book, record)
        for operation in Operation:
            for is_bulk in (False, True):
                verb = operation.value.lower()
                name = verb + (record.plural[0].upper() + record.plural[1:] if is_bulk else record.name)
                fields[name] = MutationField(operation=operation, record=record, is_bulk=is_bulk)
                what = f"up to {LARGEST_BULK:,} records" if is_bulk else "a record"
                specs.append(
                    FieldSpec(
                        name=name,
                        type=nullable(book.reference(f"{record.name}{'Bulk' if is_bulk else ''}Payload")),
                        description=f"{DONE[operation]} {what} of type {record.name}.",
                        arguments=tuple(_arguments(book, record, operation, is_bulk=is_bulk)),
                    )
                )
    for labels, what in (("apply", "Put labels on records"), ("remove", "Take labels off records")):
        name = f"{labels}Labels"
        fields[name] = MutationField(operation=Operation.UPDATE, record=catalogue["Label"], is_bulk=True, labels=labels)
        specs.append(_label_field(book, name, what))
    book.output(
        "Mutation", "What can be written. Each field is one unit of work: all of it happens, or nothing.", specs
    )
    return fields


def _add_payloads(book: TypeBook, record: RecordType) -> None:
    violations = FieldSpec(
        name="violations",
        type=listed(book.reference("Violation")),
        description="Everything wrong with the input, or only warnings if it was written.",
    )
    id_ = FieldSpec(
        name="recordId", type=nullable(strawberry.ID), description="Id of the record; null in a dry run or if refused."
    )
    record_field = FieldSpec(
        name=record.singular,
        type=nullable(book.reference(record.name)),
        description="The record as it is now; in a dry run, as it would be.",
    )
    book.output(
        f"{record.name}Payload", f"What came of writing {article(record.name)}.", [id_, record_field, violations]
    )
    index = FieldSpec(name="index", type=int, description="Which input it is, counted from 0.")
    book.output(f"{record.name}BulkResult", "What came of one input of a bulk.", [index, id_, record_field, violations])
    book.output(
        f"{record.name}BulkPayload",
        f"What came of writing {record.name} records in bulk.",
        [
            FieldSpec(
                name="results",
                type=listed(book.reference(f"{record.name}BulkResult")),
                description="One for each input, in order.",
            ),
            FieldSpec(name="written", type=int, description="How many inputs were written."),
            FieldSpec(name="refused", type=int, description="How many inputs were refused."),
            violations,
        ],
    )


def _label_field(book: TypeBook, name: str, what: str) -> FieldSpec:
    """A mutation for labels, whose records are all of one type."""
    if "LabelsPayload" not in book:
        bulk = "How many records were"
        book.output(
            "LabelsPayload",
            "What came of putting labels on records or taking them off.",
            [
                FieldSpec(name="written", type=int, description=f"{bulk} written."),
                FieldSpec(name="refused", type=int, description=f"{bulk} refused."),
                FieldSpec(
                    name="violations",
                    type=listed(book.reference("Violation")),
                    description="Everything wrong with the input, or only warnings if it was written.",
                ),
            ],
        )
    return FieldSpec(
        name=name,
        type=nullable(book.reference("LabelsPayload")),
        description=f"{what}: up to {LARGEST_BULK:,} of them, all of one type. What is as wanted already stays.",
        arguments=(
            Argument(name="ids", type=listed(strawberry.ID), description="The records, all of one type."),
            Argument(name="labelIds", type=listed(strawberry.ID), description="The labels, made for that type."),
            *_bulk_arguments(),
        ),
    )


def _arguments(book: TypeBook, record: RecordType, operation: Operation, *, is_bulk: bool) -> Iterator[Argument]:
    if operation in {Operation.DELETE, Operation.RESTORE}:
        if is_bulk:
            yield Argument(
                name="ids", type=nullable(listed(strawberry.ID)), description=f"The records, {LARGEST_BULK:,} at most."
            )
            if operation is Operation.DELETE:
                yield Argument(
                    name="filter",
                    type=nullable(book.reference(f"{record.name}Filter")),
                    description="The records, instead of ids; a filter that constrains nothing is refused.",
                )
        else:
            yield Argument(name="id", type=strawberry.ID, description="The record.")
            yield Argument(name="expectedVersion", type=nullable(int), description="The version you have read.")
    else:
        type_ = book.reference(f"{operation.value.capitalize()}{record.name}Input")
        if is_bulk:
            yield Argument(name="inputs", type=listed(type_), description=f"The records, {LARGEST_BULK:,} at most.")
        else:
            yield Argument(name="input", type=type_, description="The record.")
    yield from _bulk_arguments() if is_bulk else write_arguments()


def _bulk_arguments() -> Iterator[Argument]:
    yield Argument(
        name="atomic",
        type=bool,
        default=True,
        description="True writes all or nothing; false writes what can be written and reports the rest.",
    )
    yield from write_arguments()


def write_arguments() -> Iterator[Argument]:
    """The arguments that every mutation has."""
    yield Argument(
        name="dryRun", type=bool, default=False, description="True checks everything and answers, but writes nothing."
    )
    yield Argument(
        name="idempotencyKey",
        type=nullable(str),
        description="A key of your own: a repeated request with it within 24 hours gets the first outcome.",
    )
