"""The kinds of alerts, and what to do about each."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

Kind: TypeAlias = Literal[
    "conflict",
    "guard",
    "oversold",
    "incident",
    "stale_flow",
    "silent_webhooks",
    "webhooks_differ",
    "expiring",
    "quarantine_growth",
    "unknown_outcome",
    "sync_failing",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
ADVICE: dict[Kind, str] = {
    "conflict": "crossdock conflicts show {number}",
    "guard": "crossdock plan; when the source is right: crossdock apply --force",
    "oversold": "crossdock audit orders",
    "incident": "crossdock audit orders",
    "stale_flow": "crossdock status; then crossdock doctor",
    "silent_webhooks": "crossdock webhooks list",
    "webhooks_differ": "crossdock webhooks repair --yes; for what is not read: crossdock webhooks register --yes",
    "expiring": "renew it, then crossdock doctor",
    "quarantine_growth": "crossdock status",
    "unknown_outcome": "crossdock status; look there by hand",
    "sync_failing": "crossdock runs; then crossdock doctor",
}
"""The command to begin with; the runbook has a section for each kind."""
