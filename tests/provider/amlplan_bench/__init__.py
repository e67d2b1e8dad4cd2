"""A provider for tests: cheap objects in a world that counts what happens to it."""
