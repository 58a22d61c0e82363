"""Idempotency keys of plugins' own work and of their mutations."""

from typing import Any

import pytest

from accord.plugins.contexts import AskFailed
from accord.tests.plugins.working.toy_host import Toys

CREATE = """mutation ($name: String!) {
  createAccount(input: {name: $name}, idempotencyKey: "review-1") { recordId } }"""


async def test_a_key_of_a_plugins_own_work_is_nobody_elses(toys: Toys):
    """Not of those who call without a token, who act as the system like it, nor of another plugin."""
    contexts = toys.bench.accord.contexts
    made = [await toys.bench.ask(CREATE, name="Anybody's")]
    for plugin in ("hipaa", "kyc"):
        made.append(await contexts.of(plugin).ask(CREATE, name=f"Of {plugin}"))
        assert await contexts.of(plugin).ask(CREATE, name=f"Of {plugin}") == made[-1]  # its own comes again
    assert await toys.bench.ask(CREATE, name="Anybody's") == made[0]
    assert len({one["createAccount"]["recordId"] for one in made}) == 3
    with pytest.raises(AskFailed, match="used with another input"):
        await contexts.of("kyc").ask(CREATE, name="Other")


async def test_a_mutation_with_a_key_takes_numbers_of_any_size(toys: Toys):
    account = await toys.create("Kestrel")

    async def sign(number: str) -> Any:
        document = f"""mutation ($account: ID!) {{ it: hipaaSign(account: $account, on: "2026-02-01",
          terms: {{title: "BAA"}}, more: {{number: {number}}}, idempotencyKey: "k") {{
          result {{ id }} violations {{ code }} }} }}"""
        return (await toys.bench.run(document, permissions=["hipaa.sign"], account=account)).decoded()

    first = await sign("1" + "0" * 30)
    assert first["data"]["it"]["violations"] == []
    assert await sign("1" + "0" * 30) == first
    assert (await sign("2" + "0" * 30))["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_MISMATCH"
