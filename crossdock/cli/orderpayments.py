"""The part of ``crossdock orders show`` about money: what the payment processor says, and whether it matches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from canonical.money import in_minor_units
from canonical.payment import DisputeRecord
from canonical.reasons import advice
from crossdock.cli.report import Column, Section

if TYPE_CHECKING:
    from sync.payments.match import Mismatch
    from sync.payments.statement import Movement, Statement

_PAYMENTS = [
    Column("processor", "says"),
    Column("kind", "what"),
    Column("id", "its id there"),
    Column("status", "state"),
    Column("amount", "amount", figures=True),
    Column("currency", ""),
    Column("detail", "because"),
    Column("fee", "fee", figures=True),
    Column("net", "booked", figures=True),
    Column("booked_currency", ""),
    Column("payout", "payout"),
]
_MISMATCHES = [
    Column("processor", "processor"),
    Column("reason", "reason"),
    Column("amount", "amount", figures=True),
    Column("currency", ""),
    Column("detail", "detail"),
    Column("acknowledged", "acknowledged"),
]


def payment_sections(found: Sequence[Statement]) -> list[Section]:
    """Every movement of money by the processors' books, and what of it the order does not explain."""
    moved = [_payment(statement.processor, one) for statement in found for one in statement.movements]
    wrong = [mismatch_row(statement, one) for statement in found for one in statement.mismatches]
    names = ", ".join(one.processor for one in found)
    fits = f"the order and the books of {names} match to the cent" if moved else f"{names} books nothing for this order"
    return [
        Section("payments", _PAYMENTS, moved, title="what the payment processor says" if moved else ""),
        Section(
            "mismatches",
            _MISMATCHES,
            wrong,
            title="money that does not match" if wrong else "",
            empty=fits if found else "",
        ),
    ]


def money_words(found: Sequence[Statement]) -> list[tuple[str, str]]:
    """A dispute and every open mismatch in sentences: what it is, then what to do."""
    told: list[tuple[str, str]] = []
    for statement in found:
        one = statement.dispute
        if one is not None:
            amount = f"{in_minor_units(one.amount, one.currency)} {one.currency}"
            told.append(("dispute", f"{one.id} on {statement.processor}, {one.status.value}: {amount} claimed back"))
        open_ones = [it for it in statement.mismatches if it.record not in statement.waived]
        told += [("money", f"{it.reason}: {advice(it.reason)}") for it in open_ones]
    return told


def mismatch_row(statement: Statement, one: Mismatch) -> dict[str, object]:
    """Money that does not match, with whether a person let it pass."""
    seen = one.record != "" and one.record in statement.waived
    return {
        "processor": statement.processor,
        "reason": one.reason,
        "subject": one.subject,
        "amount": in_minor_units(one.amount, one.currency),
        "currency": one.currency,
        "detail": one.detail,
        "advice": advice(one.reason),
        "acknowledged": "yes" if seen else "",
    }


def _payment(processor: str, one: Movement) -> dict[str, object]:
    record = one.record
    return {
        "processor": processor,
        "kind": one.kind,
        "id": record.id,
        "status": record.status.value,
        "amount": in_minor_units(record.amount, record.currency),
        "currency": record.currency,
        "detail": record.reason if isinstance(record, DisputeRecord) else "",
        "created_at": record.created_at,
        "fee": in_minor_units(one.fee, one.currency) if one.currency else None,
        "net": in_minor_units(one.net, one.currency) if one.currency else None,
        "booked_currency": one.currency,
        "payout": _payout_words(one),
        "payouts": [{"id": paid.id, "status": paid.status, "arrives_at": paid.arrives_at} for paid in one.payouts],
    }


def _payout_words(one: Movement) -> str:
    """The payouts it went out with, and whether some of it has not."""
    sent = [f"{paid.id} {paid.status}" for paid in one.payouts]
    return ", ".join([*sent, *(["not paid out yet"] if one.waiting else [])])
