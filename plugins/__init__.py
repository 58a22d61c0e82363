"""What a plugin declares and implements, the loader, and the industry plugins that ship with Accord.

What a plugin may use stands in `__all__`: `from accord.plugins import …`. Everything else may change any day.
"""

from .calling import PluginFailed
from .changes import Change, ChangeKind
from .choices import Choices
from .column import Column
from .contexts import Access, AskFailed, Context, Event, Narrowing, Viewer
from .declarations import Policy, computed, group, through, unique
from .fields import AnyRecord, Code, Decimal, Document, Money, TextList, Timestamp
from .hooks import hookimpl
from .masks import NOTHING, Mask, fixed, last
from .operations import CommandContext, Due, JobContext, command, due, job, mutation, query
from .plugin import API_VERSION, Permission, Plugin, PluginSettings
from .records import AccountExtension, AddressExtension, ContactExtension, Record
from .shapes import of
from .units import Refused, Unit
from .violations import FieldError, Path, Rule, Severity, Violation

__all__ = [
    "API_VERSION",
    "NOTHING",
    "Access",
    "AccountExtension",
    "AddressExtension",
    "AnyRecord",
    "AskFailed",
    "Change",
    "ChangeKind",
    "Choices",
    "Code",
    "Column",
    "CommandContext",
    "ContactExtension",
    "Context",
    "Decimal",
    "Document",
    "Due",
    "Event",
    "FieldError",
    "JobContext",
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
    "Refused",
    "Rule",
    "Severity",
    "TextList",
    "Timestamp",
    "Unit",
    "Viewer",
    "Violation",
    "command",
    "computed",
    "due",
    "fixed",
    "group",
    "hookimpl",
    "job",
    "last",
    "mutation",
    "of",
    "query",
    "through",
    "unique",
]
