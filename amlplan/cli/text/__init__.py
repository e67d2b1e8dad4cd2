"""Plans, reports and messages as text for people."""
