"""Explaining payouts: the bookings in each must sum to it, to the cent; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from canonical.payment import BalanceEntry, PayoutRecord

_ZERO = Decimal(0)
_RETURNED = frozenset({"failed", "canceled"})


@dataclass(frozen=True, slots=True)
class Explained:
    """One payout: its sum by category, its fees, and what nothing explains.

    ``reason`` says why it is not explained: ``payout_differs``, ``not_itemizable`` (made by hand) or ``not_yet``; or
    that it was sent back and its money has not gone out again: ``payout_returned``.
    """

    payout: PayoutRecord
    parts: Mapping[str, Decimal] = field(default_factory=dict)
    fees: Decimal = _ZERO
    rest: Decimal = _ZERO
    entries: int = 0
    reason: str = ""


def explain(payouts: Sequence[PayoutRecord], entries: Sequence[BalanceEntry]) -> list[Explained]:
    """Explain every payout by the bookings that name it, in the order they were made."""
    own = {one.balance_id for one in payouts}  # a payout's own booking is no part of what it pays out
    inside: dict[str, list[BalanceEntry]] = defaultdict(list)
    for entry in entries:
        if entry.payout_id and not (entry.id in own and entry.source_id == entry.payout_id):
            inside[entry.payout_id].append(entry)
    out_again = {entry.source_id for held in inside.values() for entry in held}
    ordered = sorted(payouts, key=lambda one: (one.created_at, one.id))
    return [_explain(one, inside.get(one.id, []), out_again=one.id in out_again) for one in ordered]


def waiting(entries: Sequence[BalanceEntry]) -> dict[str, Decimal]:
    """What is booked and in no payout yet, by currency."""
    found: dict[str, Decimal] = defaultdict(lambda: _ZERO)
    for entry in entries:
        if not entry.payout_id:
            found[entry.currency] += entry.net
    return dict(sorted(found.items()))


def _explain(payout: PayoutRecord, entries: Sequence[BalanceEntry], *, out_again: bool) -> Explained:
    if not payout.automatic:
        return Explained(payout, reason="not_itemizable")
    if not payout.itemized:
        return Explained(payout, reason="not_yet")
    parts: dict[str, Decimal] = defaultdict(lambda: _ZERO)
    for entry in entries:
        parts[entry.category] += entry.amount
    fees = sum((entry.fee for entry in entries), _ZERO)
    rest = payout.amount - sum((entry.net for entry in entries), _ZERO)
    odd = any(entry.currency != payout.currency or entry.amount - entry.fee != entry.net for entry in entries)
    returned = payout.status in _RETURNED and not out_again
    reason = "payout_differs" if rest or odd else "payout_returned" if returned else ""
    return Explained(payout, dict(parts), fees, rest, len(entries), reason)
