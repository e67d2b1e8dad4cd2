"""Hands runs on to an MLflow server, by its REST interface alone."""
