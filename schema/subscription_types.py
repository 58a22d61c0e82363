"""The root of listening: committed changes as they happen."""

import strawberry

from ..graph.catalogue import Catalogue
from ..graph.reading.compiler import MOST_IDS
from ..plugins.changes import ChangeKind
from .scalars import DateTime
from .typebook import Argument, FieldSpec, TypeBook, listed, nullable


def add_subscription(book: TypeBook, catalogue: Catalogue) -> None:
    """Add the type Subscription."""
    book.enum(ChangeKind)
    names = [record.name for record in catalogue.records()]
    book.output(
        "Change",
        "A committed change of a record.",
        [
            FieldSpec(name="cursor", type=str, description="Give it as after to go on from here when you come back."),
            FieldSpec(name="kind", type=book.get("ChangeKind"), description="What happened to the record."),
            FieldSpec(name="type", type=str, description="The record's type, such as Account."),
            FieldSpec(name="recordId", type=strawberry.ID, description="The record's id."),
            FieldSpec(name="version", type=int, description="The record's version after the change."),
            FieldSpec(
                name="fields",
                type=listed(str),
                description="The fields that changed, by their names here: those that you may read.",
            ),
            FieldSpec(name="occurredAt", type=DateTime, description="When it happened."),
            FieldSpec(name="actorId", type=strawberry.ID, description="Id of the actor who did it."),
            FieldSpec(
                name="node",
                type=nullable(book.get("Node")),
                description="The record as it is now; null if it is deleted.",
            ),
        ],
    )
    book.output(
        "Subscription",
        "What can be listened to.",
        [
            FieldSpec(
                name="changes",
                type=book.reference("Change"),
                description="Committed changes, in the order in which they became visible. Conditions narrow them.",
                arguments=(
                    Argument(
                        name="types",
                        type=nullable(listed(str)),
                        description=f"Records of these types: {', '.join(names)}.",
                    ),
                    Argument(
                        name="ids",
                        type=nullable(listed(strawberry.ID)),
                        description=f"These records, {MOST_IDS} at most.",
                    ),
                    Argument(
                        name="subtreeOf",
                        type=nullable(strawberry.ID),
                        description="Records of this account and of all accounts below it.",
                    ),
                    Argument(
                        name="after",
                        type=nullable(str),
                        description="Cursor of the last change you have seen: what came since is sent first.",
                    ),
                ),
            )
        ],
    )
