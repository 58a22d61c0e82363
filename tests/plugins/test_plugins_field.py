"""The field `plugins`: what everybody may know of the enabled plugins, and what only operators may."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from accord.config.composition import Accord, open_accord, target_of
from accord.config.settings import Settings
from accord.graph.bootstrap import SYSTEM_ACTOR
from accord.graph.migrating import apply
from accord.plugins import Plugin, PluginSettings, hookimpl
from accord.schema.exchange import Caller, Request
from accord.schema.plugin_report import MANAGE
from accord.tests.plugins.installing import Site

PUBLIC = """{ plugins { name title version distribution apiVersion state description after
  fields { record name type description filterable classified permission mask }
  records { name } operations { kind name permission } rules { code severity reference } permissions { name }
  examples { title query } } }"""
OPERATORS = """{ plugins { name state reason settings { name value source } hooks { name calls failures p95Ms }
  migrations { name applied } } }"""


@pytest.fixture
async def accord(tmp_path: Path) -> AsyncIterator[Accord]:
    """An Accord with healthcare enabled and finance merely installed."""
    settings = Settings(database=f"sqlite:{tmp_path / 'accord.db'}", plugins=("healthcare",))
    await apply(target_of(settings), progress=lambda step: None)
    async with open_accord(settings) as opened:
        yield opened


async def ask(accord: Accord, query: str, *permissions: str) -> Any:
    """The plugins, as an actor with these permissions sees them, by name."""
    caller = Caller(actor=SYSTEM_ACTOR, request="test", permissions=frozenset(permissions))
    answer = (await accord.service.run(Request(query=query), caller)).decoded()
    assert "errors" not in answer, answer
    return {one["name"]: one for one in answer["data"]["plugins"]}


async def test_everybody_sees_what_an_enabled_plugin_adds(accord: Accord) -> None:
    found = await ask(accord, PUBLIC)
    assert [*found] == ["healthcare"]
    healthcare = found["healthcare"]
    assert healthcare["title"] == "Healthcare (HIPAA)"
    assert (healthcare["state"], healthcare["distribution"], healthcare["apiVersion"]) == ("ENABLED", "accord", "1.0")
    fields = {one["name"]: one for one in healthcare["fields"]}
    assert fields["healthcare.npi"] == {
        "record": "Account",
        "name": "healthcare.npi",
        "type": "String",
        "description": "National Provider Identifier, ten digits.",
        "filterable": True,
        "classified": None,
        "permission": None,
        "mask": None,
    }
    secret = fields["healthcare.mrn"]
    assert (secret["record"], secret["classified"], secret["permission"]) == ("Contact", "PHI", "healthcare.phi.read")
    assert secret["mask"] == "•••• and the last 4"
    assert {"code": "HEALTHCARE_NPI_NEEDED", "severity": "ERROR", "reference": "45 CFR 162.410(a)(1)"} in (
        healthcare["rules"]
    )
    assert healthcare["permissions"] == [{"name": "healthcare.phi.read"}]


async def test_the_examples_of_the_shipped_plugins_run(tmp_path: Path) -> None:
    settings = Settings(database=f"sqlite:{tmp_path / 'accord.db'}", plugins=("healthcare", "finance"))
    await apply(target_of(settings), progress=lambda step: None)
    async with open_accord(settings) as accord:
        found = await ask(accord, PUBLIC)
        assert [*found] == ["finance", "healthcare"]
        for plugin in found.values():
            assert plugin["examples"], plugin["name"]
            for example in plugin["examples"]:
                caller = Caller(actor=SYSTEM_ACTOR, request="test")
                answer = (await accord.service.run(Request(query=example["query"]), caller)).decoded()
                assert "errors" not in answer, answer


async def test_how_plugins_are_set_and_fare_is_for_operators(accord: Accord) -> None:
    hidden = (await ask(accord, OPERATORS))["healthcare"]
    assert (hidden["settings"], hidden["hooks"], hidden["migrations"], hidden["reason"]) == (None, None, None, None)
    await accord.service.run(
        Request(query='mutation { createAccount(input: {name: "Kestrel"}) { recordId } }'),
        Caller(actor=SYSTEM_ACTOR, request="test"),
    )
    found = await ask(accord, OPERATORS, MANAGE)
    assert {name: one["state"] for name, one in found.items()} == {"finance": "AVAILABLE", "healthcare": "ENABLED"}
    assert found["finance"]["reason"] == "not enabled"
    healthcare = found["healthcare"]
    assert {"name": "agreement_needed", "value": "true", "source": "default"} in healthcare["settings"]
    assert {"name": "0001_initial", "applied": True} in healthcare["migrations"]
    validate = next(one for one in healthcare["hooks"] if one["name"] == "validate")
    assert (validate["calls"], validate["failures"]) == (1, 0)
    assert validate["p95Ms"] > 0


class GuardedSettings(PluginSettings):
    """How it reaches its register."""

    key: SecretStr = SecretStr("open sesame")


class Guarded(Plugin):
    """Looks things up in a register, which is away."""

    name = "guarded"
    settings_type = GuardedSettings

    @hookimpl
    async def health(self) -> str:
        return "the register can't be reached"


async def test_secrets_of_a_plugin_are_hidden_and_its_trouble_is_told(tmp_path: Path, site: Site) -> None:
    site.describe("toy-guarded", "guarded = accord.tests.plugins.test_plugins_field:Guarded")
    settings = Settings(database=f"sqlite:{tmp_path / 'accord.db'}", plugins=("guarded", "healthcare"))
    await apply(target_of(settings), progress=lambda step: None)
    async with open_accord(settings) as accord:
        found = await ask(accord, OPERATORS, MANAGE)
    assert (found["guarded"]["state"], found["guarded"]["reason"]) == ("DEGRADED", "the register can't be reached")
    assert found["guarded"]["settings"] == [{"name": "key", "value": '"***"', "source": "default"}]
    assert (found["healthcare"]["state"], found["healthcare"]["reason"]) == ("ENABLED", None)
