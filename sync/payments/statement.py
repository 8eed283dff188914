"""What a payment processor says of one order: each charge, refund and dispute with its fees and payout; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from canonical.payment import BalanceEntry, ChargeRecord, DisputeRecord, DisputeStatus, PayoutRecord, RefundRecord
from sync.payments.match import Books, Mismatch

_ZERO = Decimal(0)
_GRAVITY = (DisputeStatus.LOST, DisputeStatus.NEEDS_RESPONSE, DisputeStatus.UNDER_REVIEW, DisputeStatus.WARNING)


@dataclass(frozen=True, slots=True)
class Movement:
    """One record of a processor; ``net`` and ``fee`` are what its balance booked for it, in the balance's currency."""

    kind: str
    record: ChargeRecord | RefundRecord | DisputeRecord
    fee: Decimal = _ZERO
    net: Decimal = _ZERO
    currency: str = ""
    payouts: tuple[PayoutRecord, ...] = ()
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """What one processor says of one order, and what of it does not match; ``waived`` are ids a person let pass."""

    processor: str
    movements: tuple[Movement, ...]
    mismatches: tuple[Mismatch, ...]
    waived: frozenset[str] = frozenset()

    @property
    def dispute(self) -> DisputeRecord | None:
        """The gravest dispute of the order, if there is one."""
        return gravest([one.record for one in self.movements if isinstance(one.record, DisputeRecord)])


def gravest(disputes: Iterable[DisputeRecord]) -> DisputeRecord | None:
    """The dispute that matters most: a lost one before an open one, before a warning; none if all were won."""
    open_ones = [one for one in disputes if one.status in _GRAVITY]
    return min(open_ones, key=lambda one: _GRAVITY.index(one.status), default=None)


def movements(booked: Books, entries: Sequence[BalanceEntry], payouts: Sequence[PayoutRecord]) -> tuple[Movement, ...]:
    """Each record of an order with what was booked for it, oldest first."""
    sent = {one.id: one for one in payouts}
    made = [_movement(kind, record, entries, sent) for kind, record in _records(booked)]
    return tuple(sorted(made, key=lambda one: (one.record.created_at, one.record.id)))


def _records(booked: Books) -> Iterator[tuple[str, ChargeRecord | RefundRecord | DisputeRecord]]:
    yield from (("charge", one) for one in booked.charges)
    yield from (("refund", one) for one in booked.refunds)
    yield from (("dispute", one) for one in booked.disputes)


def _movement(
    kind: str,
    record: ChargeRecord | RefundRecord | DisputeRecord,
    entries: Sequence[BalanceEntry],
    sent: dict[str, PayoutRecord],
) -> Movement:
    named = set(record.balance_ids) if isinstance(record, DisputeRecord) else {record.balance_id}
    own = [entry for entry in entries if entry.id in named or entry.source_id == record.id]
    paid = dict.fromkeys(entry.payout_id for entry in own if entry.payout_id)
    return Movement(
        kind,
        record,
        fee=sum((entry.fee for entry in own), _ZERO),
        net=sum((entry.net for entry in own), _ZERO),
        currency=own[0].currency if own else "",
        payouts=tuple(sent[name] for name in paid if name in sent),
        waiting=any(not entry.payout_id for entry in own),
    )
