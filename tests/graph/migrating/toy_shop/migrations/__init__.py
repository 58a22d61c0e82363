"""The migrations of the toy shop."""
