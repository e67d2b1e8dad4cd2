"""Requests and responses for scoring scripts."""
