"""Checks of what a plugin declares, for which nothing has to be stored."""

import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

from ...graph.migrating import MigrationError
from ...graph.migrating.loading import load_migrations
from ...plugins.calling import Hooks
from ...plugins.keywords import plugin_modules
from ...plugins.loading import LoadedPlugin, discover
from ...plugins.plugin import Plugin
from ...plugins.violations import Rule
from ...schema.building import BuiltSchema, build_schema
from ..composition import CORE
from ..plugin_loading import apps_of, catalogue_of, survey_plugins
from ..plugin_work import all_operations
from ..settings import Settings
from ..testing.host import settings_of
from .blocking import find_blocking_calls


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Plugins as a server would load them, with the schema that they make; or all that is wrong with them."""

    plugins: tuple[LoadedPlugin, ...]
    schema: BuiltSchema | None
    problems: tuple[str, ...]


def load(settings: Settings) -> Loaded:
    """Load the plugins of these settings, and build their schema."""
    survey = survey_plugins(settings, discover())
    problems = [str(problem) for problem in survey.problems]
    schema = None
    if not problems:
        try:
            schema = build_schema(
                catalogue_of(survey.plugins),
                name=lambda: f"contract{uuid4().hex}",
                operations=all_operations(Hooks([one.plugin for one in survey.plugins])),
            )
        except Exception as error:  # whatever a plugin's declarations do to what is made from them
            problems.append(f"the schema can't be built: {type(error).__name__}: {error}")
    return Loaded(plugins=survey.plugins, schema=schema, problems=tuple(problems))


async def find_unusable_migrations(plugins: Sequence[LoadedPlugin]) -> list[str]:
    """What is wrong with the migrations of these plugins."""
    try:
        await load_migrations((CORE, *apps_of(plugins)))
    except MigrationError as error:
        return [str(error)]
    return []


def find_unlisted_rules(kind: type[Plugin]) -> Iterator[str]:
    """Rules that are declared and not listed, and codes that don't begin with the plugin's name."""
    listed = {id(rule) for rule in kind.rules}
    prefix = f"{kind.name.upper()}_"
    for module in plugin_modules(kind):
        for name, value in vars(module).items():
            if isinstance(value, Rule) and id(value) not in listed:
                yield f"the rule {name} ({value.code}) in {module.__name__} is not among the plugin's rules"
                listed.add(id(value))  # said once, wherever else it is imported
    for rule in kind.rules:
        if not rule.code.startswith(prefix):
            yield f"the rule {rule.code} doesn't begin with {prefix}"


async def find_differing_schemas(loaded: Loaded, settings: Settings) -> list[str]:
    """Whether the schema comes out otherwise in another process, which has another seed for its sets."""
    if loaded.schema is None:
        return []
    seed = {"PYTHONHASHSEED": "7" if os.environ.get("PYTHONHASHSEED") != "7" else "8"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"import sys; from {__name__} import print_schema; print_schema(sys.stdin.read())",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **seed, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    out, err = await process.communicate(settings.model_dump_json().encode())
    if process.returncode:
        last = (err.decode().strip() or "nothing was said").splitlines()[-1]
        return [f"the schema can't be built in a process of its own: {last}"]
    first, other = loaded.schema.schema.as_str(), out.decode()
    if other == first:
        return []
    pairs = zip(first.splitlines(), other.splitlines(), strict=False)
    lines = next((f"{a!r} and {b!r}" for a, b in pairs if a != b), "one is longer")
    return [f"two processes make different schemas: {lines}"]


def print_schema(settings: str) -> None:
    """Write the schema that these settings make, for a comparison."""
    loaded = load(settings_of(settings))
    sys.stdout.write(loaded.schema.schema.as_str() if loaded.schema else "\n".join(loaded.problems))


def find_waiting_calls(kind: type[Plugin]) -> list[str]:
    """Calls in async functions that wait without awaiting."""
    return [text for module in plugin_modules(kind) for text in find_blocking_calls(module)]
