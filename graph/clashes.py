"""What inputs could not tell apart, and how members of records are told to their authors."""

from collections.abc import Iterator, Mapping

from .catalogue import (
    AnyId,
    Column,
    ComputedField,
    ExtensionField,
    GroupField,
    Member,
    RecordType,
    ToAny,
    ToMany,
    ToOne,
)

STAMPED = frozenset({"id", "version", "createdAt", "updatedAt"})  # no input states them


def find_mixed_up(types: Mapping[str, RecordType]) -> Iterator[str]:
    """What one nested input would take for two: it states a record and the link to it side by side."""
    for record in types.values():
        for member in record.members.values():
            if not (isinstance(member, ToMany) and member.link and member.owned and member.nested):
                continue
            link, target = types[member.link], types[member.target]
            for api, stated in link.members.items():
                if isinstance(stated, Column) and api in target.members and api not in STAMPED:
                    yield (
                        f"{record.name}.{member.name}: an input could not tell {told(stated)} of {link.name} from "
                        f"{told(target.members[api])} of {target.name}, both called {api!r}"
                    )


def find_same_names(types: Mapping[str, RecordType]) -> Iterator[str]:
    """Enums and groups that the API would call as it calls something else."""
    known: dict[str, tuple[str, object]] = {name: (f"the record {name}", record) for name, record in types.items()}
    for record in types.values():
        claims: list[tuple[str, str, object]] = []
        for column in record.columns.values():
            if column.enum is not None and not column.policy.hidden:
                claims.append((column.enum.__name__, f"the enum of {record.name}.{column.name}", column.enum))
        for group in record.members.values():
            if isinstance(group, GroupField):
                claims.append((group.type_name, f"the group {record.name}.{group.name}", _shape(group)))
        for name, claim, meant in claims:
            other, also = known.setdefault(name, (claim, meant))
            if also != meant:
                yield f"{claim} and {other} would both be called {name!r}"


def _shape(group: GroupField) -> object:
    """What a group is to the API: two of one shape may share a name."""
    return tuple(
        (api, _shape(one) if isinstance(one, GroupField) else (one.kind, one.enum, one.nullable))
        for api, one in group.members.items()
    )


def told(member: Member) -> str:
    """A member as its author knows it."""
    match member:
        case ExtensionField():
            return f"the extension {member.target}"
        case ToMany():
            return f"the list {member.name} of {member.target} records"
        case GroupField():
            return f"the group {member.name}"
        case ComputedField():
            return f"the computed field {member.name}"
        case Column() | ToOne() | ToAny() | AnyId():
            return f"the field {member.name}"
