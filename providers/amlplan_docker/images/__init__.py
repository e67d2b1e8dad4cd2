"""What makes images on an engine, finds them and clears them away."""
