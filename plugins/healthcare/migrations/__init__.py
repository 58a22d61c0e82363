"""Migrations of the healthcare plugin."""
