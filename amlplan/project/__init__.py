"""A project: its configuration, providers, lock and state, opened for one command or program."""
