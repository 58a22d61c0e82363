"""Checks of a plugin at work: its hooks fail at nothing, keep within their time, and never hold the event loop."""

import logging
from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb
from typing import Any, cast

from ...graph.catalogue import RecordType
from ...plugins.calling import BUDGET_SECONDS
from ...plugins.keywords import plugin_modules
from ...plugins.plugin import Plugin
from ...schema.asking import select
from ..testing.host import Host
from .blocking import LONGEST, Watch
from .reading import MANY, nodes_of, own_records
from .rows import made_input

FAILURES = logging.getLogger("accord.plugins")
UNBOUNDED = frozenset({"startup", "shutdown", "after_commit"})  # hooks that may take their time


async def find_faults(host: Host, kind: type[Plugin]) -> AsyncIterator[str]:
    """What hooks do wrong while records are read and changed in every way."""
    files = [Path(module.__file__ or "") for module in plugin_modules(kind)]
    watch, hooks, heard = Watch(files), host.accord.hooks, _Heard(files)
    with watch.watching(), heard.listening():
        async for text in _work(host, kind.name):
            yield text
        await hooks.health()
        await host.outbox.drain()
    for place, seconds in sorted(watch.held.items()):
        yield f"{place} held the event loop for {seconds * 1000:.0f} ms; {LONGEST * 1000:.0f} ms are allowed"
    for timing in hooks.timings():
        if timing.plugin != kind.name:
            continue
        if timing.failures:
            said = heard.said.get((kind.name, timing.hook), "")
            yield f"the hook {timing.hook} failed in {timing.failures} of {timing.calls} calls{said}"
        slowest = timing.percentile(1.0)
        if timing.hook not in UNBOUNDED and slowest > BUDGET_SECONDS:
            yield f"the hook {timing.hook} took {slowest:.2f} s; its budget is {BUDGET_SECONDS:g} s"


class _Heard(logging.Handler):
    """Hears what hooks fail with, which the log of a server does not repeat."""

    def __init__(self, files: Sequence[Path]) -> None:
        super().__init__(logging.ERROR)
        self.files = files
        self.said: dict[tuple[str, str], str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the first failure of each hook: its words, and where in the plugin's code it was."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None or not isinstance(record.args, tuple) or len(record.args) != 3:
            return
        frames = [one for one in extract_tb(error.__traceback__) if Path(one.filename) in self.files]
        place = "".join(f", {Path(one.filename).name}, line {one.lineno}" for one in frames[-1:])
        words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        _, plugin, hook = record.args
        self.said.setdefault((str(plugin), str(hook)), f": {words}{place}")

    @contextmanager
    def listening(self) -> Generator[None]:
        """Listen in the block, in place of all others."""
        level, was_passed_on = FAILURES.level, FAILURES.propagate
        FAILURES.setLevel(logging.ERROR)
        FAILURES.propagate = False
        FAILURES.addHandler(self)
        try:
            yield
        finally:
            FAILURES.removeHandler(self)
            FAILURES.setLevel(level)
            FAILURES.propagate = was_passed_on


async def _work(host: Host, plugin: str) -> AsyncIterator[str]:
    """Read and change the owners of the plugin's extensions and its own records; tells what could not be tried.

    Refused writes are work, too.
    """
    records = own_records(host, plugin)
    names = {"Account", "Contact", "Address", *(record.owner or record.name for record in records)}
    for name in sorted(names):
        record = host.accord.catalogue[name]
        if not record.is_root:
            continue
        for gql in (host.gql, host.as_actor()):
            own = " ".join(
                f"{one.namespace} {select(host.accord.schema.core, one.name)}" for one in records if one.owner == name
            )
            await gql.answer(f"{{ {record.plural}(first: 5) {{ nodes {{ id {own} }} }} }}")
        async for text in _change(host, record, records):
            yield text


async def _change(host: Host, record: RecordType, records: Sequence[RecordType]) -> AsyncIterator[str]:
    """Create, update, delete and restore a record, also with values for all that the plugin adds to it."""
    types = cast(Mapping[str, Any], host.accord.schema.core.type_map)
    mutation: Any = host.accord.schema.core.mutation_type
    name, gql = record.name, host.gql
    ids = {other: await _first(host, catalogued) for other, catalogued in host.accord.catalogue.types.items()}
    inputs: list[dict[str, Any]] = []
    if f"create{name}" in mutation.fields:
        make = host.make(name)
        if make.defaults:
            added = {
                str(one.namespace): made_input(one, types[f"{one.name}Input"].fields, ids)
                for one in records
                if one.owner == name and f"{one.name}Input" in types
            }
            inputs += [make.made_up(), make.made_up() | added]
        else:
            inputs.append(made_input(record, types[f"Create{name}Input"].fields, ids))
    for given in inputs:
        document = f"mutation ($i: Create{name}Input!) {{ create{name}(input: $i) {{ recordId }} }}"
        answer = await gql.answer(document, i=given)
        codes = {error.get("extensions", {}).get("code"): error["message"] for error in answer.get("errors", ())}
        for code, message in codes.items():
            if code != "PLUGIN_FAILED":  # which is told with its hook
                yield f"create{name} could not be tried with made-up values: {message}"
    nodes = nodes_of(await gql.answer(f"{{ {record.plural}(first: 2) {{ nodes {{ id }} }} }}"), record)
    if not nodes:
        yield f"{record.plural} shows no row that could be changed, though {MANY} were made"
    for node in nodes:
        for verb, argument in (("update", "input: {id: $id}"), ("delete", "id: $id"), ("restore", "id: $id")):
            if f"{verb}{name}" in mutation.fields:
                document = f"mutation ($id: ID!) {{ {verb}{name}({argument}) {{ recordId }} }}"
                await gql.answer(document, id=node["id"])


async def _first(host: Host, record: RecordType) -> str | None:
    """The id of a record of this type, if there is one."""
    if not record.is_root:
        return None
    nodes = nodes_of(await host.gql.answer(f"{{ {record.plural}(first: 1) {{ nodes {{ id }} }} }}"), record)
    return nodes[0]["id"] if nodes else None
