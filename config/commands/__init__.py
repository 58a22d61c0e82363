"""The commands of the command line. What is slow to import, a command imports when it runs."""
