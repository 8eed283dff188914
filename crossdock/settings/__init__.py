"""The operator's configuration: read, checked as a whole, and turned into frozen values."""
