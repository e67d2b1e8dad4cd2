"""Conda environment files: read, and told as requirements of the Python package index."""
