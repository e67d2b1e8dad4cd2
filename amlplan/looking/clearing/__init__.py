"""Clearing away runs, and content that nothing refers to any more."""
