"""Desired, recorded and observed resources become a plan."""
