"""Running one operation for whoever streams: the one result of it, or the results as they come."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from uuid import uuid4

from graphql import GraphQLError, OperationType
from starlette.types import Scope

from ..exchange import Caller, Refused, Request, Result
from ..service import Service

log = logging.getLogger("accord.http")

FindService = Callable[[Scope], Service]
Identify = Callable[[Scope], Caller]  # raises Refusal
Admit = Callable[[Scope], None]  # raises Refusal
AUTHORIZATION = "accord.authorization"  # where a scope holds what a client stated in place of the header


async def results(service: Service, request: Request, caller: Caller) -> AsyncGenerator[Result, None]:
    """What comes of an operation of any kind: one result, or those of a subscription. Raises nothing."""
    try:
        if service.operation_type(request) is not OperationType.SUBSCRIPTION:
            yield await service.run(request, caller)
            return
        async with aclosing(service.subscribe(request, caller)) as events:
            async for result in events:
                yield result
    except Refused as refused:
        yield refused.result
    except Exception as error:  # the edge: what nobody expected goes to the log, and no word of it to the client
        yield failure(error, caller)


def failure(error: Exception, caller: Caller | None) -> Result:
    """Write an unexpected error to the log, and give what the client may know of it."""
    incident = uuid4().hex[:12]
    log.error("incident %s in request %s", incident, caller.request if caller else "-", exc_info=error)
    message = f"Something went wrong inside Accord; tell the operator about incident {incident}."
    shown = GraphQLError(message, extensions={"code": "INTERNAL_ERROR", "incident": incident})
    return Result(data=None, errors=[shown], ran=False)
