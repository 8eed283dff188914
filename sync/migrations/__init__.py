"""The schema of the hub's database, one revision a file."""
