"""Its declarations clash: with the core, with another plugin, and in themselves."""

from typing import Any

from tortoise import fields

from accord.plugins import AccountExtension, Choices, Code, Plugin, Policy, Record, computed, group


class ContactsAccount(AccountExtension, namespace="contacts"):
    """Would be called as the contacts of an account are."""

    note = fields.CharField(20, null=True, description="A note.")


class Contacts(Plugin):
    """Its name is that of a field of the core."""

    name = "contacts"
    models = (ContactsAccount,)
    migrations = "accord_clinic.migrations"


class ClashVisit(Record, prefix="vis"):
    """Has the prefix of the clinic's visits, and their name at the account."""

    title = fields.CharField(20, description="A title.")
    account: Any = fields.ForeignKeyField(
        "graph.Account", related_name="visits", on_delete=fields.RESTRICT, description="Whose."
    )

    class Policies:
        account = Policy(owner=True)
        titel = Policy(unique=True)


class ClashAccount(AccountExtension, namespace="clash"):
    """Without a word about its field."""

    code = Code(20, null=True)


class Clash(Plugin):
    """Clashes with the clinic."""

    name = "clash"
    models = (ClashVisit, ClashAccount)
    migrations = "accord_clinic.migrations"


class ClinicKind(Choices):
    """Called as the clinic's own enum is, and other than that one."""

    ELSE = "ELSE", "Something else."


class SameAccount(AccountExtension, namespace="same"):
    """With an enum and a group that are called like others."""

    kind = fields.CharEnumField(ClinicKind, max_length=10, default=ClinicKind.ELSE, description="What sort it is.")
    line = Code(20, null=True, description="A line.")

    class Policies:
        place = group("Contact", "A place.", line="line")


class Same(Plugin):
    """Calls things as others do."""

    name = "same"
    models = (SameAccount,)
    migrations = "accord_clinic.migrations"


class MiscountedAccount(AccountExtension, namespace="miscounted"):
    """With fields that can't be computed."""

    code = Code(20, null=True, description="A code.")

    class Policies:
        fine = computed(str | None, needs=["code"], by=list, description="What is fine.")
        typo = computed(str, needs=["coed", "xyzzy"], by=list, description="What needs something else.")
        odd = computed(dict[str, int], needs=["code"], by="list", description="What has no type.")  # type: ignore[arg-type]


class Miscounted(Plugin):
    """Computes what it can't."""

    name = "miscounted"
    models = (MiscountedAccount,)
    migrations = "accord_clinic.migrations"
