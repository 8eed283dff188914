"""The files that `crossdock init` writes."""
