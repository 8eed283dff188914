"""Matching orders with what a payment processor booked: charge, refund, dispute; pure.

What fits to the cent is a match; everything else is an exception with a reason. Nothing is guessed: a charge belongs to
an order if the order's transaction names it, or else if the charge itself names that order and no other one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from canonical.money import in_minor_units
from canonical.order import Order
from canonical.payment import (
    ChargeRecord,
    DisputeRecord,
    DisputeStatus,
    MovementStatus,
    Payment,
    PaymentKind,
    RefundRecord,
)

T = TypeVar("T")
_TAKEN = (PaymentKind.SALE, PaymentKind.CAPTURE)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sold:
    """An order of a channel, with the channel's name."""

    channel: str
    order: Order

    @property
    def name(self) -> str:
        """How a person calls it."""
        return f"{self.channel} {self.order.number}"


@dataclass(frozen=True, slots=True)
class Books:
    """What a processor booked."""

    charges: Sequence[ChargeRecord] = ()
    refunds: Sequence[RefundRecord] = ()
    disputes: Sequence[DisputeRecord] = ()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Money that does not match: why, what it is about, and how much; ``record`` is the id of a dispute or refund."""

    reason: str
    subject: str
    amount: Decimal
    currency: str
    detail: str = ""
    record: str = ""


@dataclass
class Matching:
    """The outcome: which order each charge is for, and what does not fit."""

    orders: dict[str, str] = field(default_factory=dict)
    matched: int = 0
    exceptions: list[Mismatch] = field(default_factory=list)


def match(sold: Sequence[Sold], books: Books, gateways: frozenset[str] = frozenset()) -> Matching:
    """Match every order paid through these gateways (all that name a reference, if none is named) with the books."""
    found = Matching()
    by_reference = _by_reference(books.charges)
    by_payment = _by_payment(books.charges)
    owner: dict[str, Sold] = {}
    for one in sold:
        for charge in _charges_of(one, by_reference):
            first = owner.setdefault(charge.id, one)
            if first is not one:
                said = f"it is named by {first.name} and by {one.name}"
                found.exceptions.append(_about("charge_of_two_orders", charge, said))
    hinted = _hinted(sold, owner, books.charges)
    owner |= {charge: ones[0] for charge, ones in hinted.items() if len(ones) == 1}
    for charge in books.charges:
        several = hinted.get(charge.id, ())
        if len(several) > 1 and charge.status is MovementStatus.SUCCEEDED:
            said = f"{charge.order_hint} is the number of {' and of '.join(one.name for one in several)}"
            found.exceptions.append(_about("charge_without_order", charge, said))
        elif charge.id not in owner and charge.status is MovementStatus.SUCCEEDED:
            found.exceptions.append(_about("charge_without_order", charge, charge.order_hint))
    found.orders = {charge: one.name for charge, one in owner.items()}
    charges = _grouped((owner[one.id].name, one) for one in books.charges if one.id in owner)
    about = [(_charge_of(one, by_payment), one) for one in books.refunds]
    refunds = _grouped((found.orders[name], one) for name, one in about if name in owner)
    for one in sold:
        found.exceptions += _of_order(one, charges.get(one.name, []), refunds.get(one.name, []), gateways)
    for charge_id, refund in about:
        if charge_id not in owner and refund.status is MovementStatus.SUCCEEDED:
            found.exceptions.append(
                Mismatch("refund_without_order", refund.id, refund.amount, refund.currency, record=refund.id)
            )
    found.exceptions += [
        _disputed(one, owner.get(_charge_of(one, by_payment))) for one in books.disputes if _moved(one)
    ]
    troubled = {one.subject for one in found.exceptions}
    found.matched = sum(name not in troubled for name in charges)
    return found


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for name, record in pairs:
        found[name].append(record)
    return found


def _by_reference(charges: Sequence[ChargeRecord]) -> Mapping[str, list[ChargeRecord]]:
    found: dict[str, list[ChargeRecord]] = defaultdict(list)
    for charge in charges:
        for name in {charge.id, charge.payment_id} - {""}:
            found[name].append(charge)
    return found


def _charges_of(one: Sold, by_reference: Mapping[str, list[ChargeRecord]]) -> list[ChargeRecord]:
    """The charges an order names, each once."""
    return list({c.id: c for payment in one.order.payments for c in by_reference.get(payment.reference, ())}.values())


def _hinted(sold: Sequence[Sold], owner: Mapping[str, Sold], charges: Sequence[ChargeRecord]) -> dict[str, list[Sold]]:
    """Which orders each charge names that no order names: two shops may have an order of the same number.

    An order that names its own charges is not looked for by its number.
    """
    settled = {one.name for one in owner.values()}
    named: dict[str, list[Sold]] = defaultdict(list)
    for one in sold:
        if one.name not in settled:
            for name in {one.order.id, one.order.number, one.order.number.lstrip("#")} - {""}:
                named[name].append(one)
    return {
        charge.id: named[charge.order_hint]
        for charge in charges
        if charge.id not in owner and charge.order_hint and charge.order_hint in named
    }


def _of_order(
    one: Sold, charges: Sequence[ChargeRecord], refunds: Sequence[RefundRecord], gateways: frozenset[str]
) -> list[Mismatch]:
    """What does not fit of one order; sums of two currencies are not compared any further."""
    taken = _taken(one, charges, gateways)
    if any(mismatch.reason == "currency_differs" for mismatch in taken):
        return taken
    return taken + _given_back(one, refunds, gateways)


def _taken(one: Sold, charges: Sequence[ChargeRecord], gateways: frozenset[str]) -> list[Mismatch]:
    """Whether the processor took what the channel says was paid."""
    said = _sum(one.order.payments, _TAKEN, gateways)
    booked = sum((charge.captured for charge in charges if charge.status is MovementStatus.SUCCEEDED), _ZERO)
    currency = charges[0].currency if charges else one.order.currency
    if said and not charges:
        named = [payment.reference or "no reference" for payment in _counted(one.order.payments, _TAKEN, gateways)]
        return [Mismatch("order_without_charge", one.name, said, currency, f"paid with {', '.join(named)}")]
    here, there = _currencies(one.order.payments, gateways), {charge.currency for charge in charges}
    if charges and here and here != there:
        paid_in = f"paid in {', '.join(sorted(here))}, the processor took {', '.join(sorted(there))}"
        return [Mismatch("currency_differs", one.name, booked, currency, paid_in)]
    if charges and said != booked:
        took = f"paid {in_minor_units(said, currency)}, the processor took {in_minor_units(booked, currency)}"
        return [Mismatch("amount_differs", one.name, booked - said, currency, took)]
    return []


def _given_back(one: Sold, refunds: Sequence[RefundRecord], gateways: frozenset[str]) -> list[Mismatch]:
    """Whether the processor gave back what the channel says, and never more than was paid."""
    said = _sum(one.order.payments, (PaymentKind.REFUND,), gateways)
    booked = sum((refund.amount for refund in refunds if refund.status is MovementStatus.SUCCEEDED), _ZERO)
    paid = _sum(one.order.payments, _TAKEN, gateways)
    found: list[Mismatch] = []
    if said != booked:
        reason = "refund_not_on_channel" if booked > said else "refund_not_booked"
        currency = one.order.currency
        by_them = in_minor_units(booked, currency)
        said_so = f"the channel gave back {in_minor_units(said, currency)}, the processor {by_them}"
        found.append(Mismatch(reason, one.name, booked - said, currency, said_so))
    if max(said, booked) > paid and (said or booked):
        found.append(Mismatch("refund_above_total", one.name, max(said, booked) - paid, one.order.currency))
    return found


def _sum(payments: Sequence[Payment], kinds: Sequence[PaymentKind], gateways: frozenset[str]) -> Decimal:
    return sum((one.amount for one in _counted(payments, kinds, gateways)), _ZERO)


def _currencies(payments: Sequence[Payment], gateways: frozenset[str]) -> set[str]:
    return {one.currency for one in _counted(payments, _TAKEN, gateways)}


def _counted(payments: Sequence[Payment], kinds: Sequence[PaymentKind], gateways: frozenset[str]) -> Iterator[Payment]:
    for one in payments:
        through = one.gateway in gateways if gateways else bool(one.reference)
        if through and one.kind in kinds and one.status is MovementStatus.SUCCEEDED:
            yield one


def _by_payment(charges: Sequence[ChargeRecord]) -> Mapping[str, str]:
    """The first charge of each payment."""
    found: dict[str, str] = {}
    for one in charges:
        if one.payment_id:
            found.setdefault(one.payment_id, one.id)
    return found


def _charge_of(record: RefundRecord | DisputeRecord, by_payment: Mapping[str, str]) -> str:
    """The charge a refund or dispute is about; by its payment where it does not say."""
    return record.charge_id or by_payment.get(record.payment_id, "")


def _moved(one: DisputeRecord) -> bool:
    """Whether a dispute took money, or may: a warning and one that was won have not."""
    return one.status not in (DisputeStatus.WARNING, DisputeStatus.WON)


def _disputed(one: DisputeRecord, sold: Sold | None) -> Mismatch:
    reason = "dispute_lost" if one.status is DisputeStatus.LOST else "disputed"
    said = f"{one.id} {one.status.value}: {one.reason}".rstrip(": ")
    return Mismatch(reason, sold.name if sold else one.id, one.amount, one.currency, said, one.id)


def _about(reason: str, charge: ChargeRecord, detail: str = "") -> Mismatch:
    return Mismatch(reason, charge.id, charge.amount, charge.currency, detail)
