"""Turns blocks into objects with values, as what they refer to becomes known."""
