"""What a plugin offers to be called: queries, mutations, commands, jobs, and work that falls due, as methods of it."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar, overload
from uuid import UUID

from .contexts import Context
from .names import camel, pascal
from .plugin import Plugin
from .shapes import Nature, Part, Shape, WrongAnnotation, described, hints_of, shape_of

MARK = "__accord_operation__"
TAKEN = frozenset({"dry_run", "idempotency_key"})  # arguments that every mutation has

Given = ParamSpec("Given")
Made = TypeVar("Made")
Method = TypeVar("Method", bound=Callable[..., Awaitable[Any]])


class OperationKind(StrEnum):
    """How an operation is called, and what stands in the first place of the method."""

    QUERY = "query"
    MUTATION = "mutation"
    COMMAND = "command"
    JOB = "job"
    DUE = "due"


FIRST: Mapping[OperationKind, str] = {
    OperationKind.QUERY: "context",
    OperationKind.MUTATION: "unit",
    OperationKind.COMMAND: "context",
    OperationKind.JOB: "job",
    OperationKind.DUE: "context",
}


@dataclass(frozen=True, kw_only=True)
class Marked:
    """What a decorator notes with a method."""

    kind: OperationKind
    permission: str | None = None


class CommandContext(Context, Protocol):
    """What a command is given besides its options."""

    def say(self, text: str) -> None:
        """Print a line for whoever called the command."""
        ...

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Show how far the work has come."""
        ...


