"""Idempotency: a request that comes again with its key gets its first outcome instead of running twice."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from ...plugins.violations import Severity, Violation
from ..catalogue import Kind
from ..databases.database import Transaction
from ..errors import InvalidInput
from ..storing import DatabaseKind, store
from ..values.text import refuse_controls
from .outcome import Outcome, WriteRequest

KEPT = timedelta(hours=24)
LONGEST_KEY = 200


def _place(number: int, kind: DatabaseKind) -> str:
    return f"?{number}" if kind == "sqlite" else f"${number}"


def _id(request: WriteRequest) -> str:
    key = str(request.idempotency_key)
    if not key or len(key) > LONGEST_KEY:
        raise InvalidInput("INVALID_KEY", f"An idempotency key has 1 to {LONGEST_KEY} characters; this has {len(key)}.")
    problem = refuse_controls(key)
    if problem is not None:
        raise InvalidInput("INVALID_KEY", f"An idempotency key is one line of text. {problem.message}")
    scope = f"/{request.scope}" if request.scope else ""
    return f"{request.actor}{scope}:{request.name}:{key}"


def fingerprint(arguments: Mapping[str, Any]) -> str:
    """What tells one input from another, of all arguments but the key."""
    stated = {name: value for name, value in arguments.items() if name != "idempotencyKey"}
    return hashlib.sha256(json.dumps(stated, sort_keys=True, default=str).encode()).hexdigest()


async def claim(transaction: Transaction, kind: DatabaseKind, request: WriteRequest, now: datetime) -> Outcome | None:
    """Claim the request's key; returns the outcome of the request that had it first, if there was one.

    A key belongs to its actor, scope and operation. A second request with it waits for the first to end. Raises
    InvalidInput IDEMPOTENCY_MISMATCH if the key came with another input, or from somebody with other permissions, who
    might have been told more.
    """
    if request.idempotency_key is None or request.dry_run:
        return None
    id_ = _id(request)
    one, two, three, four = (_place(number, kind) for number in range(1, 5))
    await transaction.execute(
        f"delete from idempotency_key where id = {one} and created_at < {two}",
        [id_, store(Kind.TIMESTAMP, now - KEPT, kind)],
    )
    claimed = await transaction.execute(
        f"insert into idempotency_key (id,fingerprint,outcome,created_at) values ({one},{two},{three},{four}) "
        "on conflict (id) do nothing",
        [id_, request.fingerprint, "null", store(Kind.TIMESTAMP, now, kind)],
    )
    if claimed:
        return None
    rows = await transaction.fetch(f"select fingerprint,outcome from idempotency_key where id = {one}", [id_])
    known, outcome = rows[0]
    if known != request.fingerprint:
        raise InvalidInput(
            "IDEMPOTENCY_MISMATCH",
            "This idempotency key was used with another input in the last 24 hours; use a new key for a new request.",
        )
    kept: dict[str, Any] = orjson.loads(outcome)
    if kept.get("permissions") != sorted(request.permissions):
        raise InvalidInput(
            "IDEMPOTENCY_MISMATCH",
            "This idempotency key was used with other permissions in the last 24 hours, and its answer is for those. "
            "The first request was carried out: read what it wrote before you send it again with a new key.",
        )
    return _loaded(kept)


async def remember(transaction: Transaction, kind: DatabaseKind, request: WriteRequest, outcome: Outcome) -> None:
    """Keep the outcome under the request's key, in the same transaction."""
    if request.idempotency_key is None:
        return
    violations = [
        [root, one.code, one.message, one.path, one.severity, one.reference, one.plugin]
        for root, one in outcome.violations
    ]
    kept = {"ids": outcome.ids, "violations": violations, "result": outcome.result}
    text = orjson.dumps({**kept, "permissions": sorted(request.permissions)}).decode()
    one, two = _place(1, kind), _place(2, kind)
    await transaction.execute(f"update idempotency_key set outcome = {one} where id = {two}", [text, _id(request)])


def _loaded(value: dict[str, Any]) -> Outcome:
    violations = tuple(
        (
            root,
            Violation(
                code=code,
                message=message,
                path=tuple(path),
                severity=Severity(severity),
                reference=reference,
                plugin=plugin,
            ),
        )
        for root, code, message, path, severity, reference, plugin in value["violations"]
    )
    ids = [UUID(one) if one else None for one in value["ids"]]
    return Outcome(ids=ids, violations=violations, result=value.get("result"))
