"""The contract suite: what every plugin has to keep, tried on the plugin itself. `accord plugin check` runs it."""
