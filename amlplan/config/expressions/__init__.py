"""Expressions of the configuration: from syntax trees to values."""
