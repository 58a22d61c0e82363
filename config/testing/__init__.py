"""The test kit: what a plugin's tests import. Its fixtures come by themselves where Accord is installed.

host            an open Accord with the plugins that the test names, on an empty database
gql             run documents as somebody who may do everything
as_actor        `as_actor("hipaa.phi.read")` runs them as somebody with these permissions alone
make_account, make_contact, make_address    create records
clock           turn the time
outbox          do the work that waits for a commit
statements      count statements
check_contract  run what `accord plugin check` runs
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .fixtures import AsActor, CheckContract
    from .host import Clock, Gql, Host, Make, Outbox, Statements, assert_violation

__all__ = [
    "AsActor",
    "CheckContract",
    "Clock",
    "Gql",
    "Host",
    "Make",
    "Outbox",
    "Statements",
    "assert_violation",
]


def __getattr__(name: str) -> Any:
    """Bring a name when it is asked for: pytest loads the fixtures in every run, and must not load all of Accord."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = ".fixtures" if name in {"AsActor", "CheckContract"} else ".host"
    return getattr(import_module(module, __name__), name)
