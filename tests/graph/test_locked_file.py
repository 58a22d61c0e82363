"""A file that another process writes to for too long: whoever waits is told so, and can write again afterwards."""

from contextlib import closing

import pytest

from accord.graph.databases.sqlite import newest_driver
from accord.tests.accord_fixture import Bench

CREATE = 'mutation { createAccount(input: {name: "Kestrel"}) { recordId violations { code } } }'


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_who_waits_for_too_long_is_told_that_the_database_is_busy(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accord.graph.databases.sqlite.BUSY_MS", 100)
    # the same library, since the locks of another one are none within a process
    with closing(newest_driver().connect(bench.accord.settings.database_location, isolation_level=None)) as other:
        other.execute("begin immediate")
        answer = (await bench.run(CREATE)).decoded()
        [error] = answer["errors"]
        assert (error["extensions"]["code"], error["path"]) == ("DATABASE_BUSY", ["createAccount"])
        assert error["message"] == "Another process has been writing for too long; try again in a moment."
        assert answer["data"] == {"createAccount": None}
        assert await bench.ask("{ accounts { totalCount } }") == {"accounts": {"totalCount": 0}}
        other.execute("rollback")
    assert (await bench.ask(CREATE))["createAccount"]["violations"] == []
