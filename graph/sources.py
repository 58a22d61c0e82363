"""Sources: what fields say that they are worked out from, by which they come masked."""

from collections.abc import Iterator, Mapping

from .catalogue import Column, RecordType, ToAny, ToOne


def sources_of(record: RecordType, member: Column | ToOne | ToAny) -> Mapping[str, Column | ToOne | None]:
    """The fields that one is worked out from, by name; None for a name that no field has."""
    return {name: record.columns.get(name) or record.to_ones.get(name) for name in member.policy.derived}


def find_wrong_sources(types: Mapping[str, RecordType]) -> Iterator[str]:
    """Fields that say they are derived, and can't be masked for that."""
    for record in types.values():
        for member in (*record.columns.values(), *record.references):
            where = f"{record.name}.Policies.{member.name}"
            for name, source in sources_of(record, member).items():
                if source is None:
                    yield f"{where}: there is no field {name!r} that it could be derived from"
                elif source.policy.derived:
                    yield f"{where}: {name} is derived itself; name what that is derived from"
            if member.policy.derived and isinstance(member, Column) and not member.nullable:
                yield f"{where}: what is derived may be null, which it is where what it is derived from may not be read"
