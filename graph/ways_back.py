"""What the list of the rows that refer to a record says of itself where their author gave it no sentence."""

from ..plugins.names import snake


def describe_way_back(rows: str, reference: str, target: str) -> str:
    """A sentence on the list called `rows`, such as assignedTasks: rows whose `reference` is a record of `target`."""
    listed, what, whom = (snake(name).replace("_", " ") for name in (rows, reference, target))
    if what == whom:
        return f"{listed.capitalize()} of this {whom}."
    return f"{listed.capitalize()} whose {what} this {whom} is."
