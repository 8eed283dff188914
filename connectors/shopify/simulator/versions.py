"""The API versions that are supported, oldest first."""

from __future__ import annotations

import re

VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")


def served_version(asked: str) -> str | None:
    """The version that answers a request: an expired one falls forward to the oldest, a future one is unknown."""
    if asked in VERSIONS:
        return asked
    if asked == "unstable":
        return VERSIONS[-1]
    known = re.fullmatch(r"20\d\d-(01|04|07|10)", asked) is not None
    return VERSIONS[0] if known and asked < VERSIONS[0] else None
