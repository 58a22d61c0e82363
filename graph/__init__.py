"""The customer graph: its records, how they are read and how they are changed."""
