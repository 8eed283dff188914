"""One refund is told by two sides: which of theirs are the same, and who commands them; pure.

``MANUAL``: the channel gives the money back, and is believed. ``PROCESSOR``: refunds are made at the processor, which
is believed. ``REQUEST``: the channel notes a refund without moving money, and the processor is asked to pay it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from canonical.order import Order
from canonical.payment import MovementStatus, PaymentKind

if TYPE_CHECKING:
    from sqlalchemy import Row

TAKEN = (PaymentKind.SALE, PaymentKind.CAPTURE)


class RefundsBy(Enum):
    """Who commands that money is given back; nobody is asked to pay unless it says so."""

    MANUAL = "manual"
    PROCESSOR = "processor"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Side:
    """A refund as one side tells it; ``reference`` is the other side's id of it, where it is known."""

    id: int
    external_id: str
    amount: Decimal
    currency: str
    reference: str = ""


def side_of(row: Row[Any]) -> Side:
    """A refund of one side as it is kept."""
    return Side(row.id, row.external_id, Decimal(row.amount), row.currency, row.reference)


def pair(channel: Sequence[Side], processor: Sequence[Side]) -> list[tuple[Side | None, Side | None]]:
    """Which refunds are the same: by reference first, then by amount, each once and in their order."""
    left, found = list(processor), []
    unnamed: list[Side] = []
    for one in channel:
        named = next((other for other in left if one.reference and one.reference == other.external_id), None)
        if named is None:
            unnamed.append(one)
            continue
        left.remove(named)
        found.append((one, named))
    pairs: list[tuple[Side | None, Side | None]] = list(found)
    for one in unnamed:
        equal = next((it for it in left if (it.amount, it.currency) == (one.amount, one.currency)), None)
        if equal is not None:
            left.remove(equal)
        pairs.append((one, equal))
    return [*pairs, *((None, other) for other in left)]


def paid_by_buyer(order: Order) -> Decimal:
    """What the buyer paid as the channel tells it; 0 where that cannot be told."""
    if not order.payments and not any(line.ordered for line in order.lines):
        return order.total  # a platform that takes refunds off the total tells of payments
    taken = (one for one in order.payments if one.kind in TAKEN and one.status is MovementStatus.SUCCEEDED)
    return sum((one.amount for one in taken if one.currency == order.currency), order.total * 0)


def excess(order: Order, channel: Sequence[Side], processor: Sequence[Side]) -> Decimal:
    """How much more was given back, as either side tells it, than was ever paid; 0 where that cannot be told."""
    zero = order.total * 0
    paid = paid_by_buyer(order)
    if not paid:
        return zero
    sums = [sum((one.amount for one in side if one.currency == order.currency), zero) for side in (channel, processor)]
    return max(zero, max(sums) - paid)
