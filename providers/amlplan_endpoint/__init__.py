"""The service of a run on its own host: MLflow's REST calls, and a few of ours, for its script.

A program of its own (`python -m amlplan_endpoint`), started by the supervisor of a run when
something first connects to the run's port, and ended with the run. What it is told is appended to
an event file in the run's folder before it answers.
"""
