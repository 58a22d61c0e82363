"""Migrations of the finance plugin."""
