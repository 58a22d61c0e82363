"""The usual: Strawberry over Tortoise with DataLoaders, as the documentation of both shows it.

The same names as in Accord's schema, so that the same documents run. Nothing is checked in its writes, no events are
kept, and the parser's and the validation's caches are off, as they are unless somebody turns them on.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import strawberry
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.types import Info
from tortoise.contrib.starlette import RegisterTortoise
from tortoise.expressions import Q
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from accord.bench import baseline_models as models
from accord.config.settings import Settings

# reads -----------------------------------------------------------------------------------------------------------


@strawberry.type
class Country:
    code: str


@strawberry.type
class Address:
    id: strawberry.ID
    street_lines: list[str]
    city: str | None
    postal_code: str | None
    country: Country

    @classmethod
    def of(cls, row: models.Address) -> "Address":
        return cls(
            id=strawberry.ID(f"adr_{row.id}"),
            street_lines=orjson.loads(row.street_lines),
            city=row.city,
            postal_code=row.postal_code,
            country=Country(code=row.country_code),
        )


@strawberry.type
class AddressConnection:
    nodes: list[Address]


@strawberry.type
class Contact:
    row: strawberry.Private[models.Contact]
    id: strawberry.ID
    name: str
    title: str | None

    @classmethod
    def of(cls, row: models.Contact) -> "Contact":
        return cls(row=row, id=strawberry.ID(f"con_{row.id}"), name=row.name, title=row.title)

    @strawberry.field
    async def addresses(self, info: Info, first: int = 50) -> AddressConnection:
        found = await info.context["addresses_of_contacts"].load(self.row.id)
        return AddressConnection(nodes=[Address.of(row) for row in found[:first]])


@strawberry.type
class ContactConnection:
    nodes: list[Contact]


@strawberry.type
class Account:
    row: strawberry.Private[models.Account]
    id: strawberry.ID
    version: int
    name: str
    number: str | None
    kind: str
    industry: str | None
    website: str | None
    employee_count: int | None
    created_at: datetime

    @classmethod
    def of(cls, row: models.Account) -> "Account":
        return cls(
            row=row,
            id=strawberry.ID(f"acc_{row.id}"),
            version=row.version,
            name=row.name,
            number=row.number,
            kind=row.kind,
            industry=row.industry,
            website=row.website,
            employee_count=row.employee_count,
            created_at=row.created_at,
        )

    @strawberry.field
    async def contacts(self, info: Info, first: int = 50) -> ContactConnection:
        found = await info.context["contacts_of_accounts"].load(self.row.id)
        return ContactConnection(nodes=[Contact.of(row) for row in found[:first]])

    @strawberry.field
    async def addresses(self, info: Info, first: int = 50) -> AddressConnection:
        found = await info.context["addresses_of_accounts"].load(self.row.id)
        return AddressConnection(nodes=[Address.of(row) for row in found[:first]])


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class AccountConnection:
    matching: strawberry.Private[QuerySet[models.Account]]
    nodes: list[Account]
    page_info: PageInfo

    @strawberry.field
    async def total_count(self) -> int:
        return await self.matching.count()


@strawberry.input
class LifecycleStageFilter:
    eq: str


@strawberry.input
class TextFilter:
    eq: str


@strawberry.input
class AccountFilter:
    industry: TextFilter | None = None
    lifecycle_stage: LifecycleStageFilter | None = None


@strawberry.enum
class OrderDirection(Enum):
    ASC = "ASC"
    DESC = "DESC"


@strawberry.input
class AccountOrder:
    name: OrderDirection | None = None
    created_at: OrderDirection | None = None


@strawberry.type
class Query:
    @strawberry.field
    async def account(self, id: strawberry.ID) -> Account | None:  # noqa: A002 - as it is called in the schema
        row = await models.Account.get_or_none(id=id.removeprefix("acc_"), deleted_at=None)
        return None if row is None else Account.of(row)

    @strawberry.field
    async def accounts(
        self,
        first: int = 50,
        after: str | None = None,
        filter: AccountFilter | None = None,  # noqa: A002 - as it is called in the schema
        order_by: list[AccountOrder] | None = None,
    ) -> AccountConnection:
        matching = models.Account.filter(deleted_at=None)
        if filter and filter.lifecycle_stage:
            matching = matching.filter(lifecycle_stage=filter.lifecycle_stage.eq)
        if filter and filter.industry:
            matching = matching.filter(industry=filter.industry.eq)
        page = matching
        if after:
            name, id_ = orjson.loads(bytes.fromhex(after))[-2:]
            id_ = id_.removeprefix("acc_")
            page = page.filter(Q(name_folded__gt=name) | Q(name_folded=name, id__gt=id_))
        by = order_by[0] if order_by else AccountOrder()
        order = ["name_folded", "id"] if by.name else ["-created_at", "-id"] if by.created_at else ["id"]
        rows = await page.order_by(*order).limit(first + 1)
        nodes = [Account.of(row) for row in rows[:first]]
        end = orjson.dumps([rows[:first][-1].name_folded, nodes[-1].id]).hex() if nodes else None
        return AccountConnection(
            matching=matching, nodes=nodes, page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=end)
        )


async def _contacts_of_accounts(ids: list[Any]) -> list[list[models.Contact]]:
    found: dict[Any, list[models.Contact]] = defaultdict(list)
    links = models.AccountContact.filter(account_id__in=ids, deleted_at=None, contact__deleted_at=None)
    for link in await links.order_by("id").select_related("contact"):
        found[link.account_id].append(link.contact)  # type: ignore[attr-defined] - Tortoise adds it at run time
    return [found[id_] for id_ in ids]


def _addresses_of(owner: str) -> Callable[[list[Any]], Awaitable[list[list[models.Address]]]]:
    async def load(ids: list[Any]) -> list[list[models.Address]]:
        found: dict[Any, list[models.Address]] = defaultdict(list)
        links = models.AddressLink.filter(**{f"{owner}__in": ids}, deleted_at=None, address__deleted_at=None)
        for link in await links.order_by("id").select_related("address"):
            found[getattr(link, owner)].append(link.address)
        return [found[id_] for id_ in ids]

    return load


# writes ----------------------------------------------------------------------------------------------------------


@strawberry.input
class CountryInput:
    code: str


@strawberry.input
class AccountContactsInput:
    given_name: str
    family_name: str
    title: str | None = None
    is_primary: bool = False


@strawberry.input
class AccountAddressesInput:
    kind: str
    street_lines: list[str]
    city: str
    postal_code: str
    country: CountryInput


@strawberry.input
class CreateAccountInput:
    name: str
    kind: str = "BUSINESS"
    industry: str | None = None
    contacts: list[AccountContactsInput] = strawberry.field(default_factory=list[AccountContactsInput])
    addresses: list[AccountAddressesInput] = strawberry.field(default_factory=list[AccountAddressesInput])


@strawberry.input
class UpdateAccountInput:
    id: strawberry.ID
    employee_count: int


@strawberry.type
class Violation:
    code: str
    message: str
    path: list[str]


@strawberry.type
class AccountPayload:
    account: Account | None
    violations: list[Violation]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def create_account(self, input: CreateAccountInput) -> AccountPayload:  # noqa: A002 - as it is called in the schema
        async with in_transaction():
            account = await models.Account.create(
                name=input.name,
                name_folded=input.name.casefold(),
                kind=input.kind,
                industry=input.industry,
                industry_folded=(input.industry or "").casefold(),
            )
            contacts = [_contact(given) for given in input.contacts]
            await models.Contact.bulk_create(contacts)
            await models.AccountContact.bulk_create(
                models.AccountContact(account_id=account.id, contact_id=contact.id, is_primary=given.is_primary)
                for given, contact in zip(input.contacts, contacts, strict=True)
            )
            addresses = [_address(given) for given in input.addresses]
            await models.Address.bulk_create(addresses)
            await models.AddressLink.bulk_create(
                models.AddressLink(account_id=account.id, address_id=address.id, kind=given.kind)
                for given, address in zip(input.addresses, addresses, strict=True)
            )
        return AccountPayload(account=Account.of(account), violations=[])

    @strawberry.mutation
    async def update_account(self, input: UpdateAccountInput) -> AccountPayload:  # noqa: A002 - as it is called in the schema
        async with in_transaction():
            account = await models.Account.select_for_update().get(id=input.id.removeprefix("acc_"), deleted_at=None)
            account.employee_count = input.employee_count
            account.version += 1
            await account.save(update_fields=["employee_count", "version"])
        return AccountPayload(account=Account.of(account), violations=[])


def _contact(given: AccountContactsInput) -> models.Contact:
    sort_name = f"{given.family_name}, {given.given_name}"
    return models.Contact(
        name=f"{given.given_name} {given.family_name}",
        sort_name=sort_name,
        sort_name_folded=sort_name.casefold(),
        given_name=given.given_name,
        given_name_folded=given.given_name.casefold(),
        family_name=given.family_name,
        family_name_folded=given.family_name.casefold(),
        title=given.title,
        title_folded=(given.title or "").casefold(),
    )


def _address(given: AccountAddressesInput) -> models.Address:
    return models.Address(
        street_lines=orjson.dumps(given.street_lines).decode(),
        city=given.city,
        city_folded=given.city.casefold(),
        postal_code=given.postal_code,
        postal_code_folded=given.postal_code.casefold(),
        country_code=given.country.code,
        country_name="Germany",
        country_name_folded="germany",
    )


# the application -------------------------------------------------------------------------------------------------


class _App(GraphQL[Any, Any]):
    async def get_context(self, request: Any, response: Any) -> Any:
        return {
            "request": request,
            "response": response,
            "contacts_of_accounts": DataLoader(load_fn=_contacts_of_accounts),
            "addresses_of_accounts": DataLoader(load_fn=_addresses_of("account_id")),
            "addresses_of_contacts": DataLoader(load_fn=_addresses_of("contact_id")),
        }


def make_baseline(settings: Settings) -> Starlette:
    """The application on the settings' database."""
    schema = strawberry.Schema(query=Query, mutation=Mutation)
    config = {"connections": {"default": _connection(settings)}, "apps": {"models": {"models": [models.__name__]}}}

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with RegisterTortoise(app, config=config):
            yield

    return Starlette(routes=[Route("/graphql", _App(schema))], lifespan=lifespan)


def _connection(settings: Settings) -> dict[str, Any]:
    if settings.database_kind == "sqlite":
        path = settings.database_location
        return {"engine": "tortoise.backends.sqlite", "credentials": {"file_path": path}}
    url = urlsplit(settings.database_location)
    host = url.hostname or parse_qs(url.query)["host"][0]
    credentials = {
        "host": host,
        "port": url.port or 5432,
        "user": url.username,
        "password": url.password,
        "database": url.path.lstrip("/"),
    }
    return {"engine": "tortoise.backends.asyncpg", "credentials": credentials}
