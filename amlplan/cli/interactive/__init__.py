"""Evaluating expressions that somebody types."""
