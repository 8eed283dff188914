"""What wakes the part that syncs: an engine in the process, or one that all processes on a PostgreSQL share."""