class JobContext(Context, Protocol):
    """What a job is given besides its arguments.

    A job that its process did not live to end is begun again, so that what must not be done twice looks whether it is
    done. Where a job is cancelled, `asyncio.CancelledError` is raised where it waits.
    """

    id: UUID
    attempts: int

    async def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Note how far the work has come, for those who ask for the job.

        Raises ValueError for numbers that are not whole, negative, or beyond 32 bits. A message is cut after 1,000
        characters.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Due:
    """Work whose time has come; it may come twice, with the same id.

    `record` is the id that it was scheduled with, `actor` who did what led to it.
    """

    id: UUID
    name: str
    at: datetime
    record: UUID | None
    actor: UUID
    data: Mapping[str, Any]
    attempts: int


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of a plugin; `api` is its name in the API or on the command line."""

    plugin: str
    kind: OperationKind
    name: str
    api: str
    permission: str | None
    description: str
    function: Callable[..., Awaitable[Any]] = field(repr=False)
    arguments: tuple[Part, ...] = ()
    result: Shape | None = None


def _with_parentheses(decorator: Callable[Given, Made]) -> Callable[Given, Made]:
    """Say what is meant where a method stands in the place of what the decorator may be told."""

    @wraps(decorator)
    def checked(*methods: Given.args, **given: Given.kwargs) -> Made:
        if methods:
            raise TypeError(f"write @{decorator.__name__}(), with its parentheses")
        return decorator(*methods, **given)

    return checked


@_with_parentheses
def query(*, permission: str | None = None) -> Callable[[Method], Method]:
    """Make a method a field of Query: `async def expiring(self, context, *, days: int = 30) -> list[...]`.

    The field's name is the plugin's and the method's, its arguments and type come from the annotations, its description
    from the docstring. It reads and changes nothing.
    """
    return _marked(Marked(kind=OperationKind.QUERY, permission=permission))


@_with_parentheses
def mutation(*, permission: str | None = None) -> Callable[[Method], Method]:
    """Make a method a field of Mutation: `async def sign(self, unit, *, account: Annotated[UUID, of("Account")]) -> …`.

    It works on one unit of work, which is checked and written as that of any other mutation.
    """
    return _marked(Marked(kind=OperationKind.MUTATION, permission=permission))


@_with_parentheses
def job(*, permission: str | None = None) -> Callable[[Method], Method]:
    """Make a method long work: `async def import_list(self, job, *, url: str)`.

    A mutation starts it, the query `job` says how far it is, `cancelJob` ends it. What it returns, an object of JSON,
    is its result.
    """
    return _marked(Marked(kind=OperationKind.JOB, permission=permission))


@overload
def command(method: Method, /) -> Method: ...
@overload
def command() -> Callable[[Method], Method]: ...
def command(method: Any = None, /) -> Any:
    """Make a method a command, `accord NAME METHOD`: `async def rescreen(self, context, *, limit: int = 100) -> None`.

    Arguments without a default are required options.
    """
    mark = _marked(Marked(kind=OperationKind.COMMAND))
    return mark if method is None else mark(method)


@overload
def due(method: Method, /) -> Method: ...
@overload
def due() -> Callable[[Method], Method]: ...
def due(method: Any = None, /) -> Any:
    """Make a method work that falls due: `async def review(self, context, due)`, planned by `schedule("review", …)`.

    Called at least once after its time, again later where it raises, and put aside after many attempts.
    """
    mark = _marked(Marked(kind=OperationKind.DUE))
    return mark if method is None else mark(method)


def _marked(marked: Marked) -> Callable[[Method], Method]:
    def mark(method: Method) -> Method:
        setattr(method, MARK, marked)
        return method

    return mark


def operations_of(plugin: Plugin) -> tuple[Sequence[Operation], Sequence[str]]:
    """The operations of a plugin by name, and what is wrong with others, in words for whoever wrote it."""
    found: list[Operation] = []
    problems: list[str] = []
    for name in sorted(dir(type(plugin))):
        marked = getattr(inspect.getattr_static(type(plugin), name, None), MARK, None)
        if not isinstance(marked, Marked):
            continue
        try:
            found.append(_operation(plugin, name, marked))
        except WrongAnnotation as wrong:
            problems.append(f"plugin {plugin.name}, {marked.kind} {name}: {wrong}")
    return found, problems


def is_due(plugin: Plugin, name: str) -> bool:
    """Whether a plugin has a method of that name for work that falls due."""
    marked = getattr(inspect.getattr_static(type(plugin), name, None), MARK, None)
    return isinstance(marked, Marked) and marked.kind is OperationKind.DUE


def _operation(plugin: Plugin, name: str, marked: Marked) -> Operation:
    """Read one method; raises WrongAnnotation."""
    function = getattr(plugin, name)
    if not inspect.iscoroutinefunction(function):
        raise WrongAnnotation("it has to be async: `async def`")
    kind = marked.kind
    declared = {permission.name for permission in plugin.permissions}
    if marked.permission is not None and marked.permission not in declared:
        raise WrongAnnotation(f"its permission {marked.permission} is not among the plugin's `permissions`; add it")
    hints = hints_of(function)
    parameters = list(inspect.signature(function).parameters.values())
    first, *rest = [one.name for one in parameters] or [""]
    if first != FIRST[kind] or (kind is OperationKind.DUE and rest[:1] != ["due"]):
        wanted = f"{FIRST[kind]}, due" if kind is OperationKind.DUE else FIRST[kind]
        raise WrongAnnotation(f"it begins with `self, {wanted}`; this begins with `self, {first}`")
    arguments: list[Part] = []
    for parameter in parameters[2 if kind is OperationKind.DUE else 1 :]:
        arguments.append(_argument(kind, parameter, hints))
    result: Shape | None = None
    returned = hints.get("return", type(None))
    if returned is not type(None) and kind in {OperationKind.QUERY, OperationKind.MUTATION}:
        try:
            result = shape_of(returned)
        except WrongAnnotation as wrong:
            raise WrongAnnotation(f"its result: {wrong}") from None
    if kind is OperationKind.QUERY and result is None:
        raise WrongAnnotation("a query says what it returns: `-> list[…]`")
    return Operation(
        plugin=plugin.name,
        kind=kind,
        name=name,
        api=name.replace("_", "-") if kind is OperationKind.COMMAND else camel(plugin.name) + pascal(name),
        permission=marked.permission,
        description=" ".join((inspect.getdoc(function) or f"{name.replace('_', ' ').capitalize()}.").split()),
        function=function,
        arguments=tuple(arguments),
        result=result,
    )


def _argument(kind: OperationKind, parameter: inspect.Parameter, hints: Mapping[str, Any]) -> Part:
    name = parameter.name
    if kind is OperationKind.DUE:
        raise WrongAnnotation(f"argument {name}: work that falls due takes none; what it needs stands in due.data")
    if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
        raise WrongAnnotation(f"argument {name}: it is given by name alone; write `*,` before it")
    if name not in hints:
        raise WrongAnnotation(f"argument {name}: say its type")
    if kind is not OperationKind.QUERY and name in TAKEN:
        raise WrongAnnotation(f"argument {name}: every mutation has one of that name; call it otherwise")
    try:
        shape = shape_of(hints[name])
    except WrongAnnotation as wrong:
        raise WrongAnnotation(f"argument {name}: {wrong}") from None
    plain = shape.element if shape.nature is Nature.LIST else shape
    if kind is OperationKind.COMMAND and plain.nature in {Nature.OBJECT, Nature.JSON, Nature.LIST}:
        raise WrongAnnotation(f"argument {name}: a command takes plain values, or lists of them")
    has_default = parameter.default is not inspect.Parameter.empty
    return Part(
        name=name,
        shape=shape,
        description=described(hints[name], name),
        has_default=has_default,
        default=parameter.default if has_default else None,
    )
