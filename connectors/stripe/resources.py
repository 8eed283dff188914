"""What is read, and which events say that it changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of object: its collection, which events tell of it, what kind those name, and what may be expanded."""

    name: str
    named: str
    events: tuple[str, ...]
    expandable: tuple[str, ...] = ()


ENTRIES = "balance_transactions"
EVENT_DAYS = 30
"""For so long Stripe keeps events."""
_DISPUTES = tuple(
    f"charge.dispute.{word}" for word in "created updated closed funds_withdrawn funds_reinstated".split()
)
_CHARGES = tuple(f"charge.{word}" for word in "succeeded pending failed captured updated expired refunded".split())

RESOURCES: Mapping[str, Resource] = {
    one.name: one
    for one in (
        Resource("charges", "charge", (*_CHARGES, "charge.refund.updated", *_DISPUTES), ("payment_intent",)),
        Resource("refunds", "refund", ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")),
        Resource("disputes", "dispute", _DISPUTES),
        Resource(
            "payouts",
            "payout",
            tuple(f"payout.{word}" for word in "created updated paid failed canceled reconciliation_completed".split()),
        ),
        Resource(ENTRIES, "payout", ("payout.reconciliation_completed",)),
    )
}


def expansion(resource: Resource, fields: tuple[str, ...], prefix: str = "") -> list[str]:
    """What must be expanded for these paths: the objects whose own fields are asked for."""
    asked = {field.partition(".")[0] for field in fields if "." in field}
    return [f"{prefix}{name}" for name in resource.expandable if name in asked]
