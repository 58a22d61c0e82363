"""Its operations are called as other things are, or speak of records that there are not."""

from typing import Annotated
from uuid import UUID

from tortoise import fields

from accord.plugins import Context, Plugin, Record, of, query


class FreightItem(Record, prefix="freight"):
    """Something that is carried."""

    title = fields.CharField(20, description="A title.")


class Depot(Record, prefix="depot"):
    """Not among the plugin's models."""

    title = fields.CharField(20, description="A title.")


class Freight(Plugin):
    """Calls its operations as others are called."""

    name = "freight"
    models = (FreightItem,)
    migrations = "accord_clinic.migrations"

    @query()
    async def items(self, context: Context) -> int:
        """As the list of the records."""
        return 0

    @query()
    async def load_s(self, context: Context) -> int:
        """As the next."""
        return 0

    @query()
    async def loadS(self, context: Context) -> int:  # noqa: N802 - what is to be found
        """As the one before."""
        return 0

    @query()
    async def one(self, context: Context, *, item: Annotated[UUID, of("FreightItm")]) -> int:
        """Of a record that is misspelt."""
        return 0

    @query()
    async def two(self, context: Context) -> list[Annotated[UUID, of("Depot")]]:
        """Of a record that was left out."""
        return []
