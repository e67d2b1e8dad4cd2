"""What amlplan manages on a Docker engine: compute, images, deployments, runs."""
