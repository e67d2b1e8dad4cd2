"""States as wholes: which records a name means, what may be edited, what changed, what is wrong."""
