"""Its permissions are not under its name, and a field is read by one that it doesn't declare."""

from tortoise import fields

from accord.plugins import ContactExtension, Permission, Plugin, Policy


class WrongpermissionsContact(ContactExtension, namespace="wrongpermissions"):
    """A person with secrets."""

    number = fields.CharField(20, null=True, description="A number.")
    remark = fields.CharField(20, null=True, description="A remark.")
    secret = fields.CharField(20, null=True, description="A secret.")

    class Policies:
        number = Policy(classified="PHI", read="wrongpermissions.phi.raed")
        remark = Policy(classified="PII")
        secret = Policy(encrypted=True)


class WrongPermissions(Plugin):
    """Reads what it may not."""

    name = "wrongpermissions"
    models = (WrongpermissionsContact,)
    migrations = "accord_clinic.migrations"
    permissions = (
        Permission(name="wrongpermissions.phi.read", description="Read."),
        Permission(name="clinic.phi.read", description="Read another's."),
    )
