"""Migrations, the second of which throws the rows away."""
