"""Runs: what is asked becomes a process with a supervisor, and what it did is followed."""
