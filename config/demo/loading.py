"""Loading the demo: bulk creates through the same write path as everything else, all in one transaction."""

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from ...graph.bootstrap import SYSTEM_ACTOR, is_untouched
from ...graph.databases.database import Database, Transaction
from ...graph.identity import global_id
from ...graph.writing.outcome import Operation, WriteRequest
from ...graph.writing.write import Writer
from ...plugins.violations import Severity, Violation
from .inputs import Input, Inputs
from .sheets import DATA, DemoInvalid, Row, by_level, read_sheet

SHEETS = (
    "actors",
    "naming_rules",
    "labels",
    "addresses",
    "accounts",
    "contacts",
    "employments",
    "phones",
    "emails",
    "address_links",
    "groups",
    "tasks",
    "notes",
)
# Sheets of plugins, which are loaded where the plugin is enabled: columns of accounts and contacts, and own records.
PLUGINS: Mapping[str, Mapping[str, str]] = {
    "healthcare": {"accounts": "Account", "contacts": "Contact"},
    "finance": {
        "accounts": "Account",
        "contacts": "Contact",
        "beneficial_owners": "FinanceBeneficialOwner",
        "identifiers": "FinanceIdentifier",
    },
}
EXTENDED = frozenset({"Account", "Contact"})
Progress = Callable[[str, int, int], None]


async def load_demo(writer: Writer, *, folder: Path = DATA, progress: Progress) -> Mapping[str, int] | None:
    """Write the demo as one transaction; returns how many rows each sheet had.

    Returns None, having written nothing, where anything was ever written before. `progress` hears what is being
    written, how many rows are done, and of how many. Raises DemoInvalid.
    """
    sheets = {name: read_sheet(folder, name) for name in SHEETS}
    extras = _read_extras(writer, folder)
    own = [
        (record, sheet, rows)
        for name, several in extras.items()
        for sheet, rows in several.items()
        if (record := PLUGINS[name][sheet]) not in EXTENDED
    ]
    total = sum(map(len, (*sheets.values(), *(rows for _, _, rows in own))))
    async with writer.database.transaction() as transaction:
        await transaction.lock("demo")
        if not await is_untouched(transaction, writer.database.dialect, writer.catalogue):
            return None
        within = replace(writer, database=_Within(writer.database, transaction))
        inputs = Inputs(sheets, writer.now().date(), extras)
        done = 0
        bulks = _bulks(inputs, sheets)
        of_plugins = ((record, sheet, map(inputs.extra, rows)) for record, sheet, rows in own)
        for record, sheet, made in chain(bulks, of_plugins):
            progress(sheet.replace("_", " "), done, total)
            bulk = list(made)
            ids = await _create(within, record, bulk)
            known = inputs.ids.setdefault(sheet, {})
            known |= {one.row["key"]: id_ for one, id_ in zip(bulk, ids, strict=True) if "key" in one.row.cells}
            done += sum(len(one.nested) + (sheet != "sources") for one in bulk)
        await transaction.execute("analyze")  # or the database plans for empty tables, until it finds the time itself
        progress("", total, total)
    return {name: len(rows) for name, rows in sheets.items()}


def _read_extras(writer: Writer, folder: Path) -> dict[str, dict[str, list[Row]]]:
    """The sheets of the enabled plugins that have some, by plugin and sheet."""
    enabled = {record.plugin for record in writer.catalogue.types.values()}
    return {
        name: {sheet: read_sheet(folder / "plugins" / name, sheet) for sheet in several}
        for name, several in PLUGINS.items()
        if name in enabled
    }


def _bulks(inputs: Inputs, sheets: Mapping[str, Sequence[Row]]) -> Iterator[tuple[str, str, Iterable[Input]]]:
    """The record, the sheet and the inputs of each bulk, so that what is named is written before what names it."""
    yield "Actor", "actors", map(inputs.actor, sheets["actors"])
    yield "NamingRule", "naming_rules", map(inputs.naming_rule, sheets["naming_rules"])
    yield "Label", "labels", map(inputs.label, sheets["labels"])
    yield "Address", "addresses", map(inputs.address, sheets["addresses"])
    for level in by_level(sheets["accounts"], "parent"):
        yield "Account", "accounts", map(inputs.account, level)
    for level in by_level(sheets["contacts"], "reports_to"):
        yield "Contact", "contacts", map(inputs.contact, level)
    yield "AccountSource", "sources", map(inputs.source, sheets["accounts"])
    yield "AddressLink", "address_links", map(inputs.address_link, sheets["address_links"])
    yield "ContactGroup", "groups", map(inputs.group, sheets["groups"])
    yield "Task", "tasks", map(inputs.task, sheets["tasks"])
    yield "Note", "notes", map(inputs.note, sheets["notes"])


async def _create(writer: Writer, record: str, inputs: Sequence[Input]) -> list[str]:
    """Write one bulk; returns the ids as the API shows them, and raises DemoInvalid for every violation at once."""
    request = WriteRequest(
        name="demo",
        record=record,
        operation=Operation.CREATE,
        inputs=[one.value for one in inputs],
        paths=[(number,) for number in range(len(inputs))],
        actor=SYSTEM_ACTOR,
    )
    outcome = await writer.write(request)
    refused = [violation for _, violation in outcome.violations if violation.severity is Severity.ERROR]
    if refused:
        raise DemoInvalid([_said(violation, inputs) for violation in refused])
    return [global_id(writer.catalogue[record], id_) for id_ in outcome.ids if id_ is not None]


def _said(violation: Violation, inputs: Sequence[Input]) -> str:
    number, *path = violation.path
    return f"{inputs[int(number)].place(path)}: {violation.message}"


class _Within:
    """A database whose every transaction is the one that is open already, so that all of them are committed or none."""

    def __init__(self, database: Database, transaction: Transaction) -> None:
        self.kind = database.kind
        self.dialect = database.dialect
        self._transaction = transaction

    async def fetch(self, statement: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        return await self._transaction.fetch(statement, parameters)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        yield self._transaction

    async def close(self) -> None:
        """Left to whoever opened the transaction."""
