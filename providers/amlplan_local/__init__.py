"""What amlplan manages on the control machine itself."""
