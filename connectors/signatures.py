"""What signatures of webhooks have in common: HMAC-SHA256 over raw bytes, compared in constant time."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers by their names in lower case."""
    return {name.lower(): value for name, value in headers.items()}


def keys(secrets: Iterable[str]) -> list[bytes]:
    """Secrets as keys; an empty one would let everybody sign."""
    return [secret.encode() for secret in secrets if secret]


def signed(content: bytes, keys: Iterable[bytes], given: Sequence[bytes]) -> bool:
    """Whether one of the given signatures is that of one of the keys; all are compared, whichever fits."""
    found = False
    for key in keys:
        expected = hmac.digest(key, content, "sha256")
        for one in given:
            found |= hmac.compare_digest(expected, one)
    return found


def from_base64(text: str) -> bytes:
    """The bytes of a signature in base64; empty, which nothing equals, when it is none."""
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""


def from_hex(text: str) -> bytes:
    """The bytes of a signature in hexadecimal; empty, which nothing equals, when it is none."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def seconds(text: str) -> int | None:
    """A Unix time as text; None when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def off_time(stamp: int, now: datetime, tolerance: float) -> Literal["too_old", "in_the_future"] | None:
    """Whether a signed time is too far away from the present, and to which side."""
    ago = now.timestamp() - stamp
    if abs(ago) <= tolerance:
        return None
    return "too_old" if ago > 0 else "in_the_future"
