"""Comparing a migrated database with the models and declared indexes that it was migrated for.

The models are created in an empty place, and the two catalogues are compared: so each database says in its own words
what a type, a default or a foreign key is.
"""

from collections.abc import Iterator, Mapping
from typing import cast

from .catalogue import Table, read_tables
from .enabling import TABLE as PLUGINS
from .freezing import freeze_models, render_models
from .history import TABLE, read_history
from .reconciling import read_changes
from .sessions import Session, open_scratch, open_session
from .target import Target


async def compare(target: Target) -> list[str]:
    """Say, a sentence each, in what the database differs from the models and indexes; leaves it as it was.

    On PostgreSQL it makes and rolls back a schema of its own, which needs the right to create one. Tables that no
    model has are told only where every recorded app is part of the target: a plugin that was taken out leaves its own.
    """
    async with open_session(target, writable=False) as session:
        recorded = {name.app for name in await read_history(session)}
        changes = await read_changes(session, target)
        present = await read_tables(session)
        wanted = await _read_wanted(session, target)
    differences = [sentence for name in sorted(wanted) for sentence in _compare_table(name, wanted[name], present)]
    if recorded <= {app.label for app in target.apps}:
        differences += [
            f"Table {name} is of no model." for name in sorted(present.keys() - wanted.keys() - {TABLE, PLUGINS})
        ]
    for change in changes:
        if change.index is None:
            differences.append(f"Index {change.name} is not declared.")
        else:
            told = "differs from its declaration" if change.drop else "is missing"
            differences.append(f"Index {change.name} {told}: {change.index.statement}.")
    return differences


async def _read_wanted(session: Session, target: Target) -> dict[str, Table]:
    async with open_scratch(session, target) as scratch:
        for model in render_models(freeze_models(target.apps)):
            await scratch.editor().create_model(model)
        return await read_tables(scratch)


def _compare_table(name: str, wanted: Table, tables: Mapping[str, Table]) -> Iterator[str]:
    if (present := tables.get(name)) is None:
        yield f"Table {name} is missing."
        return
    for column, kind in wanted.columns.items():
        found = present.columns.get(column)
        if found is None:
            yield f"Column {name}.{column} is missing."
        elif found != kind:
            yield f"Column {name}.{column} is {found}, not {kind}."
    for column in present.columns.keys() - wanted.columns.keys():
        yield f"Column {name}.{column} is of no model."
    for what, have, want in (
        ("foreign key", present.foreign_keys, wanted.foreign_keys),
        ("unique constraint", present.uniques, wanted.uniques),
        ("check", present.checks, wanted.checks),
    ):
        yield from (f"Table {name} lacks the {what} {_show(item)}." for item in sorted(want - have, key=_show))
        yield from (
            f"Table {name} has the {what} {_show(item)}, of no model." for item in sorted(have - want, key=_show)
        )


def _show(item: object) -> str:
    return f"({', '.join(map(str, cast('tuple[object, ...]', item)))})" if isinstance(item, tuple) else str(item)
