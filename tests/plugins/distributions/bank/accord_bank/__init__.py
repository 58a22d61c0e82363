"""A second plugin, which extends the same records as the first and comes after it."""

from tortoise import fields

from accord.plugins import AccountExtension, Plugin


class BankAccount(AccountExtension, namespace="bank"):
    """An account as a customer of a bank."""

    score = fields.IntField(null=True, db_index=True, description="How well it pays, from 0 to 100.")


class Bank(Plugin):
    """Customers of a bank."""

    name = "bank"
    title = "Banking"
    after = ("clinic",)
    models = (BankAccount,)
    migrations = "accord_bank.migrations"
