"""The records of the customer graph, one file each."""

from .account import Account
from .account_ancestry import AccountAncestry
from .account_contact import AccountContact
from .account_source import AccountSource
from .actor import Actor
from .address import Address
from .address_link import AddressLink
from .contact import Contact
from .contact_group import ContactGroup
from .contact_group_member import ContactGroupMember
from .email import Email
from .external_id import ExternalId
from .label import Label
from .label_link import LabelLink
from .naming_rule import NamingRule
from .note import Note
from .phone import Phone
from .task import Task

RECORDS = (
    Actor,
    Account,
    AccountAncestry,
    AccountSource,
    Contact,
    AccountContact,
    ContactGroup,
    ContactGroupMember,
    Address,
    AddressLink,
    Phone,
    Email,
    ExternalId,
    Label,
    LabelLink,
    NamingRule,
    Task,
    Note,
)
