"""Its entry point names something else than a plugin."""


class Something:
    """No plugin."""
