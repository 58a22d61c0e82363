# At Tortoise's edge, whose models and fields are typed in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateUsage=false
"""From Tortoise models with their policies to the catalogue; every clash and slip is reported at once."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from tortoise.fields.relational import ForeignKeyFieldInstance

from ..plugins.declarations import Computed, Group, Policy, Through, Unique
from ..plugins.fields import AnyRecord
from ..plugins.names import camel, snake
from ..plugins.records import ANY_ID, ANY_TYPE, CURRENCY, FOLDED, Extension, Record
from .catalogue import (
    ABSENT,
    AnyId,
    Catalogue,
    Column,
    ComputedField,
    ExtensionField,
    GroupField,
    Kind,
    Member,
    RecordType,
    ToAny,
    ToMany,
    ToOne,
    UniqueKey,
)
from .clashes import find_mixed_up, find_same_names, told
from .computing import find_miscomputed
from .kinds import instead_of, kind_of
from .slips import RESERVED_NAMES, find_shared, find_slips
from .sources import find_wrong_sources
from .ways_back import describe_way_back

LONGEST_INDEXED = 400  # characters; an index row of PostgreSQL holds some 2,700 bytes


class DeclarationError(Exception):
    """Records are declared wrongly; the message lists every problem found."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("the records can't be used:\n" + "\n".join(f"- {problem}" for problem in problems))
        self.problems = tuple(problems)


def declare(models: Iterable[type[Any]], plugins: Mapping[type[Any], str] | None = None) -> Catalogue:
    """Derive the catalogue of all `models`, core's and plugins' alike; `plugins` says whose a model is, if not core's.

    Raises DeclarationError naming every unknown field type, missing description, clash of names or prefixes, and slip.
    """
    models = tuple(models)
    problems = [*find_shared(models), *(slip for model in models for slip in find_slips(model))]
    drafts = {model.__name__: _Draft(model, problems) for model in models}
    for draft in drafts.values():
        draft.connect(drafts)
    subjects = _find_subjects(drafts)
    for draft in drafts.values():
        draft.connect_any(subjects)
    types = {name: draft.finish((plugins or {}).get(draft.model, "core")) for name, draft in drafts.items()}
    prefixes: dict[str, RecordType] = {}
    for kind in types.values():
        if kind.prefix and kind.prefix in prefixes:
            problems.append(f"{kind.name} and {prefixes[kind.prefix].name} both use the id prefix {kind.prefix!r}")
        if kind.prefix:
            prefixes[kind.prefix] = kind
    problems += find_mixed_up(types)
    problems += find_same_names(types)
    problems += find_wrong_sources(types)
    if problems:
        raise DeclarationError(problems)
    return Catalogue(types=types, prefixes=prefixes)


