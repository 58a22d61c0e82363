"""The results of checks as text: a line each, and below it what is wrong and what to do."""

from collections.abc import Sequence

from .result import Outcome, Result


def told(results: Sequence[Result]) -> str:
    """A table of the results, plugin by plugin."""
    width = max((len(result.check) for result in results), default=0)
    places = max((len(result.place) for result in results), default=0)
    lines: list[str] = []
    plugin = ""
    for result in results:
        if result.plugin != plugin:
            plugin = result.plugin
            lines.append(plugin)
        note = f"  {result.note}" if result.note else ""
        lines.append(f"  {result.outcome.value} {result.check:{width}}  {result.place:{places}}{note}".rstrip())
        lines += [f"      {text}" for text in result.found]
        if result.failed and result.advice:
            lines.append(f"      Next: {result.advice}")
    return "\n".join(lines)


def summed_up(results: Sequence[Result]) -> str:
    """How many checks passed, failed and were not run."""
    counts = {outcome: sum(result.outcome is outcome for result in results) for outcome in Outcome}
    parts = [f"{counts[Outcome.PASSED]} passed", f"{counts[Outcome.FAILED]} failed"]
    if counts[Outcome.NOT_RUN]:
        parts.append(f"{counts[Outcome.NOT_RUN]} NOT RUN")
    return ", ".join(parts) + "."
