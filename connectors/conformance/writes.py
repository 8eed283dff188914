"""Checks of writes."""

from __future__ import annotations

from connectors.conformance.model import Check

WRITE_CHECKS: tuple[Check, ...] = ()
