"""Serves scoring scripts: a front that speaks HTTP, and workers under the user's interpreter."""
