"""Accords with plugins, on databases that are made ready for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from accord.config.composition import migration_target, open_accord
from accord.config.plugin_loading import catalogue_of, load_plugins
from accord.config.settings import Settings
from accord.config.testing.host import Clock
from accord.graph.migrating import Report, Target, apply
from accord.tests.accord_fixture import Bench, core_schema


def settings(location: str, *names: str) -> Settings:
    return Settings(database=location, plugins=names)


def target(location: str, *names: str) -> Target:
    """What a database is to be taken to with these plugins."""
    plugins = load_plugins(settings(location, *names))
    return migration_target(settings(location), catalogue_of(plugins), plugins=plugins, clock=Clock())


async def enable(location: str, *names: str) -> Report:
    return await apply(target(location, *names), progress=lambda step: None)


@asynccontextmanager
async def opened(location: str, *names: str) -> AsyncIterator[Bench]:
    """An Accord with these plugins, on a database as it is."""
    clock = Clock()
    schema = None if names else core_schema()
    async with open_accord(settings(location, *names), clock=clock, schema=schema) as accord:
        yield Bench(accord=accord, clock=clock)
