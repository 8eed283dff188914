"""Checks of reads."""

from __future__ import annotations

from connectors.conformance.model import Check

READ_CHECKS: tuple[Check, ...] = ()
