"""Canonical bytes: how slots are stored, hashed and read back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from canonical.value import Value

_ENCODER = msgspec.json.Encoder(order="sorted")
_SLOTS: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])
_VALUE: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def encode(value: object) -> bytes:
    """Canonical JSON bytes: sorted keys, no spaces."""
    return _ENCODER.encode(value)


def decode_slots(body: bytes | None) -> dict[str, Value]:
    """Slots from their bytes; empty for none."""
    return _SLOTS.decode(body) if body else {}


def decode(body: bytes | None) -> Value:
    """A single value from its bytes; None for none."""
    return _VALUE.decode(body) if body else None


def digest(*parts: bytes | memoryview) -> bytes:
    """A 16-byte hash over canonical bytes."""
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        state.update(part)
    return state.digest()


def merged(body: bytes | None, changes: Mapping[str, Value]) -> bytes:
    """Slots with some of them replaced."""
    return encode({**decode_slots(body), **changes})
