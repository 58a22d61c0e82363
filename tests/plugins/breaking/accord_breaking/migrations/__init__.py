"""Migrations, the second of which throws rows and a table away."""
