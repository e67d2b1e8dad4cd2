"""Snapshots of source folders: what belongs to them, their content, and copies of them."""
