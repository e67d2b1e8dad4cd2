"""What the server is in a container: one module for each word behind `python -m amlplan_serve`."""
