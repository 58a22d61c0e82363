"""What the databases of the benchmark hold: accounts, the contacts in them, and the addresses of both."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from accord.graph.identity import IdSource
from accord.graph.values.text import fold

START = datetime(2024, 1, 1, 8, 0, 0, 123456, tzinfo=UTC)
CONTACTS = 5  # of an account that has any
INDUSTRIES = ("Logistics", "Health", "Software", "Energy", "Retail", "Optics", "Insurance", "Printing", "Food", "Steel")
KINDS = ("BUSINESS", "BUSINESS", "BUSINESS", "PERSON", "HOUSEHOLD", "PARTNER")
STAGES = ("PROSPECT", "QUALIFIED", "CUSTOMER", "CUSTOMER", "FORMER")
FIRST = ("Amber", "Birch", "Cedar", "Delta", "Ember", "Fjord", "Grove", "Harbor", "Iris", "Juniper", "Kestrel", "Lark")
SECOND = ("Bakery", "Clinic", "Devices", "Estates", "Foundry", "Garden", "Holding", "Institute", "Journal", "Kitchens")
GIVEN = ("Ada", "Bela", "Carla", "Dario", "Edith", "Farid", "Greta", "Hugo", "Irma", "Jonas", "Karin", "Luca", "Mina")
FAMILY = ("Abel", "Brandt", "Castro", "Dubois", "Eriksen", "Ferrari", "Gruber", "Haddad", "Ivanova", "Jansen", "Keller")
TITLES = ("Buyer", "Head of Sales", "Accountant", "Engineer", "Managing Director", "Lawyer")
TOWNS = (("Aachen", "52062"), ("Bremen", "28195"), ("Celle", "29221"), ("Dresden", "01067"), ("Essen", "45127"))
STREETS = ("Ahornweg", "Birkenallee", "Chausseestraße", "Dorfstraße", "Eichenring", "Feldgasse")

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many accounts there are, and how many of them, the first by name, have contacts and addresses."""

    accounts: int
    peopled: int

    @property
    def contacts(self) -> int:
        return self.peopled * CONTACTS

    @property
    def addresses(self) -> int:
        """One for each contact, two or three for each account that has contacts."""
        return self.contacts + self.peopled * 2 + self.peopled // 2

    @property
    def name(self) -> str:
        return f"{self.accounts}"


USUAL = Size(accounts=20_000, peopled=20_000)  # 100,000 contacts, 150,000 addresses
GROWN = Size(accounts=1_000_000, peopled=200_000)  # 1,000,000 contacts, 1,500,000 addresses


class Population:
    """Makes the rows, the same ones each time. Ids are UUIDv7, one millisecond apart."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self._random = Random(7)
        moments = iter(range(int(START.timestamp() * 1000), 2**47))
        self._new_id = IdSource(now_ms=lambda: next(moments), random_bits=self._random.getrandbits)
        self._accounts: list[UUID] = []
        self._contacts: list[UUID] = []
        self._links: list[tuple[UUID | None, UUID | None, UUID, str]] = []

    def tables(self) -> Iterator[tuple[str, Iterator[Row]]]:
        """Each record with its rows, to be taken in this order; columns left out hold what is usual for a new row."""
        yield "Account", self._account_rows()
        yield "Contact", self._contact_rows()
        yield "AccountContact", self._account_contact_rows()
        yield "Address", self._address_rows()
        yield "AddressLink", self._address_link_rows()

    def _account_rows(self) -> Iterator[Row]:
        random = self._random
        for number in range(self.size.accounts):
            id_, moment = self._new_id(), START + timedelta(seconds=37 * number)
            self._accounts.append(id_)
            industry = random.choice(INDUSTRIES)
            name = self._name(number)
            yield {
                "id": id_,
                "created_at": moment,
                "updated_at": moment,
                "name": name,
                "name_folded": fold(name),
                "number": f"A-{number:07}",
                "kind": random.choice(KINDS),
                "industry": industry,
                "industry_folded": fold(industry),
                "lifecycle_stage": random.choice(STAGES),
                "website": f"https://www.a{number}.example",
                "domain": f"a{number}.example",
                "annual_revenue": random.randrange(10**5, 10**11),
                "annual_revenue_currency": "EUR",
                "employee_count": random.randrange(1, 5000),
            }

    def _name(self, number: int) -> str:
        """Names in another order than the rows; those of accounts with contacts come first."""
        many = self.size.peopled if number < self.size.peopled else self.size.accounts
        place = number * 7_919 % many
        lead = "" if number < self.size.peopled else "Zenith "
        return f"{lead}{FIRST[place * len(FIRST) // many]} {SECOND[place % len(SECOND)]} {place:07}"

    def _contact_rows(self) -> Iterator[Row]:
        random = self._random
        for number in range(self.size.contacts):
            id_, moment = self._new_id(), START + timedelta(seconds=7 * number)
            self._contacts.append(id_)
            given, family, title = random.choice(GIVEN), random.choice(FAMILY), random.choice(TITLES)
            yield {
                "id": id_,
                "created_at": moment,
                "updated_at": moment,
                "name": f"{given} {family}",
                "sort_name": f"{family}, {given}",
                "sort_name_folded": fold(f"{family}, {given}"),
                "given_name": given,
                "given_name_folded": fold(given),
                "family_name": family,
                "family_name_folded": fold(family),
                "title": title,
                "title_folded": fold(title),
            }

    def _account_contact_rows(self) -> Iterator[Row]:
        for number, contact in enumerate(self._contacts):
            account = self._accounts[number // CONTACTS]
            yield {"id": self._new_id(), "account_id": account, "contact_id": contact, "is_primary": True}

    def _address_rows(self) -> Iterator[Row]:
        random = self._random
        for number, (account, contact, kind) in enumerate(self._residents()):
            id_, moment = self._new_id(), START + timedelta(seconds=5 * number)
            self._links.append((account, contact, id_, kind))
            town, code = random.choice(TOWNS)
            yield {
                "id": id_,
                "created_at": moment,
                "updated_at": moment,
                "street_lines": (f"{random.choice(STREETS)} {random.randrange(1, 200)}",),
                "city": town,
                "city_folded": fold(town),
                "postal_code": code,
                "postal_code_folded": fold(code),
                "country_code": "DE",
                "country_name": "Germany",
                "country_name_folded": fold("Germany"),
            }

    def _residents(self) -> Iterator[tuple[UUID | None, UUID | None, str]]:
        """Each address's account or contact, and what it is used for."""
        for contact in self._contacts:
            yield None, contact, "MAILING"
        for number, account in enumerate(self._accounts[: self.size.peopled]):
            for kind in ("BILLING", "VISITING", "SHIPPING")[: 2 + number % 2]:
                yield account, None, kind

    def _address_link_rows(self) -> Iterator[Row]:
        for account, contact, address, kind in self._links:
            yield {
                "id": self._new_id(),
                "account_id": account,
                "contact_id": contact,
                "address_id": address,
                "kind": kind,
                "is_primary": True,
            }
