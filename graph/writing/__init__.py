"""Writing: an input becomes changes, checked together and written in one transaction."""
