"""A toy app whose models are those after all of its migrations."""
