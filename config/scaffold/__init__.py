"""The scaffold: a plugin to begin with, which installs, and whose tests pass as it is written."""
