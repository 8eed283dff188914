"""What an order takes out of stock: units it is still owed, and units its channel took off its own stock (R5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from canonical.order import Order, OrderLine
from canonical.status import OrderStatus, PaymentStatus

_NEVER_PAID = frozenset({PaymentStatus.VOIDED, PaymentStatus.EXPIRED, PaymentStatus.FAILED})
_UNPAID = frozenset({PaymentStatus.PENDING})


@dataclass(frozen=True, slots=True)
class ReserveRule:
    """Which orders of a channel reserve stock; ``unpaid_for`` is how long an unpaid one does."""

    platform_statuses: frozenset[str] = frozenset()
    unpaid_for: timedelta | None = None


def expires_at(order: Order, rule: ReserveRule) -> datetime | None:
    """When an unpaid order stops to reserve; None if it never does."""
    if order.payment_status not in _UNPAID or rule.unpaid_for is None:
        return None
    return order.placed_at + rule.unpaid_for


def reserves(order: Order, rule: ReserveRule, now: datetime) -> bool:
    """Whether an order reserves stock at all: not drafts, tests, canceled, nor what will never be paid."""
    if order.test or order.status in (OrderStatus.DRAFT, OrderStatus.CANCELED):
        return False
    if order.payment_status in _NEVER_PAID:
        return False
    if rule.platform_statuses and order.platform_status not in rule.platform_statuses:
        return False
    until = expires_at(order, rule)
    return until is None or now < until


def wanted_units(order: Order, line: OrderLine) -> int:
    """Units of a line that the buyer is to get, or got: what was refunded is not.

    Where the platform tells the units at the time of ordering as well, its present units have refunds taken off.
    """
    if line.ordered:
        return max(0, line.quantity)
    return max(0, line.quantity - _refunded(order, line, restocked=None))


def deducted_units(order: Order, line: OrderLine, deducts: str | Sequence[str]) -> int:
    """Units of a line that its own channel holds off its stock now.

    ``deducts`` is the mapping's word for when that channel takes them off: at ``creation``, ``never``, or in the
    listed statuses of the platform. What was refunded without being put back stays off. The platform's own word of a
    line, where it has one, is worth more than that: below zero for a credit note that put goods on the shelf.
    """
    if line.deducted is not None:
        return line.deducted
    if deducts == "never" or order.status is OrderStatus.DRAFT:
        return 0
    if not isinstance(deducts, str) and order.platform_status not in deducts:
        return 0
    return wanted_units(order, line) + _refunded(order, line, restocked=False)


def _refunded(order: Order, line: OrderLine, *, restocked: bool | None) -> int:
    return sum(
        one.quantity
        for refund in order.refunds
        for one in refund.lines
        if one.line_id == line.id and (restocked is None or one.restocked is restocked)
    )
