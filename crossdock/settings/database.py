"""What can stand behind the key ``database``."""

from __future__ import annotations

import re
from pathlib import Path

from canonical.errors import Problem

SQLITE = "sqlite:///"
DEFAULT = f"{SQLITE}crossdock.sqlite"
_KINDS = (SQLITE, "postgresql://", "postgres://", "postgresql+psycopg://")
_WRITTEN = re.compile(r"^database:[ \t]+(?P<quote>[\"']?)(?P<url>[^\s\"']+)(?P=quote)", re.MULTILINE)


def database_problem(url: str) -> Problem | None:
    """What is wrong with a database URL, its references read; it is not repeated, it may hold a password."""
    if url.startswith(_KINDS) and url not in _KINDS:
        return None
    return Problem("not a database URL", hint="write sqlite:///FILE or postgresql://USER@HOST/NAME")


def absolute(url: str, folder: Path) -> str:
    """The URL with the path of a SQLite file made absolute from a folder."""
    if not url.startswith(SQLITE) or url == f"{SQLITE}:memory:":
        return url
    return f"{SQLITE}{(folder / url.removeprefix(SQLITE)).resolve()}"


def written_in(text: str) -> str:
    """What the line ``database:`` says in a text that need not be valid otherwise, not even as YAML."""
    found = _WRITTEN.search(text)
    return found["url"] if found else DEFAULT
