"""Runs: what a script is run from, and what is kept of it."""
