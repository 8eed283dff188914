"""Forgetting a person: what is personal is taken out of all that is kept, and does not come back (R13)."""
