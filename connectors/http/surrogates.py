"""What no program that follows can hold of a text in JSON: halves of characters, left by whoever cut it, and NUL."""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<bad>\\u(?:[dD][89a-fA-F][0-9a-fA-F]{2}|0000))|\\.",
    re.DOTALL,
)
_SUSPECT = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)")
_REPLACEMENT = b"\\ufffd"


def without_halves(content: bytes) -> bytes:
    """JSON with each half of a character, and each NUL, replaced by the sign for that, U+FFFD; all else as it came.

    No decoder takes such a half, and PostgreSQL no NUL: one in one order would keep its whole page from being stored.
    """
    if _SUSPECT.search(content) is None:
        return content
    return _ESCAPE.sub(lambda found: _REPLACEMENT if found["bad"] else found[0], content)
