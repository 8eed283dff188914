"""What can stand behind the key ``database``."""

from __future__ import annotations

from canonical.errors import Problem

SQLITE = "sqlite:///"
_KINDS = (SQLITE, "postgresql://", "postgres://", "postgresql+psycopg://")


def database_problem(url: str) -> Problem | None:
    """What is wrong with a database URL, its references read; it is not repeated, it may hold a password."""
    if url.startswith(_KINDS) and url not in _KINDS:
        return None
    return Problem("not a database URL", hint="write sqlite:///FILE or postgresql://USER@HOST/NAME")
