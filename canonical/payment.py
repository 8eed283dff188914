"""Money that moved: as the channel tells it, and as the payment processor books and pays it out.

Signs are those of the merchant's balance: a charge is above zero, refunds, fees and lost disputes are below.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum

import msgspec


class PaymentKind(Enum):
    """What a channel's transaction does."""

    AUTHORIZATION = "authorization"
    CAPTURE = "capture"
    SALE = "sale"
    REFUND = "refund"
    VOID = "void"


class MovementStatus(Enum):
    """How far a movement of money got."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class Payment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One transaction of an order as the channel tells it; ``reference`` is the processor's own id of it."""

    id: str
    kind: PaymentKind
    amount: Decimal
    currency: str
    status: MovementStatus = MovementStatus.SUCCEEDED
    gateway: str = ""
    reference: str = ""
    processed_at: datetime | None = None


class RefundedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Units that a refund pays back, and whether the channel put them back on its shelf."""

    line_id: str
    quantity: int
    restocked: bool = False
    location: str = ""
    amount: Decimal = Decimal(0)


class Refund(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money given back on an order, above zero, and for which units."""

    id: str
    amount: Decimal
    currency: str
    lines: tuple[RefundedLine, ...] = ()
    created_at: datetime | None = None
    reason: str = ""
    reference: str = ""


class ChargeRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A charge as the processor books it; ``order_hint`` is what its metadata says of the order."""

    id: str
    amount: Decimal
    currency: str
    status: MovementStatus
    created_at: datetime
    payment_id: str = ""
    order_hint: str = ""
    captured: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)
    disputed: bool = False
    balance_id: str = ""


class RefundRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refund as the processor books it; amount above zero."""

    id: str
    amount: Decimal
    currency: str
    status: MovementStatus
    created_at: datetime
    charge_id: str = ""
    payment_id: str = ""
    balance_id: str = ""


class DisputeStatus(Enum):
    """Where a chargeback stands; a warning has moved no money."""

    WARNING = "warning"
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"


class DisputeRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A chargeback; ``balance_ids`` are the bookings it caused."""

    id: str
    amount: Decimal
    currency: str
    status: DisputeStatus
    created_at: datetime
    charge_id: str = ""
    payment_id: str = ""
    reason: str = ""
    balance_ids: tuple[str, ...] = ()


class BalanceEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One booking on the processor's balance: ``net`` is ``amount`` less ``fee``, in the balance's currency.

    ``category`` is the processor's own accounting word (an open set), ``source_id`` what it books.
    """

    id: str
    amount: Decimal
    fee: Decimal
    net: Decimal
    currency: str
    category: str
    created_at: datetime
    source_id: str = ""
    payout_id: str = ""
    exchange_rate: Decimal | None = None


class PayoutRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money sent to the bank; only an ``automatic`` one can be itemized, once it is ``itemized``."""

    id: str
    amount: Decimal
    currency: str
    status: str
    created_at: datetime
    automatic: bool = True
    itemized: bool = False
    arrives_at: datetime | None = None
    balance_id: str = ""
