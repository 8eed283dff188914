"""The elements of a JSON list, cut out without decoding them."""

from __future__ import annotations

import re

_MARK = re.compile(rb'"(?:[^"\\]|\\.)*"|["\[\]{},]', re.DOTALL)


def elements(content: bytes) -> list[bytes] | None:
    """Each element as it came, however deep it is nested; None when this is no complete list.

    A decoder gives up a whole list for one element that is nested too deep for it.
    """
    if not content.lstrip().startswith(b"["):
        return None
    found: list[bytes] = []
    depth, start = 0, 0
    for mark in _MARK.finditer(content):
        if mark[0] == b'"':
            return None  # a text without an end
        if mark[0] in (b"[", b"{"):
            depth += 1
            start = mark.end() if depth == 1 else start
        elif mark[0] in (b"]", b"}"):
            depth -= 1
        if depth == 0 or (depth == 1 and mark[0] == b","):
            found.append(content[start : mark.start()].strip())
            start = mark.end()
        if depth == 0:
            return None if content[start:].strip() else [one for one in found if one]
    return None
