"""The history of runs in SQLite: a view over the event files of all runs of a workspace."""
