"""State backends: where a state is kept, and how it survives whatever happens to its writer."""
