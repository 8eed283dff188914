"""Checks of faults."""

from __future__ import annotations

from connectors.conformance.model import Check

FAULT_CHECKS: tuple[Check, ...] = ()
