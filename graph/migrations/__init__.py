"""The migrations of the core tables, oldest first."""
