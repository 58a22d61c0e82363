# At Tortoise's edge, whose models and fields are typed in part.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportPrivateUsage=false, reportAttributeAccessIssue=false
"""The bases of every record: what Accord adds to a Tortoise model, and what stands in every table."""

from typing import Any, ClassVar

from tortoise import fields
from tortoise.fields.data import CharEnumFieldInstance
from tortoise.models import Model, ModelMeta

from .fields import AnyKey, AnyRecord, Choice, Code, FoldedText, Identity, Money, Timestamp
from .names import snake

FOLDED = "_folded"
CURRENCY = "_currency"
ANY_TYPE, ANY_ID = "_type", "_id"  # of a reference to any record
LONGEST_PREFIX = 10  # of ids


def _expanded(attributes: dict[str, Any]) -> dict[str, Any]:
    """Add the folded twin of each indexed text field and the currency of each amount, and part references to any record
    into the columns that hold them; note which fields have an index.

    Indexes are derived from the declarations when a database is migrated, so Tortoise must not make its own.
    """
    indexed: set[str] = set()
    result: dict[str, Any] = {}
    references: dict[str, AnyRecord] = {}
    for name, field in attributes.items():
        if isinstance(field, AnyRecord):
            references[name] = field
            result[name + ANY_TYPE] = Code(LONGEST_PREFIX, null=field.null)
            result[name + ANY_ID] = AnyKey(null=field.null)
            continue
        result[name] = field
        if not isinstance(field, fields.Field):
            continue
        if type(field) is CharEnumFieldInstance:
            field.__class__ = Choice
        if field.index and not field.pk:
            indexed.add(name)
            field.index = False
            if type(field) is fields.CharField:
                result[name + FOLDED] = FoldedText(null=field.null)
        if isinstance(field, Money):
            result[name + CURRENCY] = Code(3, null=field.null)
    result["__indexed__"] = frozenset(indexed)
    result["__references__"] = references
    return result


class RecordMeta(ModelMeta):
    """Reads the class arguments of a record and expands its fields before Tortoise sees them."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attributes: dict[str, Any], **options: Any) -> "RecordMeta":
        # it gives this metaclass's class
        return super().__new__(mcs, name, bases, _expanded(attributes) | {"__options__": options})  # type: ignore[return-value]

    def __init__(cls, name: str, bases: tuple[type, ...], attributes: dict[str, Any], **options: Any) -> None:
        super().__init__(name, bases, attributes)
        cls._meta.db_table = cls._meta.db_table or snake(name)


class Record(Model, metaclass=RecordMeta):
    """A record of the customer graph. Class arguments: `prefix` of its ids, `plural` name, `root` false for records
    that no reference to any record leads to, `order` the fields that lists of it are sorted by where nothing is asked.

    A record may define the class methods `prepare(changes, unit)` and `validate_changes(changes, unit)`, both async:
    the first derives values before the checks, the second yields violations, as the hooks of its plugin do.
    """

    __options__: ClassVar[dict[str, Any]]
    __indexed__: ClassVar[frozenset[str]]
    __references__: ClassVar[dict[str, AnyRecord]]

    id = Identity(primary_key=True, description="Global id: a prefix that names the kind of record, and a UUIDv7.")
    version = fields.IntField(description="Counts the changes of this record from 1; give it back to update safely.")
    created_at = Timestamp(db_index=True, description="When the record was created, UTC.")
    created_by: Any = fields.ForeignKeyField(
        "graph.Actor", related_name=False, on_delete=fields.RESTRICT, description="Who created the record."
    )
    updated_at = Timestamp(db_index=True, description="When the record was last changed, UTC.")
    updated_by: Any = fields.ForeignKeyField(
        "graph.Actor", related_name=False, on_delete=fields.RESTRICT, description="Who changed the record last."
    )
    deleted_at = Timestamp(null=True, description="When the record was deleted, UTC; null while it is live.")
    deletion = fields.UUIDField(null=True, description="The deletion that took the record, so that it can be restored.")

    class Meta(Model.Meta):
        abstract = True


class Relation(Model, metaclass=RecordMeta):
    """Rows that Accord derives and keeps beside the records, such as the ancestors of an account: read, never written.

    Class arguments: `order`, the fields by which they come; `closes`, the record and its reference to its own kind
    whose closure they are: where that may not be read, they lead nowhere.
    """

    __options__: ClassVar[dict[str, Any]]
    __indexed__: ClassVar[frozenset[str]]
    __references__: ClassVar[dict[str, AnyRecord]]

    id = Identity(primary_key=True, description="Id of the relation.")

    class Meta(Model.Meta):
        abstract = True


class Extension(Model, metaclass=RecordMeta):
    """Fields that a plugin adds to a core record: one row for each owner, made and deleted with it.

    It may define `prepare` and `validate_changes` as a record does.
    """

    __options__: ClassVar[dict[str, Any]]
    __indexed__: ClassVar[frozenset[str]]
    __references__: ClassVar[dict[str, AnyRecord]]

    deleted_at = Timestamp(null=True, description="When the owner was deleted, UTC; null while it is live.")

    class Meta(Model.Meta):
        abstract = True


class AccountExtension(Extension):
    """Fields that a plugin adds to accounts. Class argument: `namespace`, the name under which the API shows them."""

    owner: Any = fields.OneToOneField("graph.Account", related_name=False, primary_key=True, description="Its account.")

    class Meta(Extension.Meta):
        abstract = True


class ContactExtension(Extension):
    """Fields that a plugin adds to contacts. Class argument: `namespace`."""

    owner: Any = fields.OneToOneField("graph.Contact", related_name=False, primary_key=True, description="Its contact.")

    class Meta(Extension.Meta):
        abstract = True


class AddressExtension(Extension):
    """Fields that a plugin adds to addresses. Class argument: `namespace`."""

    owner: Any = fields.OneToOneField("graph.Address", related_name=False, primary_key=True, description="Its address.")

    class Meta(Extension.Meta):
        abstract = True
