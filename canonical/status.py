"""The states an order, its money, its shipping and its returns can be in, and the legal steps between them.

``TRANSITIONS`` is the one table; docs/status-model.md is drawn from it. Platforms are read, not driven: a step that is
not in the table is taken over as reported and noted, for facts are never conflicts (R15).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias


class OrderStatus(Enum):
    """The order as a whole."""

    DRAFT = "draft"
    OPEN = "open"
    COMPLETED = "completed"
    CANCELED = "canceled"


class PaymentStatus(Enum):
    """The order's money."""

    PENDING = "pending"
    AUTHORIZED = "authorized"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    EXPIRED = "expired"
    FAILED = "failed"


class FulfillmentStatus(Enum):
    """The order's goods, or one shipment of them."""

    NOT_REQUIRED = "not_required"
    UNFULFILLED = "unfulfilled"
    SCHEDULED = "scheduled"
    ON_HOLD = "on_hold"
    IN_PROGRESS = "in_progress"
    PARTIALLY_FULFILLED = "partially_fulfilled"
    FULFILLED = "fulfilled"
    CANCELED = "canceled"


class ReturnStatus(Enum):
    """Goods on their way back."""

    NONE = "none"
    REQUESTED = "requested"
    OPEN = "open"
    CLOSED = "closed"
    DECLINED = "declined"
    CANCELED = "canceled"


class RequestStatus(Enum):
    """A fulfillment request: from being needed to having left the building."""

    WAITING = "waiting"
    BLOCKED = "blocked"
    SENT = "sent"
    ACCEPTED = "accepted"
    ON_HOLD = "on_hold"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    CANCELING = "canceling"
    CANCELED = "canceled"


Status: TypeAlias = OrderStatus | PaymentStatus | FulfillmentStatus | ReturnStatus | RequestStatus

_O, _P, _F, _R, _Q = OrderStatus, PaymentStatus, FulfillmentStatus, ReturnStatus, RequestStatus

TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    _O.DRAFT: frozenset({_O.OPEN, _O.CANCELED}),
    _O.OPEN: frozenset({_O.COMPLETED, _O.CANCELED}),
    _O.COMPLETED: frozenset({_O.OPEN}),  # a return or an edit reopens it
    _O.CANCELED: frozenset(),
    _P.PENDING: frozenset({_P.AUTHORIZED, _P.PARTIALLY_PAID, _P.PAID, _P.VOIDED, _P.EXPIRED, _P.FAILED}),
    _P.AUTHORIZED: frozenset({_P.PARTIALLY_PAID, _P.PAID, _P.VOIDED, _P.EXPIRED}),
    _P.PARTIALLY_PAID: frozenset({_P.PAID, _P.PARTIALLY_REFUNDED, _P.REFUNDED, _P.VOIDED}),
    _P.PAID: frozenset({_P.PARTIALLY_PAID, _P.PARTIALLY_REFUNDED, _P.REFUNDED}),  # an edit may add to what is due
    _P.PARTIALLY_REFUNDED: frozenset({_P.REFUNDED, _P.PAID, _P.PARTIALLY_PAID}),  # a refund may fail later
    _P.REFUNDED: frozenset({_P.PARTIALLY_REFUNDED, _P.PAID}),
    _P.VOIDED: frozenset(),
    _P.EXPIRED: frozenset({_P.PENDING, _P.PAID}),
    _P.FAILED: frozenset({_P.PENDING, _P.AUTHORIZED, _P.PAID}),
    _F.NOT_REQUIRED: frozenset({_F.UNFULFILLED}),
    _F.UNFULFILLED: frozenset(
        {_F.SCHEDULED, _F.ON_HOLD, _F.IN_PROGRESS, _F.PARTIALLY_FULFILLED, _F.FULFILLED, _F.NOT_REQUIRED, _F.CANCELED}
    ),
    _F.SCHEDULED: frozenset({_F.UNFULFILLED, _F.ON_HOLD, _F.IN_PROGRESS, _F.PARTIALLY_FULFILLED, _F.FULFILLED}),
    _F.ON_HOLD: frozenset({_F.UNFULFILLED, _F.IN_PROGRESS, _F.PARTIALLY_FULFILLED, _F.FULFILLED, _F.CANCELED}),
    _F.IN_PROGRESS: frozenset({_F.UNFULFILLED, _F.ON_HOLD, _F.PARTIALLY_FULFILLED, _F.FULFILLED, _F.CANCELED}),
    _F.PARTIALLY_FULFILLED: frozenset({_F.FULFILLED, _F.UNFULFILLED, _F.ON_HOLD, _F.IN_PROGRESS}),
    _F.FULFILLED: frozenset({_F.PARTIALLY_FULFILLED, _F.UNFULFILLED, _F.CANCELED}),  # a shipment may be canceled
    _F.CANCELED: frozenset(),
    _R.NONE: frozenset({_R.REQUESTED, _R.OPEN}),
    _R.REQUESTED: frozenset({_R.OPEN, _R.DECLINED, _R.CANCELED}),
    _R.OPEN: frozenset({_R.CLOSED, _R.CANCELED}),
    _R.CLOSED: frozenset({_R.OPEN}),
    _R.DECLINED: frozenset(),
    _R.CANCELED: frozenset(),
    _Q.WAITING: frozenset({_Q.SENT, _Q.BLOCKED, _Q.CANCELED}),
    _Q.BLOCKED: frozenset({_Q.WAITING, _Q.CANCELED}),
    _Q.SENT: frozenset({_Q.ACCEPTED, _Q.BLOCKED, _Q.ON_HOLD, _Q.PARTIALLY_SHIPPED, _Q.SHIPPED, _Q.CANCELING}),
    # An ERP may take a confirmed document back to a draft.
    _Q.ACCEPTED: frozenset({_Q.SENT, _Q.ON_HOLD, _Q.PARTIALLY_SHIPPED, _Q.SHIPPED, _Q.CANCELING, _Q.CANCELED}),
    _Q.ON_HOLD: frozenset({_Q.SENT, _Q.ACCEPTED, _Q.PARTIALLY_SHIPPED, _Q.SHIPPED, _Q.CANCELING, _Q.CANCELED}),
    _Q.PARTIALLY_SHIPPED: frozenset({_Q.SHIPPED, _Q.CANCELING, _Q.CANCELED}),
    _Q.SHIPPED: frozenset(),
    # A cancellation may come too late: the goods leave all the same.
    _Q.CANCELING: frozenset({_Q.CANCELED, _Q.ACCEPTED, _Q.PARTIALLY_SHIPPED, _Q.SHIPPED}),
    _Q.CANCELED: frozenset(),
}


def is_legal(before: Status, after: Status) -> bool:
    """Whether a step is in the table; staying is always legal."""
    return before is after or after in TRANSITIONS[before]


def unlikely(before: Status, after: Status) -> str:
    """What to note of a step that is not in the table: nothing where it is, for reads may skip legal steps."""
    if before is after or after in _reachable(before):
        return ""
    return f"{type(after).__name__} went from {before.value} to {after.value}"


def _reachable(start: Status) -> frozenset[Status]:
    found: set[Status] = set()
    waiting = [start]
    while waiting:
        fresh = TRANSITIONS[waiting.pop()] - found
        found |= fresh
        waiting += fresh
    return frozenset(found)
