"""What makes a whole application: settings, the application itself, the command line, and the test kit."""
