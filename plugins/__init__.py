"""What a plugin declares and implements, the loader, and the industry plugins that ship with Accord.

What a plugin may use stands in `__all__`: `from accord.plugins import …`. Everything else may change any day.
"""

from .calling import PluginFailed
from .changes import Change, ChangeKind, Unit
from .choices import Choices
from .contexts import Access, AskFailed, Context, Event, Narrowing, Viewer
from .declarations import Policy, computed, group, through, unique
from .fields import Code, Decimal, Document, Money, TextList, Timestamp
from .hooks import hookimpl
from .masks import NOTHING, Mask, fixed, last
from .plugin import API_VERSION, Permission, Plugin, PluginSettings
from .records import AccountExtension, AddressExtension, ContactExtension, Record
from .violations import FieldError, Path, Rule, Severity, Violation

__all__ = [
    "API_VERSION",
    "NOTHING",
    "Access",
    "AccountExtension",
    "AddressExtension",
    "AskFailed",
    "Change",
    "ChangeKind",
    "Choices",
    "Code",
    "ContactExtension",
    "Context",
    "Decimal",
    "Document",
    "Event",
    "FieldError",
    "Mask",
    "Money",
    "Narrowing",
    "Path",
    "Permission",
    "Plugin",
    "PluginFailed",
    "PluginSettings",
    "Policy",
    "Record",
    "Rule",
    "Severity",
    "TextList",
    "Timestamp",
    "Unit",
    "Viewer",
    "Violation",
    "computed",
    "fixed",
    "group",
    "hookimpl",
    "last",
    "through",
    "unique",
]
