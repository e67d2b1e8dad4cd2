"""What makes deployments of containers, rolls them out, and tells how they are."""
