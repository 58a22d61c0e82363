"""Accord, a headless account-management system: one GraphQL API over accounts, contacts and addresses."""

__version__ = "0.1.0"
