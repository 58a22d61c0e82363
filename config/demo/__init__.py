"""The demo: a plausible company's book of business, in sheets that are loaded through the write path."""
