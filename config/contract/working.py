"""Checks of a plugin at work: its hooks fail at nothing, keep within their time, and never hold the event loop."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from ...plugins.calling import BUDGET_SECONDS
from ...plugins.keywords import plugin_modules
from ...plugins.plugin import Plugin
from ...schema.asking import select
from ..testing.host import Gql, Host
from .blocking import LONGEST, Watch
from .reading import own_records

UNBOUNDED = frozenset({"startup", "shutdown", "after_commit"})  # hooks that may take their time


async def find_faults(host: Host, kind: type[Plugin]) -> AsyncIterator[str]:
    """What hooks do wrong while records are read and changed in every way."""
    files = [Path(module.__file__ or "") for module in plugin_modules(kind)]
    watch, hooks = Watch(files), host.accord.hooks
    with watch.watching():
        await _work(host, kind.name)
        await hooks.health()
        await host.outbox.drain()
    for place, seconds in sorted(watch.held.items()):
        yield f"{place} held the event loop for {seconds * 1000:.0f} ms; {LONGEST * 1000:.0f} ms are allowed"
    for timing in hooks.timings():
        if timing.plugin != kind.name:
            continue
        if timing.failures:
            yield f"the hook {timing.hook} failed in {timing.failures} of {timing.calls} calls; the log says how"
        slowest = timing.percentile(1.0)
        if timing.hook not in UNBOUNDED and slowest > BUDGET_SECONDS:
            yield f"the hook {timing.hook} took {slowest:.2f} s; its budget is {BUDGET_SECONDS:g} s"


async def _work(host: Host, plugin: str) -> None:
    """Read and change the owners of the plugin's extensions and its own records. Refused writes are work, too."""
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
        await _change(host.gql, host, name)


async def _change(gql: Gql, host: Host, name: str) -> None:
    """Create, update, delete and restore a record."""
    mutation: Any = host.accord.schema.core.mutation_type
    record = host.accord.catalogue[name]
    make = host.make(name)
    if make.defaults:
        document = f"mutation ($i: Create{name}Input!) {{ create{name}(input: $i) {{ recordId }} }}"
        await gql.answer(document, i=make.made_up())
    data: Any = (await gql.answer(f"{{ {record.plural}(first: 2) {{ nodes {{ id }} }} }}")).get("data")
    nodes: list[Any] = data[record.plural]["nodes"] if data and data.get(record.plural) else []
    for node in nodes:
        for verb, argument in (("update", "input: {id: $id}"), ("delete", "id: $id"), ("restore", "id: $id")):
            if f"{verb}{name}" in mutation.fields:
                document = f"mutation ($id: ID!) {{ {verb}{name}({argument}) {{ recordId }} }}"
                await gql.answer(document, id=node["id"])
