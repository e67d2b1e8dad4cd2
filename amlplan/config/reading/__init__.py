"""Reads folders of configuration into blocks."""
