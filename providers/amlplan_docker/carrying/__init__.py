"""Carries a run into a container: a program of this host under the run's supervisor."""
