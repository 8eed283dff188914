"""What a platform says of single rows, without secrets: it may quote what it was sent, a key included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import overload

from connectors.base import CallOutcome


@overload
def without_secrets(found: CallOutcome, redact: Callable[[str], str]) -> CallOutcome: ...


@overload
def without_secrets(found: CallOutcome | None, redact: Callable[[str], str]) -> CallOutcome | None: ...


def without_secrets(found: CallOutcome | None, redact: Callable[[str], str]) -> CallOutcome | None:
    """The same outcome, its messages redacted; they are stored and shown."""
    if found is None:
        return None
    return {number: replace(row, message=redact(row.message)) if row.message else row for number, row in found.items()}
