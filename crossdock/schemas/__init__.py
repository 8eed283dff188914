"""JSON Schemas with which editors complete and check the configuration files."""
