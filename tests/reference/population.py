"""A book of business full of awkward values, written through the mutations in bulk, alike on every database."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from accord.graph.identity import IdSource
from accord.tests.accord_fixture import Bench

ACCOUNTS, CONTACTS, ADDRESSES = 60, 80, 80

# Names as people type them, and as nobody should: pairs that differ in case alone, accents composed and apart, text
# that means something to JSON, SQL or a pattern, characters past the first plane, scripts of both directions.
NAMES = (
    "Kestrel", "kestrel", "KESTREL", "Kestrel & Sons", "Müller", "MÜLLER", "Mu\u0308ller", "müller gmbh", "Straße",
    "STRASSE", "strasse", "Ångström", "A\u030angstro\u0308m", "Éclair", "éclair", "eclair", "E\u0301clair",
    "İstanbul", "istanbul", "ISTANBUL", "ıslak", "Σίσυφος", "ΣΊΣΥΦΟΣ", "σίσυφοσ", "Ω Ohm", "Ω Ohm", "ﬁn", "FIN",
    "Ǆungla", "ǆungla", 'Say "yes"', "It's", "back\\slash", "\\", '"', "'", "''", "a''b", "%", "_", "100%", "a_b",
    "{}", '{"a": 1}', "[]", " a", "a ", "null", "NULL", "true", "0", "00", "1e3", "-1", "$1", "?1", ":name", "--",
    "/*", ";", "`", "日本商事", "日本", "한국", "한국", "שלום", "مرحبا", "😀", "😀😃", "👩\u200d👩\u200d👧",
    "🏳️\u200d🌈", "a\u200db", "a\u00a0b", "a b", "  ", "\ufeffx", "z", "Z", "ž", "Ž", "zz", "𠀀", "🇩🇪", "Ǻ", "ǻ",
    "A\u030a\u0301",
)  # fmt: skip
INDUSTRIES = ("Retail", "retail", "Bäckerei", "BÄCKEREI", "Energy", "Öl & Gas", "“quoted”", "N/A")
TITLES = ("CEO", "ceo", 'Head of "IT"', "Geschäftsführer", "GESCHÄFTSFÜHRER", "Einkäufer", "😀 Officer")
CITIES = (
    ("DE", "Berlin", "10115", None), ("DE", "berlin", "10117", "DE-BE"), ("DE", "Köln", "50667", "DE-NW"),
    ("DE", "KÖLN", "50668", None), ("AT", "Wien", "1010", None), ("FR", "Besançon", "25000", None),
    ("US", "Springfield", "62704", "US-IL"), ("US", "O'Fallon", "63366", "US-MO"), ("GB", "London", "SW1A 1AA", None),
    ("JP", "千代田区", "100-0001", "JP-13"), ("BR", "São Paulo", "01001-000", "BR-SP"), ("CH", "Zürich", "8001", None),
    ("NL", "'s-Hertogenbosch", "5211 AA", None), ("SG", "Singapore", "018956", None), ("IE", "Dublin", None, None),
)  # fmt: skip
AMOUNTS = (
    ("EUR", "0"), ("EUR", "0.01"), ("EUR", "-12.50"), ("EUR", "1234567.89"), ("USD", "1234567.89"), ("USD", "30000000"),
    ("JPY", "5000000000"), ("JPY", "-1"), ("KWD", "0.001"), ("KWD", "-2.345"), ("EUR", "30000000.01"),
)  # fmt: skip
SEED = 20260301


def counted_ids() -> Callable[[], UUID]:
    """Ids that are the same in every database that is written in the same order."""
    moments = count(1_767_225_600_000)
    return IdSource(now_ms=lambda: next(moments), random_bits=Random(SEED).getrandbits)


class Populating:
    """Writes the book through the mutations."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.random = Random(SEED)

    async def write(self, mutation: str, type_: str, inputs: Sequence[Mapping[str, Any]]) -> list[str]:
        """The ids of records written by one bulk mutation; the clock is turned before each."""
        self.bench.clock.turn(hours=7, microseconds=1)
        query = (
            f"mutation($inputs: [{type_}!]!) {{ {mutation}(inputs: $inputs) "
            "{ results { recordId } violations { code message path severity } } }"
        )
        payload = (await self.bench.ask(query, inputs=inputs))[mutation]
        refused = [one for one in payload["violations"] if one["severity"] == "ERROR"]
        assert not refused, refused
        return [result["recordId"] for result in payload["results"]]

    async def delete(self, mutation: str, ids: Sequence[str]) -> None:
        """Delete records by one bulk mutation."""
        self.bench.clock.turn(hours=1)
        query = f"mutation($ids: [ID!]!) {{ {mutation}(ids: $ids) {{ written violations {{ code message path }} }} }}"
        payload = (await self.bench.ask(query, ids=ids))[mutation]
        assert payload["written"] == len(ids), payload

    def some(self, values: Sequence[Any], most: int) -> list[Any]:
        """Up to `most` of the values, each once."""
        return self.random.sample(list(values), self.random.randint(0, min(most, len(values))))

    def maybe(self, value: Any, likely: float = 0.6) -> Any:
        """The value, or null."""
        return value if self.random.random() < likely else None

    def name(self) -> str:
        """One of the awkward names, or one made of two."""
        one = self.random.choice(NAMES)
        return one if one.strip() and self.random.random() < 0.7 else f"{one} {self.random.choice(NAMES)}".strip() + "."

    async def all(self) -> None:
        """Write everything."""
        actors = await self.write(
            "createActors",
            "CreateActorInput",
            [
                {"name": name, "kind": kind, "email": f"{name}@example.com" if kind == "PERSON" else None}
                for name, kind in zip(NAMES[:5], 5 * ["PERSON", "SERVICE"], strict=False)
            ],
        )
        await self.write(
            "createNamingRules",
            "CreateNamingRuleInput",
            [{"kind": "PARTNER", "numberPrefix": "P-", "numberDigits": 4}, {"kind": "HOUSEHOLD", "pattern": "(?s).*"}],
        )
        labels = {
            scope: await self.write(
                "createLabels",
                "CreateLabelInput",
                [
                    {"name": name, "scope": scope, "description": self.maybe(f"{scope} {name}")}
                    for name in ("VIP", "Ärger", 'late "payer"', "😀")
                ],
            )
            for scope in ("ACCOUNT", "CONTACT", "ADDRESS")
        }
        groups = await self.write(
            "createContactGroups",
            "CreateContactGroupInput",
            [
                {"name": "Newsletter", "description": 'two\nlines\tand a "tab"'},
                {"name": "Überall"},
                {
                    "name": "Berliner",
                    "kind": "FILTERED",
                    "memberFilter": {
                        "or": [{"familyName": {"startsWithIgnoreCase": "k"}}, {"doNotContact": {"eq": True}}]
                    },
                },
            ],
        )
        addresses = await self.write("createAddresses", "CreateAddressInput", list(self.addresses(labels["ADDRESS"])))
        accounts = await self.accounts(labels["ACCOUNT"], actors, addresses)
        contacts = await self.contacts(labels["CONTACT"], groups, accounts, addresses)
        await self.sources(accounts, contacts)
        await self.tasks_and_notes(actors)
        await self.changes(accounts)
        await self.deletions(accounts, contacts, addresses, labels, actors)

    def addresses(self, labels: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Inputs of addresses."""
        for number in range(ADDRESSES):
            country, city, postal, state = self.random.choice(CITIES)
            yield {
                "streetLines": [f"{self.name()} {number}" for _ in range(self.random.randint(1, 3))],
                "city": city,
                "district": self.maybe(self.name(), 0.2),
                "postalCode": postal,
                "country": {"code": country},
                "state": {"code": state} if state else None,
                "latitude": self.maybe(f"{self.random.uniform(-90, 90):.6f}"),
                "longitude": self.maybe(self.random.choice(("-0.000001", "0", "180", "-180", "12.5"))),
                "validFrom": self.maybe(f"20{self.random.randint(10, 25)}-02-{self.random.randint(1, 28):02}"),
                "validTo": self.maybe(f"2026-{self.random.randint(1, 12):02}-28", 0.3),
                "source": self.maybe(self.name(), 0.4),
                "labels": [{"id": label} for label in self.some(labels, 2)],
                "externalIds": [{"system": "erp", "value": f"A{number}"}] if number % 5 == 0 else [],
            }

    async def accounts(self, labels: Sequence[str], actors: Sequence[str], addresses: Sequence[str]) -> list[str]:
        """Accounts in a hierarchy, level by level, with what belongs to them."""
        made: list[str] = []
        for level in range(5):
            inputs: list[dict[str, Any]] = []
            for number in range(ACCOUNTS // 5):
                amount = self.maybe(self.random.choice(AMOUNTS), 0.7)
                inputs.append(
                    {
                        "name": self.name(),
                        "legalName": self.maybe(self.name()),
                        "kind": self.random.choice(("BUSINESS", "BUSINESS", "PERSON", "HOUSEHOLD", "PARTNER")),
                        "industry": self.maybe(self.random.choice(INDUSTRIES)),
                        "lifecycleStage": self.random.choice(("PROSPECT", "QUALIFIED", "CUSTOMER", "FORMER")),
                        "status": self.random.choice(("ACTIVE", "INACTIVE", "ON_HOLD")),
                        "website": self.maybe(f"https://www.example{level}{number}.com/ä?q='\"", 0.5),
                        "annualRevenue": {"currency": amount[0], "amount": amount[1]} if amount else None,
                        "employeeCount": self.maybe(self.random.choice((0, 1, 1, 2, 7, 10, 2147483647))),
                        "description": self.maybe('first line\n\tsecond "line" \\ \u2028 😀\r\nthird', 0.3),
                        "parentId": self.maybe(self.random.choice(made), 0.8) if made else None,
                        "ownerId": self.maybe(self.random.choice(actors)),
                        "labels": [{"id": label} for label in self.some(labels, 3)],
                        "addresses": [
                            {"id": address, "kind": kind, "isPrimary": self.random.random() < 0.5}
                            for address, kind in zip(
                                self.some(addresses, 4), ("BILLING", "SHIPPING", "LEGAL", "OTHER"), strict=False
                            )
                        ],
                        "phones": self.phones(),
                        "emails": self.emails(),
                        "externalIds": [{"system": "crm", "value": f"{level}/{number}"}] if number % 4 == 0 else [],
                        "tasks": [self.task(actors) for _ in range(self.random.randint(0, 2))],
                    }
                )
            made += await self.write("createAccounts", "CreateAccountInput", inputs)
        return made

    def phones(self) -> list[dict[str, Any]]:
        """Inputs of phones, at most one of which is primary."""
        return [
            {
                "number": f"+4930{self.random.randint(100000, 999999)}",
                "kind": self.random.choice(("WORK", "MOBILE", "FAX")),
                "isPrimary": place == 0 and self.random.random() < 0.5,
            }
            for place in range(self.random.randint(0, 2))
        ]

    def emails(self) -> list[dict[str, Any]]:
        """Inputs of e-mail addresses, at most one of which is primary."""
        return [
            {
                "address": f"{self.random.choice(('Anna', 'bob', 'Çelik'))}{self.random.randint(1, 99)}@Example.com",
                "kind": self.random.choice(("WORK", "PERSONAL")),
                "isPrimary": place == 0 and self.random.random() < 0.5,
            }
            for place in range(self.random.randint(0, 2))
        ]

    async def contacts(
        self, labels: Sequence[str], groups: Sequence[str], accounts: Sequence[str], addresses: Sequence[str]
    ) -> list[str]:
        """Contacts in accounts, half of whom report to one of the other half."""
        made: list[str] = []
        for half in range(2):
            inputs: list[dict[str, Any]] = []
            for number in range(CONTACTS // 2):
                ended = self.maybe("2025-12-31", 0.3)
                inputs.append(
                    {
                        "prefix": self.maybe("Dr.", 0.2),
                        "givenName": self.maybe(self.name()[:50], 0.7),
                        "familyName": self.name()[:50],
                        "preferredName": self.maybe(self.name()[:50], 0.3),
                        "title": self.maybe(self.random.choice(TITLES)),
                        "department": self.maybe(self.random.choice(INDUSTRIES), 0.4),
                        "language": self.maybe(self.random.choice(("de", "pt-BR", "en"))),
                        "timeZone": self.maybe(self.random.choice(("Europe/Berlin", "Asia/Tokyo")), 0.4),
                        "doNotContact": self.random.random() < 0.2,
                        "reportsToId": self.maybe(self.random.choice(made)) if half else None,
                        "accounts": [
                            {
                                "id": account,
                                "roles": self.some(("DECISION_MAKER", "BILLING", "USER", "OTHER"), 3),
                                "isPrimary": place == 0 and ended is None and self.random.random() < 0.6,
                                "startedOn": self.maybe(f"20{self.random.randint(10, 24)}-01-01"),
                                "endedOn": ended,
                            }
                            for place, account in enumerate(self.some(accounts, 4))
                        ],
                        "addresses": [
                            {"id": address, "kind": kind}
                            for address, kind in zip(
                                self.some(addresses, 3), ("MAILING", "OTHER", "LEGAL"), strict=False
                            )
                        ],
                        "labels": [{"id": label} for label in self.some(labels, 2)],
                        "groups": [{"id": group} for group in self.some(groups[:2], 2)],
                        "phones": self.phones(),
                        "emails": self.emails(),
                        "externalIds": [{"system": "crm", "value": f"{half}/{number}"}] if number % 3 == 0 else [],
                    }
                )
            made += await self.write("createContacts", "CreateContactInput", inputs)
        return made

    async def sources(self, accounts: Sequence[str], contacts: Sequence[str]) -> None:
        """Sources of some accounts, referrals among them."""
        inputs = [
            {
                "accountId": account,
                "category": category,
                "detail": self.maybe(self.name()),
                "occurredAt": self.maybe(f"2025-0{self.random.randint(1, 9)}-01T12:00:00.5+02:00"),
                "referrerAccountId": self.random.choice(accounts) if category == "REFERRAL" else None,
                "referrerContactId": self.maybe(self.random.choice(contacts), 0.2),
            }
            for account in self.some(accounts, 60)
            for category in self.some(("WEBSITE", "REFERRAL", "SOCIAL_AD", "API"), 2)
        ]
        await self.write("createAccountSources", "CreateAccountSourceInput", inputs)

    def task(self, actors: Sequence[str]) -> dict[str, Any]:
        """An input of a task."""
        return {
            "title": self.name(),
            "description": self.maybe('first line\n\tsecond "line" 😀', 0.3),
            "assigneeId": self.maybe(self.random.choice(actors)),
            "dueOn": self.maybe(f"2026-0{self.random.randint(1, 9)}-{self.random.randint(1, 28):02}"),
            "status": self.random.choice(("OPEN", "OPEN", "IN_PROGRESS", "WAITING", "DONE", "CANCELLED")),
            "priority": self.random.choice(("URGENT", "HIGH", "NORMAL", "NORMAL", "LOW")),
        }

    async def tasks_and_notes(self, actors: Sequence[str]) -> None:
        """Tasks and notes on some records of every type that has them."""
        for record in self.bench.accord.catalogue.records():
            if "notes" not in record.members:
                continue
            query = f"{{ {record.plural}(first: 100) {{ nodes {{ id }} }} }}"
            found = [one["id"] for one in (await self.bench.ask(query))[record.plural]["nodes"]]
            tasks = [self.task(actors) | {"subjectId": self.random.choice(found)} for _ in range(8)]
            await self.write("createTasks", "CreateTaskInput", tasks)
            notes = [{"text": f"{self.name()}\n{number}", "isPinned": number % 3 == 0} for number in range(6)]
            inputs = [note | {"subjectId": self.random.choice(found)} for note in notes]
            await self.write("createNotes", "CreateNoteInput", inputs)

    async def changes(self, accounts: Sequence[str]) -> None:
        """Later changes, so that versions and times differ, and contacts that come back to a former account."""
        renamed = [{"id": account, "name": self.name()} for account in accounts[::7]]
        await self.write("updateAccounts", "UpdateAccountInput", renamed)
        query = """{ accountContacts(first: 100, filter: {isOngoing: {eq: false}})
          { nodes { account { id } contact { id } } } }"""
        former = (await self.bench.ask(query))["accountContacts"]["nodes"]
        again = [{"accountId": one["account"]["id"], "contactId": one["contact"]["id"]} for one in former[::3]]
        await self.write("createAccountContacts", "CreateAccountContactInput", again)

    async def deletions(
        self,
        accounts: Sequence[str],
        contacts: Sequence[str],
        addresses: Sequence[str],
        labels: Mapping[str, Sequence[str]],
        actors: Sequence[str],
    ) -> None:
        """Records of every kind that are gone, in the middle of the hierarchy too."""
        await self.delete("deleteContacts", contacts[0 : CONTACTS // 2 : 4])
        await self.delete("deleteAccounts", [*accounts[:12:3], *accounts[15::10]])
        await self.delete("deleteAddresses", addresses[5::12])
        await self.delete("deleteLabels", [of_scope[2] for of_scope in labels.values()])
        await self.delete("deleteActors", actors[4:])
        links = ("accountContacts", "addressLinks", "labelLinks", "contactGroupMembers")
        for name in ("phones", "emails", *links, "tasks", "notes"):
            query = f"{{ {name}(first: 100) {{ nodes {{ id }} }} }}"
            found = [one["id"] for one in (await self.bench.ask(query))[name]["nodes"]]
            await self.delete(f"delete{name[0].upper()}{name[1:]}", found[::9])
