"""What the operations of plugins claim and can't have: names of others, and records that there are not."""

from collections.abc import Iterator, Mapping, Sequence

from ..graph.catalogue import Catalogue
from ..plugins.names import nearest
from ..plugins.operations import Operation, OperationKind
from ..plugins.shapes import Nature, Shape

ROOTS: Mapping[OperationKind, str] = {  # what a name must be the only one in
    OperationKind.QUERY: "Query",
    OperationKind.MUTATION: "Mutation",
    OperationKind.JOB: "Mutation",
    OperationKind.COMMAND: "command",
}


def find_misplaced(catalogue: Catalogue, operations: Sequence[Operation]) -> Iterator[tuple[Operation, str]]:
    """Operations that would be called as something else is, or speak of no record, each with what to do about it."""
    roots = {name: record for record in catalogue.records() for name in (record.singular, record.plural)}
    claimed: dict[tuple[str, str, str], Operation] = {}
    for one in operations:
        if one.kind is OperationKind.QUERY and one.api in roots:
            record = roots[one.api]
            whose = "" if record.plugin == one.plugin else f" of {record.plugin}"
            yield one, f"its field and that of the record {record.name}{whose} would both be {one.api}; rename it."
        if one.kind in ROOTS:
            root = ROOTS[one.kind]
            owner = one.plugin if root == "command" else ""
            first = claimed.setdefault((root, owner, one.api), one)
            if first is not one:
                other = f"the {first.kind} {first.name}" + ("" if first.plugin == one.plugin else f" of {first.plugin}")
                yield one, f"it and {other} would both be called {one.api}; rename one of them."
        shapes = [part.shape for part in one.arguments] + ([] if one.result is None else [one.result])
        for name in dict.fromkeys(name for shape in shapes for name in _records(shape)):
            known = [record.name for record in catalogue.records()]
            if name not in known:
                near = nearest(name, known)
                advice = f"did you mean {near}?" if near else "if it is one of the plugin's, add it to its models."
                yield one, f"of({name!r}) is no record; {advice}"


def _records(shape: Shape) -> Iterator[str]:
    """The record types that a shape speaks of, at any depth."""
    if shape.nature is Nature.RECORD:
        yield shape.record
    if shape.inner is not None:
        yield from _records(shape.inner)
    for part in shape.parts:
        yield from _records(part.shape)
