"""Halves of characters in JSON, as programs leave them that cut texts by their length."""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_REPLACEMENT = b"\\ufffd"


def without_halves(content: bytes) -> bytes:
    """JSON with each half of a character replaced by the sign for that, U+FFFD; all else as it came.

    No decoder takes such a half, and one in the note of one order would make a whole page unreadable.
    """
    if _SURROGATE.search(content) is None:
        return content
    return _ESCAPE.sub(lambda found: _REPLACEMENT if found["half"] else found[0], content)
