"""What becomes of plugins of a site, with everything that is wrong with them."""

from typing import Any

from accord.config.plugin_loading import Survey, survey_plugins
from accord.config.settings import Settings
from accord.plugins.loading import discover
from accord.tests.plugins.installing import Site


def survey(site: Site, *names: str, **settings: Any) -> Survey:
    """What becomes of plugins of the site alone."""
    return survey_plugins(Settings(plugins=names, **settings), discover([str(site.folder)]))


def problems(site: Site, *names: str, **settings: Any) -> list[str]:
    return [str(problem) for problem in survey(site, *names, **settings).problems]
