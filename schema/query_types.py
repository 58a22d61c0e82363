"""The root of reading: one field for each record by id or key, one for each list, `node` and `nodes`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import strawberry

from ..graph.catalogue import Catalogue, Column, Kind, RecordType, UniqueKey
from ..graph.reading.compiler import MOST_IDS
from ..plugins.names import camel, pascal
from .output_types import SCALARS, page_arguments
from .typebook import Argument, FieldSpec, TypeBook, listed, nullable


@dataclass(frozen=True, kw_only=True)
class RootField:
    """A field of Query: how it reads, and which record."""

    how: str  # "one", "list", "node" or "nodes"
    record: RecordType | None = None

    @property
    def of(self) -> RecordType:
        """The record that "one" and "list" read."""
        if self.record is None:
            raise TypeError(self.how)
        return self.record


def public_uniques(record: RecordType) -> Iterator[UniqueKey]:
    """The unique keys that a caller can state: of visible columns that may be searched, over all live rows."""
    for key in record.uniques:
        columns = [record.columns.get(name) for name in key.fields]
        if key.where is None and all(column and _is_found(column) for column in columns):
            yield key


def _is_found(column: Column) -> bool:
    return column.policy.searchable and not column.policy.hidden


def has_external_ids(record: RecordType) -> bool:
    """Whether other systems' ids can be kept for the record."""
    return "externalIds" in record.members


def key_name(key: UniqueKey) -> str:
    """What a unique key is called in a key input: its field, or its fields joined."""
    return camel(key.fields[0]) if len(key.fields) == 1 else camel("_and_".join(key.fields))


def add_keys(book: TypeBook, record: RecordType) -> None:
    """Add the input that states one of a record's keys."""
    specs = [FieldSpec(name="id", type=nullable(strawberry.ID), description="The record's own id.")]
    if has_external_ids(record):
        if "ExternalIdentifier" not in book:
            book.input(
                "ExternalIdentifier",
                "What another system calls a record.",
                [
                    FieldSpec(name="system", type=str, description="Name of the other system."),
                    FieldSpec(name="value", type=str, description="The id there."),
                ],
            )
        reference = nullable(book.reference("ExternalIdentifier"))
        specs.append(FieldSpec(name="externalId", type=reference, description="What another system calls it."))
    for key in public_uniques(record):
        columns = [record.columns[name] for name in key.fields]
        parts = [
            FieldSpec(
                name=column.api,
                type=book.enum(column.enum) if column.kind is Kind.ENUM and column.enum else SCALARS[column.kind],
                description=column.description,
            )
            for column in columns
        ]
        if len(parts) == 1:
            only = parts[0]
            specs.append(FieldSpec(name=only.name, type=nullable(only.type), description=only.description))
            continue
        name = f"{record.name}{pascal('_and_'.join(key.fields))}"
        book.input(name, f"A key of {record.name} records.", parts)
        spelled = " and ".join(column.api for column in columns)
        specs.append(
            FieldSpec(name=key_name(key), type=nullable(book.reference(name)), description=f"Its {spelled} together.")
        )
    book.input(f"{record.name}Key", f"One of the keys by which {record.name} records are known.", specs, one_of=True)


def add_query(book: TypeBook, catalogue: Catalogue, others: Sequence[FieldSpec] = ()) -> dict[str, RootField]:
    """Add the type Query, with other fields beside those of records; returns how each of these reads."""
    node = book.get("Node")
    ids = listed(strawberry.ID)
    roots = {"node": RootField(how="node"), "nodes": RootField(how="nodes")}
    specs = [
        *others,
        FieldSpec(
            name="node",
            type=nullable(node),
            description="Any record by its id; null where there is none.",
            arguments=(Argument(name="id", type=strawberry.ID, description="The record's id."),),
        ),
        FieldSpec(
            name="nodes",
            type=nullable(list[nullable(node)]),
            description="Any records by their ids, in that order, with null where there is none.",
            arguments=(Argument(name="ids", type=ids, description=f"The records' ids, {MOST_IDS} at most."),),
        ),
    ]
    for record in catalogue.records():
        add_keys(book, record)
        roots[record.singular] = RootField(how="one", record=record)
        roots[record.plural] = RootField(how="list", record=record)
        key = nullable(book.reference(f"{record.name}Key"))
        specs.append(
            FieldSpec(
                name=record.singular,
                type=nullable(book.reference(record.name)),
                description=f"One record of type {record.name}, by its id or another key; null where there is none.",
                arguments=(
                    Argument(name="id", type=nullable(strawberry.ID), description="The record's id."),
                    Argument(name="by", type=key, description="Any key of the record, instead of id."),
                ),
            )
        )
        specs.append(
            FieldSpec(
                name=record.plural,
                type=nullable(book.reference(f"{record.name}Connection")),
                description=f"A page of {record.name} records.",
                arguments=tuple(page_arguments(book, record, None)),
            )
        )
    book.output("Query", "What can be read.", specs)
    return roots
