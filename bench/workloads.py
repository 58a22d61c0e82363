"""The workloads: documents and the variables that they are sent with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from accord.bench.population import FAMILY, GIVEN, INDUSTRIES, TITLES, TOWNS

Variables = dict[str, Any]
MORE = "__more__"


@dataclass(frozen=True, kw_only=True)
class World:
    """What workloads name of a database: ids of accounts, and the cursor before page 200 of all, by name."""

    accounts: Sequence[str]
    page_200: str
    fields: str = ""  # more fields of each account, where a document has a place for them


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One kind of request. `variables` makes those of a run, which has a number; the server gets them by turns."""

    name: str
    title: str
    document: str
    variables: Callable[[World, int], Sequence[Variables]]
    is_write: bool = False

    def bodies(self, world: World, run: int = 0) -> list[bytes]:
        """The requests of a run as they are posted."""
        document = " ".join(self.document.replace(MORE, world.fields).split())
        return [orjson.dumps({"query": document, "variables": one}) for one in self.variables(world, run)]


EIGHT = "id name number kind industry website employeeCount createdAt"

ONE = Workload(
    name="W1",
    title="one account by id, 8 fields",
    document=f"query W1($id: ID!) {{ account(id: $id) {{ {EIGHT} }} }}",
    variables=lambda world, run: [{"id": id_} for id_ in world.accounts],
)
LIST = Workload(
    name="W2",
    title="50 accounts, 8 fields",
    document=f"query W2($first: Int!) {{ accounts(first: $first) {{ nodes {{ {EIGHT} }} }} }}",
    variables=lambda world, run: [{"first": 50}],
)
NESTED = Workload(
    name="W3",
    title="50 accounts by name, 10 contacts each, the addresses of all",
    document="""
        query W3($accounts: Int!, $contacts: Int!, $addresses: Int!, $order: [AccountOrder!]) {
          accounts(first: $accounts, orderBy: $order) {
            nodes {
              id name industry
              contacts(first: $contacts) { nodes { id name title addresses(first: $addresses) { nodes { ...place } } } }
              addresses(first: $addresses) { nodes { ...place } }
            }
          }
        }
        fragment place on Address { id streetLines city postalCode country { code } }
    """,
    variables=lambda world, run: [{"accounts": 50, "contacts": 10, "addresses": 5, "order": [{"name": "ASC"}]}],
)
FILTERED = Workload(
    name="W4",
    title="filter, order, first 50, total count",
    document=f"""
        query W4($filter: AccountFilter, $order: [AccountOrder!], $first: Int!) {{
          accounts(filter: $filter, orderBy: $order, first: $first) {{ totalCount nodes {{ {EIGHT} }} }}
        }}
    """,
    variables=lambda world, run: [
        {
            "filter": {"industry": {"eq": industry}, "lifecycleStage": {"eq": "CUSTOMER"}},
            "order": [{"createdAt": "DESC"}],
            "first": 50,
        }
        for industry in INDUSTRIES
    ],
)
PAGES = f"""
    query W5($first: Int!, $after: String) {{
      accounts(first: $first, after: $after, orderBy: [{{name: ASC}}]) {{
        nodes {{ {EIGHT} }} pageInfo {{ hasNextPage endCursor }}
      }}
    }}
"""
FIRST_PAGE = Workload(
    name="P1",
    title="page 1 of 50 by cursor",
    document=PAGES,
    variables=lambda world, run: [{"first": 50}],
)
PAGE_200 = Workload(
    name="W5",
    title="page 200 of 50 by cursor",
    document=PAGES,
    variables=lambda world, run: [{"first": 50, "after": world.page_200}],
)


def _new_account(number: int) -> Variables:
    """An account with two contacts and two addresses; `number` counts through all runs."""

    def contact(place: int) -> Variables:
        given, family = GIVEN[(number + place) % len(GIVEN)], FAMILY[(number // 7 + place) % len(FAMILY)]
        return {"givenName": given, "familyName": family, "title": TITLES[number % len(TITLES)], "isPrimary": True}

    def address(place: int, kind: str) -> Variables:
        town, code = TOWNS[(number + place) % len(TOWNS)]
        lines = [f"Gasse {number % 200}"]
        return {"kind": kind, "streetLines": lines, "city": town, "postalCode": code, "country": {"code": "DE"}}

    return {
        "name": f"New {number:08}",
        "kind": "BUSINESS",
        "industry": INDUSTRIES[number % len(INDUSTRIES)],
        "contacts": [contact(0), contact(5)],
        "addresses": [address(0, "BILLING"), address(2, "SHIPPING")],
    }


PLUGINS = ("finance", "healthcare")
OF_PLUGINS = "healthcare { role npi baaSignedOn } finance { kycStatus risk kycVerifiedOn }"
EXTENDED = Workload(
    name="X1",
    title="50 accounts, 8 fields, and those of two plugins",
    document=f"query X1($first: Int!) {{ accounts(first: $first) {{ nodes {{ {EIGHT} {MORE} }} }} }}",
    variables=lambda world, run: [{"first": 50}],
)
CREATE = Workload(
    name="M1",
    title="a new account with 2 contacts and 2 addresses",
    document="""
        mutation M1($input: CreateAccountInput!) {
          createAccount(input: $input) {
            account {
              id name version
              contacts(first: 5) { nodes { id name } }
              addresses(first: 5) { nodes { id city } }
            }
            violations { code message path }
          }
        }
    """,
    variables=lambda world, run: [{"input": _new_account(run * 1000 + number)} for number in range(1000)],
    is_write=True,
)
UPDATE = Workload(
    name="M2",
    title="a new value in one account",
    document="""
        mutation M2($input: UpdateAccountInput!) {
          updateAccount(input: $input) {
            account { id name version employeeCount }
            violations { code message path }
          }
        }
    """,
    # twice around with another value each, so that every update changes something
    variables=lambda world, run: [
        {"input": {"id": id_, "employeeCount": run * 2 + turn}} for turn in (1, 2) for id_ in world.accounts
    ],
    is_write=True,
)

WORKLOADS = (ONE, LIST, NESTED, FILTERED, FIRST_PAGE, PAGE_200, CREATE, UPDATE)
