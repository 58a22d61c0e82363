# Tortoise types its foreign keys in part.
# pyright: reportUnknownVariableType=false
"""The closure of the account hierarchy: every account with every account above it."""

from typing import Any

from tortoise import fields

from ...plugins.records import Relation


class AccountAncestry(Relation, prefix="anc", order=("depth",), closes=("Account", "parent")):
    """One account above another, however far; kept by Accord when a parent changes."""

    ancestor: Any = fields.ForeignKeyField("graph.Account", related_name=False, description="The account above.")
    descendant: Any = fields.ForeignKeyField("graph.Account", related_name=False, description="The account below.")
    depth = fields.IntField(description="Steps between the two; 1 for a parent.")
