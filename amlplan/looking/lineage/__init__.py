"""What something came from, and what came from it: deployments, images, models, runs, commits."""
