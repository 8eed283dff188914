"""Asking a working thread to stop where nothing is open."""

from __future__ import annotations


class StoppedError(KeyboardInterrupt):
    """The process was asked to stop."""
