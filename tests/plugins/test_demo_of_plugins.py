"""The demo where healthcare and finance are enabled: their sheets become fields and records, too."""

import csv
from typing import Any

import pytest

from accord.config.demo.loading import load_demo
from accord.config.demo.sheets import DATA
from accord.config.testing import Gql, Host

BOTH = pytest.mark.accord_plugins("healthcare", "finance")
COUNTS = """{
  providers: accounts(filter: {healthcare: {role: {ne: NONE}}}) { totalCount }
  warned: healthcareUnsigned(first: 100) { name }
  customers: accounts(filter: {finance: {kycStatus: {isNull: false}}}) { totalCount }
  verified: accounts(filter: {finance: {kycStatus: {eq: VERIFIED}}}) { totalCount }
  people: contacts(filter: {finance: {birthDate: {isNull: false}}}) { totalCount }
  patients: contacts(filter: {healthcare: {mrn: {isNull: false}}}) { totalCount }
  financeBeneficialOwners { totalCount } financeIdentifiers { totalCount }
}"""


def sheet(plugin: str, name: str) -> list[dict[str, str]]:
    with (DATA / "plugins" / plugin / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@BOTH
async def test_what_plugins_know_is_loaded_with_the_rest(host: Host, gql: Gql):
    assert await load_demo(host.accord.writer, progress=lambda what, done, total: None) is not None
    found: dict[str, Any] = await gql(COUNTS)
    unsigned = [row for row in sheet("healthcare", "accounts") if row["role"] != "COVERED_ENTITY"]
    statuses = [row["kyc_status"] for row in sheet("finance", "accounts")]
    assert {name: value["totalCount"] for name, value in found.items() if name != "warned"} == {
        "providers": len(sheet("healthcare", "accounts")),
        "customers": 210,
        "verified": statuses.count("VERIFIED"),
        "people": len(sheet("finance", "contacts")),
        "patients": len(sheet("healthcare", "contacts")),
        "financeBeneficialOwners": len(sheet("finance", "beneficial_owners")),
        "financeIdentifiers": len(sheet("finance", "identifiers")),
    }
    assert len(found["warned"]) == sum(not row["baa_signed_on"] for row in unsigned) > 0
