"""Platform shape to canonical and back: a pure engine and the shipped YAML."""
