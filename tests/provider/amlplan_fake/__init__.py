"""A fake target: engines that are folders, with images and deployments that are files."""
