"""What a deployment is wherever it runs: its revisions, keys and requests; knows no target."""
