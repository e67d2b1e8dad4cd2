"""The view over event files of runs in a PostgreSQL server that several hosts share."""
