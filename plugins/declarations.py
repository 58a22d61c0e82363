"""What a record says beside its Tortoise fields: policies, groups, connections through a link, computed fields."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .masks import NOTHING, Mask

Compute = Callable[[Sequence[Mapping[str, Any]]], Sequence[Any] | Awaitable[Sequence[Any]]]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How one field may be used. A field without a policy is written by inputs and read by everybody.

    unique      no two live rows hold the same value
    read_only   set by Accord, never by an input
    create_only set when the record is created and never changed after
    hidden      stored, but no part of the API
    filterable  may be filtered by although no index serves it (lists that are read per owner)
    owner       (foreign keys) the row belongs to that record: nested in its input, deleted and restored with it
    orphans     (foreign keys) when the last live row that points to the record goes, the record goes with it
    way_back    (references) what the record that it leads to says of the list of these rows: 'Tasks that the actor is
                to do.'; without it a sentence is made of the names

    Who may read it. A field with `read` comes back masked to callers without that permission, who may not filter, sort,
    group or aggregate by it either, nor write it where it is unique.

    classified  the class of data that it holds, such as PHI or PII; needs `read`
    read        name of the permission to read it
    mask        what others see: NOTHING (null), last(4), fixed("hidden")
    derived     names of the record's fields that this one is worked out from: it comes masked where one of them does
    searchable  false keeps it out of every filter, also for those who may read it
    encrypted   not yet: a plugin that asks for it is refused, and nothing is stored in the clear instead
    """

    unique: bool = False
    read_only: bool = False
    create_only: bool = False
    hidden: bool = False
    filterable: bool = False
    owner: bool = False
    orphans: bool = False
    way_back: str | None = None
    classified: str | None = None
    read: str | None = None
    mask: Mask = NOTHING
    derived: tuple[str, ...] = ()
    searchable: bool = True
    encrypted: bool = False


@dataclass(frozen=True, kw_only=True)
class Unique:
    """Live rows differ in these fields taken together; `where` names a boolean field that narrows it to true rows."""

    fields: tuple[str, ...]
    where: str | None = None


@dataclass(frozen=True, kw_only=True)
class Group:
    """Several columns that the API shows as one object; `whole` also lets it be compared and replaced as one value."""

    type_name: str
    members: Mapping[str, str]
    description: str
    whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Through:
    """A connection to `target` through the rows of `link`, whose foreign keys are named `owner` and `target`.

    With `nested`, the target records may stand in the input of the owner. Where the owner's field `stored_filter` holds
    a filter, the records that it matches take the place of the linked ones.
    """

    link: str
    owner: str
    target: str
    description: str
    nested: bool = True
    stored_filter: str | None = None


@dataclass(frozen=True, kw_only=True)
class Computed:
    """A field that Python works out from stored columns, called once for all rows of an answer.

    `type` is str, int, float, bool or a list of one of them; every computed field may be null.
    `by` takes one mapping of `needs` to values for each row and returns one value for each, in the same order; it may
    be async.
    """

    type: Any
    needs: tuple[str, ...]
    by: Compute
    description: str


def unique(*fields: str, where: str | None = None) -> Unique:
    """Declare that live rows differ in `fields` taken together."""
    return Unique(fields=fields, where=where)


def group(type_name: str, description: str, *, whole: bool = False, **members: str) -> Group:
    """Declare an object of several fields: member name = field name."""
    return Group(type_name=type_name, description=description, whole=whole, members=members)


def through(
    link: str, *, owner: str, target: str, description: str, nested: bool = True, stored_filter: str | None = None
) -> Through:
    """Declare a connection through the record called `link`."""
    return Through(
        link=link, owner=owner, target=target, description=description, nested=nested, stored_filter=stored_filter
    )


def computed(
    type_: Any,
    *,
    needs: Sequence[str],
    by: Compute,
    description: str,
) -> Computed:
    """Declare a field that Python works out from the stored columns in `needs`, once for all rows of an answer.

    `type_` is str, int, float, bool or a list of one of them; every computed field may be null. `by` takes one mapping
    of `needs` to values for each row, and returns one value for each, in the same order; it may be async.
    """
    return Computed(type=type_, needs=tuple(needs), by=by, description=description)