class _Draft:
    """A record type in the making: own fields first, then what other records point at it with."""

    def __init__(self, model: type[Any], problems: list[str]) -> None:
        self.model = model
        self.name = model.__name__
        self.problems = problems
        self.options: Mapping[str, Any] = model.__options__
        self.policies: dict[str, Any] = {
            name: value for name, value in vars(getattr(model, "Policies", object)).items() if not name.startswith("_")
        }
        self.indexed: set[str] = set().union(*(getattr(base, "__indexed__", ()) for base in model.__mro__))
        self.members: dict[str, Member] = {}
        self.columns: dict[str, Column] = {}
        self.to_ones: dict[str, ToOne] = {}
        self.to_anys: dict[str, ToAny] = {}
        self.references: dict[str, AnyRecord] = {}
        for base in reversed(model.__mro__):
            self.references |= vars(base).get("__references__", {})
        self.beside = {name + end for name in self.references for end in (ANY_TYPE, ANY_ID)}
        self.uniques: list[UniqueKey] = []
        for name, field in model._meta.fields_map.items():
            self._read_field(name, field)
        self._check_policies()
        self._group()

    @property
    def is_root(self) -> bool:
        """Whether it is a record in its own right."""
        return issubclass(self.model, Record) and self.options.get("root", True)

    @property
    def plural(self) -> str:
        """What the API calls several of it."""
        return self.options.get("plural", camel(snake(self.name)) + "s")

    def _read_field(self, name: str, field: Any) -> None:
        if name in self.beside:
            return
        policy = self.policies.get(name, Policy())
        where = f"{self.name}.{name}"
        if not isinstance(policy, Policy):
            self.problems.append(f"{where}: a field and a {type(policy).__name__} share the name")
            return
        if isinstance(field, ForeignKeyFieldInstance):
            if name == "owner" and issubclass(self.model, Extension):
                policy = Policy(hidden=True)  # the extension is reached from its owner alone, and never moves
            elif not field.description:
                self.problems.append(f"{where}: a field of the API needs a description")
            link = ToOne(
                name=name,
                api=camel(name),
                column=f"{name}_id",
                target=str(field.model_name).rpartition(".")[2],
                nullable=field.null,
                description=field.description or "",
                policy=policy,
            )
            self.to_ones[name] = link
            if not policy.hidden:
                self._add(link)
            if policy.unique:
                self._unique((name,), None)
            return
        if name.endswith((FOLDED, CURRENCY)) and name.rpartition("_")[0] in self.columns:
            return
        kind = kind_of(field)
        if kind is None:
            self.problems.append(f"{where}: Accord has no use for a {type(field).__name__}; {instead_of(field)}")
            return
        enum = getattr(field, "enum_type", None) or getattr(field, "choices", None)
        if enum and kind is not Kind.TEXT_LIST:
            kind = Kind.ENUM
        column = Column(
            name=name,
            api=camel(name),
            kind=kind,
            nullable=field.null,
            description=_description(field, enum),
            policy=policy,
            indexed=name in self.indexed or policy.unique,
            max_length=getattr(field, "max_length", None),
            places=getattr(field, "places", 0),
            enum=enum,
            folded=name + FOLDED if name + FOLDED in self.model._meta.fields_map else None,
            currency=name + CURRENCY if kind is Kind.MONEY else None,
            default=ABSENT if field.default is None else field.default,
            validators=tuple(v for v in field.validators if not type(v).__module__.startswith("tortoise.")),
        )
        self._check_column(column, where)
        self.columns[name] = column
        if not policy.hidden and name not in {"deleted_at", "deletion"}:
            self._add(column)
        if policy.unique:
            self._unique((name,), None)

    def _check_column(self, column: Column, where: str) -> None:
        if not column.description and not column.policy.hidden:
            self.problems.append(f"{where}: a field of the API needs a description")
        if column.indexed and column.kind is Kind.LONG_TEXT:
            self.problems.append(f"{where}: long text can't be indexed; use a CharField")
        if column.indexed and (column.max_length or 0) > LONGEST_INDEXED:
            self.problems.append(f"{where}: indexed text holds {LONGEST_INDEXED} characters at most")
        if column.enum and any(member.name != member.value for member in column.enum):
            self.problems.append(f"{where}: each member of {column.enum.__name__} is named as its value")
        if column.policy.mask.text is not None and column.kind not in {Kind.TEXT, Kind.LONG_TEXT, Kind.CODE}:
            self.problems.append(f"{where}: only text can be masked as text; leave mask out, and others see null")
        if column.policy.read is not None and column.name in {"id", "version"}:
            self.problems.append(f"{where}: nothing can be done without it; everybody who sees the record reads it")

    def _check_policies(self) -> None:
        for name, policy in self.policies.items():
            known = name in self.columns or name in self.to_ones or name in self.references
            if isinstance(policy, Policy) and not known:
                self.problems.append(f"{self.name}.Policies.{name}: {self.name} has no such field")

    def _group(self) -> None:
        """Groups, computed fields and unique keys, in the order they are declared: a group may hold earlier groups."""
        groups: dict[str, GroupField] = {}
        for name, policy in self.policies.items():
            if isinstance(policy, Group):
                members: dict[str, Column | GroupField] = {}
                for member, source in policy.members.items():
                    found = groups.get(source) or self.columns.get(source)
                    if found is None:
                        self.problems.append(f"{self.name}.Policies.{name}: there is no field {source!r}")
                    else:
                        members[camel(member)] = found
                        if not policy.whole:
                            self.members.pop(found.api, None)
                groups[name] = GroupField(
                    name=name,
                    api=camel(name),
                    type_name=policy.type_name,
                    description=policy.description,
                    members=members,
                    whole=policy.whole,
                )
                self._add(groups[name])
            elif isinstance(policy, Computed):
                slips = find_miscomputed(policy, self.columns)
                self.problems += [f"{self.name}.Policies.{name}: {slip}" for slip in slips]
                self._add(ComputedField(name=name, api=camel(name), computed=policy, description=policy.description))
            elif isinstance(policy, Unique):
                self._unique(policy.fields, policy.where)

    def _unique(self, names: tuple[str, ...], where: str | None) -> None:
        columns: list[str] = []
        for name in names:
            if name in self.to_ones:
                columns.append(self.to_ones[name].column)
            elif name in self.references:
                columns += [name + ANY_TYPE, name + ANY_ID]
            elif name in self.columns:
                columns.append(self.columns[name].folded or name)
            elif isinstance(self.model._meta.fields_map.get(name), ForeignKeyFieldInstance):
                columns.append(f"{name}_id")
            else:
                self.problems.append(f"{self.name}: unique({names}) names no field {name!r}")
        table = self.model._meta.db_table
        self.uniques.append(
            UniqueKey(name=f"uq_{table}__{'_'.join(names)}"[:60], columns=tuple(columns), fields=names, where=where)
        )

    def _add(self, member: Member) -> None:
        clash = self.members.get(member.api)
        if clash is not None:
            self.problems.append(f"{self.name}: {told(member)} and {told(clash)} would both be called {member.api!r}")
        if member.api in RESERVED_NAMES:
            self.problems.append(f"{self.name}: {told(member)} can't be called {member.api!r}, a word of the API's own")
        self.members[member.api] = member

    def connect(self, drafts: Mapping[str, "_Draft"]) -> None:
        """Give the records that this one points at their way back, and this one its connections through links."""
        for link in self.to_ones.values():
            field: Any = self.model._meta.fields_map[link.name]
            target = drafts.get(link.target)
            if target is None:
                self.problems.append(f"{self.name}.{link.name}: there is no record {link.target!r}")
            elif issubclass(self.model, Extension) and link.name == "owner":
                namespace = self.options.get("namespace", "")
                description = _sentence(self.model)
                target._add(ExtensionField(name=namespace, api=namespace, target=self.name, description=description))
            elif field.related_name and issubclass(self.model, Extension):
                self.problems.append(f"{self.name}.{link.name}: extensions are not listed; say related_name=False")
            elif field.related_name:
                target._add(
                    ToMany(
                        name=field.related_name,
                        api=camel(field.related_name),
                        target=self.name,
                        foreign=link.column,
                        description=self._way_back(link, target),
                        owned=link.policy.owner,
                    )
                )
        for name, policy in self.policies.items():
            if not isinstance(policy, Through):
                continue
            link_type = drafts.get(policy.link)
            if link_type is None or not {policy.owner, policy.target} <= set(link_type.to_ones):
                self.problems.append(f"{self.name}.Policies.{name}: {policy.link} has no such keys or is no record")
                continue
            self._add(
                ToMany(
                    name=name,
                    api=camel(name),
                    target=link_type.to_ones[policy.target].target,
                    foreign=link_type.to_ones[policy.owner].column,
                    link=policy.link,
                    link_target=link_type.to_ones[policy.target].column,
                    description=policy.description,
                    owned=link_type.to_ones[policy.owner].policy.owner,
                    nested=policy.nested,
                    stored_filter=policy.stored_filter,
                )
            )

    def connect_any(self, subjects: "Mapping[str, _Draft]") -> None:
        """Let the references to any record lead to the `subjects`, and give those their way back."""
        for name, reference in self.references.items():
            policy = self.policies.get(name, Policy())
            if not isinstance(policy, Policy):
                self.problems.append(f"{self.name}.{name}: a field and a {type(policy).__name__} share the name")
                continue
            if not reference.description:
                self.problems.append(f"{self.name}.{name}: a field of the API needs a description")
            if not issubclass(self.model, Record):
                self.problems.append(f"{self.name}.{name}: only a Record refers to any record")
                continue
            link = ToAny(
                name=name,
                api=camel(name),
                column=name + ANY_ID,
                type_column=name + ANY_TYPE,
                targets=tuple(subjects),
                nullable=reference.null,
                description=reference.description,
                policy=policy,
            )
            self.to_anys[name] = link
            if policy.unique:
                self._unique((name,), None)
            if policy.hidden:
                continue
            self._add(link)
            key = camel(link.column)
            self._add(AnyId(name=link.column, api=key, reference=link, description=f"Id: {reference.description}"))
            for subject in subjects.values() if reference.related_name else ():
                subject._add(
                    ToMany(
                        name=str(reference.related_name),
                        api=camel(str(reference.related_name)),
                        target=self.name,
                        foreign=link.column,
                        description=self._way_back(link, subject),
                        owned=policy.owner,
                        type_column=link.type_column,
                        type_prefix=subject.options.get("prefix", ""),
                    )
                )

    def _way_back(self, link: ToOne | ToAny, target: "_Draft") -> str:
        return link.policy.way_back or describe_way_back(self.plural, link.name, target.name)

    def finish(self, plugin: str) -> RecordType:
        """The finished record type of a plugin."""
        options = self.options
        is_extension = issubclass(self.model, Extension)
        return RecordType(
            name=self.name,
            table=self.model._meta.db_table,
            prefix=options.get("prefix", ""),
            singular=camel(snake(self.name)),
            plural=self.plural,
            description=_sentence(self.model),
            key="owner_id" if is_extension else "id",
            model=self.model,
            columns=self.columns,
            to_ones=self.to_ones,
            to_anys=self.to_anys,
            members=self.members,
            uniques=tuple(self.uniques),
            is_record=issubclass(self.model, Record),
            is_root=self.is_root,
            order=tuple(options.get("order", ())),
            closes=options.get("closes"),
            namespace=options.get("namespace"),
            owner=self.to_ones["owner"].target if is_extension and "owner" in self.to_ones else None,
            plugin=plugin,
        )


def _find_subjects(drafts: Mapping[str, _Draft]) -> Mapping[str, _Draft]:
    """What a reference to any record may lead to: neither rows of links nor what has such a reference itself."""
    policies = [policy for draft in drafts.values() for policy in draft.policies.values()]
    links = {policy.link for policy in policies if isinstance(policy, Through)}
    return {name: one for name, one in drafts.items() if one.is_root and name not in links and not one.references}


def _sentence(model: type[Any]) -> str:
    return " ".join((model.__doc__ or "").split())


def _description(field: Any, enum: type[Enum] | None) -> str:
    text: str = field.description or ""
    if enum and text.startswith(tuple(f"{member.name}:" for member in enum)):
        text = ""  # Tortoise's own list of an enum's members
    return text
