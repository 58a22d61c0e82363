"""Its attributes are misspelt, or of another kind than the contract says."""

from typing import Any

from accord.plugins import Plugin, PluginSettings, Rule


class WrongAttributes(Plugin):
    """All that can be wrong about an attribute."""

    name = "wrongattributes"
    permisions: Any = ()
    after: Any = "clinic"
    models: Any = ()
    rules: Any = ("A_RULE",)
    settings_type: Any = dict
    setting_type = PluginSettings


class RepeatedRules(Plugin):
    """Two rules with one code, and permissions that are not its own."""

    name = "repeatedrules"
    rules = (Rule(code="TWICE", message="One."), Rule(code="TWICE", message="Two."))
