"""A plan becomes journalled operations on providers."""
