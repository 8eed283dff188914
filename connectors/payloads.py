"""Reading the body of a message that a platform sent by itself: whatever it is, it must not break who hears it."""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T")


def decoded(body: bytes, kind: type[T]) -> T | None:
    """The body as a value; None where it is no JSON, nests without end, is no UTF-8, or is something else."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
