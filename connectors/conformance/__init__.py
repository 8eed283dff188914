"""One suite that every connector passes, reads, writes, effects and faults, run against its simulator."""

from __future__ import annotations

from connectors.conformance.model import (
    Check,
    CheckFailed,
    CheckResult,
    EffectCase,
    NotApplicable,
    Posted,
    Status,
    Subject,
    Tier,
    WebhookCase,
    WriteCase,
)
from connectors.conformance.suite import CHECKS, load_subject, run, tier_of
from connectors.conformance.world import World, catalog

__all__ = [
    "CHECKS",
    "Check",
    "CheckFailed",
    "CheckResult",
    "EffectCase",
    "NotApplicable",
    "Posted",
    "Status",
    "Subject",
    "Tier",
    "WebhookCase",
    "World",
    "WriteCase",
    "catalog",
    "load_subject",
    "run",
    "tier_of",
]
