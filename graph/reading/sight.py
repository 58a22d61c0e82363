"""Sight: what one caller may read, by which every statement is compiled: masked fields, and rows that are there."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...plugins.masks import NOTHING, Mask
from ..catalogue import Catalogue, Column, ComputedField, RecordType, ToAny, ToMany, ToOne
from ..errors import Forbidden
from ..sources import sources_of

Hideable = Column | ToOne | ToAny | ComputedField


@dataclass(frozen=True, kw_only=True)
class Narrowed:
    """What plugins take away of a record type: rows that don't match every filter of `where`, and `hidden` fields.

    The values in `where` are Refs. Equal `shape`s make equal statements. With `nothing`, no row is there at all.
    """

    where: tuple[Mapping[str, Any], ...] = ()
    hidden: frozenset[str] = frozenset()
    nothing: bool = False
    shape: Any = None


UNASKED = Narrowed(nothing=True)  # a type whose rows plugins may hide, and were not asked about yet


@dataclass(kw_only=True, eq=False)
class Sight:
    """What one caller may read.

    `permissions` are those held of the ones that fields ask for, None being all. Where plugins narrow (`is_asking`),
    `narrowed` holds what they said of each record type they were asked about, and a type that a statement meets without
    that is noted in `unasked`: none of its rows are there, and the statement is compiled anew when `asks` has asked
    about it. With `is_noting`, statements say of which rows they hold classified values.
    """

    permissions: frozenset[str] | None = frozenset()
    is_asking: bool = False
    is_noting: bool = False
    narrowed: dict[str, Narrowed] = field(default_factory=dict[str, Narrowed])
    values: dict[str, Any] = field(default_factory=dict[str, Any])  # what the Refs in the filters stand for
    unasked: set[str] = field(default_factory=set[str])
    asks: "Callable[[Iterable[str]], Awaitable[bool]] | None" = None

    async def settle(self, names: Iterable[str] = ()) -> bool:
        """Ask the plugins about these types and those met since; whether there were any.

        Raises PluginFailed where one can't say.
        """
        return self.asks is not None and await self.asks(names)

    def narrowing(self, record: RecordType) -> Narrowed | None:
        """What plugins take away of a record type, if anything."""
        if not self.is_asking:
            return None
        name = record.owner or record.name
        if name not in self.narrowed:
            self.unasked.add(name)
            return UNASKED
        return self.narrowed.get(record.name)

    def holds(self, permission: str | None) -> bool:
        """Whether the caller holds a permission that a field asks for."""
        return permission is None or self.permissions is None or permission in self.permissions

    def is_masked(self, record: RecordType, member: Hideable) -> bool:
        """Whether a field comes back masked; one that is worked out from others does where one of them does."""
        if isinstance(member, ComputedField):
            masked = any(self.is_masked(record, record.columns[need]) for need in member.computed.needs)
        else:
            masked = not self.holds(member.policy.read)
            if member.policy.derived and not masked:
                sources = sources_of(record, member).values()
                masked = any(self.is_masked(record, source) for source in sources if source is not None)
        if masked or not self.is_asking:
            return masked
        narrowed = self.narrowing(record)
        return narrowed is not None and member.name in narrowed.hidden

    def masked(self, record: RecordType, columns: Iterable[str]) -> frozenset[str]:
        """Those of the stored columns, the ids of references among them, whose fields come back masked."""
        links = {link.column: link for link in record.references}
        members = {name: record.columns.get(name) or links.get(name) for name in columns}
        return frozenset(name for name, one in members.items() if one is not None and self.is_masked(record, one))

    def check(self, record: RecordType, member: Hideable, where: str, use: str) -> None:
        """Raises Forbidden where the caller may not `use` a field, because whoever uses it learns what it holds."""
        if not self.is_masked(record, member):
            return
        name = f"{record.namespace}.{member.api}" if record.namespace else member.api
        read = self._missing(member)
        details = {"argument": where, "field": name} | ({} if read is None else {"permission": read})
        raise Forbidden(
            "FORBIDDEN_FIELD",
            f"{where}: {record.owner or record.name} records can't be {use} by {name}: {self.why_masked(member)}. "
            "Leave it out.",
            **details,
        )

    def why_masked(self, member: Hideable) -> str:
        """Why the caller may not read a field that is masked."""
        read = self._missing(member)
        return "it is hidden from you" if read is None else f"that takes the permission {read}"

    def _missing(self, member: Hideable) -> str | None:
        """The permission that it takes to read a field, where the caller does not hold it."""
        read = None if isinstance(member, ComputedField) else member.policy.read
        return None if self.holds(read) else read

    def check_way(self, catalogue: Catalogue, member: ToMany, where: str) -> None:
        """Raises Forbidden where the caller may not know what a list's rows point at."""
        for record, link in (*ways(catalogue, member), *_closed(catalogue, member)):
            self.check(record, link, where, "filtered")

    def is_way_masked(self, catalogue: Catalogue, member: ToMany) -> bool:
        """Whether the caller may not know what a list's rows point at."""
        found = (*ways(catalogue, member), *_closed(catalogue, member))
        return any(self.is_masked(record, link) for record, link in found)


def ways(catalogue: Catalogue, member: ToMany) -> Iterable[tuple[RecordType, ToOne | ToAny]]:
    """The references by which a list's rows are found."""
    record = catalogue[member.link or member.target]
    columns = {member.foreign, member.link_target}
    return [(record, link) for link in record.references if link.column in columns]


def _closed(catalogue: Catalogue, member: ToMany) -> Iterable[tuple[RecordType, ToOne]]:
    """The reference whose closure leads to a list's rows."""
    closes = None if member.link is None else catalogue[member.link].closes
    return [] if closes is None else [(catalogue[closes[0]], catalogue[closes[0]].to_ones[closes[1]])]


def mask_of(member: Column) -> Mask:
    """What stands in the place of a masked column."""
    return member.policy.mask if member.policy.read is not None else NOTHING


def is_shown_nullable(column: Column) -> bool:
    """Whether the API may show a column as null, which it does where the caller may not read it."""
    return column.nullable or column.policy.read is not None


def permissions_of(catalogue: Catalogue) -> frozenset[str]:
    """The permissions that fields ask for."""
    found: set[str] = set()
    for record in catalogue.types.values():
        members: list[Column | ToOne | ToAny] = [*record.columns.values(), *record.references]
        found.update(member.policy.read for member in members if member.policy.read is not None)
    return frozenset(found)


def is_classified(catalogue: Catalogue) -> bool:
    """Whether any field holds classified data."""
    return any(
        member.policy.classified is not None
        for record in catalogue.types.values()
        for member in (*record.columns.values(), *record.references)
    )


NOBODY = Sight()  # reads what is open to all
EVERYTHING = Sight(permissions=None)  # what Accord itself reads, and shows nobody as it is
