"""The in-memory platform itself."""
