"""Money is given back and orders are called off; units come back to the shelf only where someone says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.shopify.simulator.order_desk import OrderDesk, take_off
from connectors.shopify.simulator.order_money import duties_of, given_back, received, rounded, tax_sum
from connectors.shopify.simulator.order_records import (
    ZERO,
    Discrepancy,
    Line,
    Order,
    Refund,
    RefundLine,
    RefundShipping,
    Return,
    Transaction,
)
from connectors.shopify.simulator.records import Location


@dataclass(frozen=True, slots=True)
class Back:
    """Units of a line to be refunded, and what becomes of them."""

    line: Line
    units: int
    restock_type: str = "NO_RESTOCK"
    location: Location | None = None


class RefundDesk:
    """Refunds and cancellations; callers hold the platform's turn."""

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk

    def refund(
        self,
        order: Order,
        backs: Sequence[Back],
        at: datetime,
        *,
        amount: Decimal | None = None,
        shipping: Decimal = ZERO,
        duties: bool = False,
        gateway: str = "",
        note: str | None = None,
        returned: Return | None = None,
    ) -> Refund:
        """Give money back; without an amount, what the units and the shipping are worth."""
        book = self._desk.book
        refund = book.make(Refund, at, order, note)
        refund.return_ = returned
        worth = sum((self._take(refund, back, at) for back in backs), ZERO)
        worth += self._ship(refund, shipping, at) if shipping else ZERO
        if duties:
            worth += self._duties(refund)
        paid = worth if amount is None else amount
        if paid != worth:
            refund.discrepancies.append(book.make(Discrepancy, at, order, worth - paid, "REFUND_DISCREPANCY"))
        if paid:
            money = book.make(Transaction, at, order, "REFUND", gateway or _gateway(order), paid)
            money.parent = next((one for one in order.transactions if one.kind in ("SALE", "CAPTURE")), None)
            money.payment_id = f"#{order.number}.{len(order.transactions) + 1}"
            order.transactions.append(money)
            refund.transactions.append(money)
        order.refunds.append(refund)
        book.touch(order, at, "REFUNDS_CREATE", record=refund)
        return refund

    def cancel(self, order: Order, at: datetime, *, reason: str, restock: bool, money_back: bool) -> None:
        """Call an order off: nothing is sent any more, and what was paid goes back where that is asked for."""
        backs = [
            Back(line, unsent(line), "CANCEL" if restock else "NO_RESTOCK") for line in order.lines if unsent(line)
        ]
        paid = received(order) - given_back(order)
        shipping = sum((one.current for one in order.shipping), ZERO)
        back = paid if money_back else ZERO
        if backs or back:
            self.refund(order, backs, at, amount=back, shipping=shipping, duties=True)
            order.refunds[-1].discrepancies.clear()
        order.canceled_at, order.cancel_reason = at, reason
        for one in order.transactions:
            if one.kind == "AUTHORIZATION" and not paid:
                void = self._desk.book.make(Transaction, at, order, "VOID", one.gateway, ZERO)
                void.parent = one
                order.transactions.append(void)
                break
        self._desk.book.touch(order, at, "ORDERS_CANCELLED")

    def _take(self, refund: Refund, back: Back, at: datetime) -> Decimal:
        line, units = back.line, back.units
        sent = units if back.restock_type == "RETURN" else max(0, units - unsent(line))
        gone = take_off(line, units)
        part = self._desk.book.make(RefundLine, at, line, units, back.restock_type)
        part.net, part.tax = gone.net, gone.tax
        restock = back.restock_type in ("CANCEL", "RETURN")
        place = self._desk.unplan(line, units - sent, at, restock=restock) if units > sent else None
        if restock and sent:
            place = back.location or place or _place(line)
            self._desk.shelf.bring_back(line, place, sent, at)
        part.location = (back.location or place or _place(line)) if restock else None
        refund.lines.append(part)
        return gone.net + (ZERO if line.order.terms.taxes_included else gone.tax)

    def _ship(self, refund: Refund, amount: Decimal, at: datetime) -> Decimal:
        order, worth, left = refund.order, ZERO, amount
        for one in order.shipping:
            net = min(left, one.current)
            if not net:
                continue
            whole = one.price - one.discount
            tax = one.current_tax if net == one.current else rounded(tax_sum(one.taxes) * net / whole, order)
            one.refunded, one.refunded_tax, left = one.refunded + net, one.refunded_tax + tax, left - net
            refund.shipping.append(self._desk.book.make(RefundShipping, at, one, net, tax))
            worth += net + (ZERO if order.terms.taxes_included else tax)
        return worth

    @staticmethod
    def _duties(refund: Refund) -> Decimal:
        worth = ZERO
        for duty in (*duties_of(refund.order), *refund.order.extras.fees):
            left = duty.amount - duty.refunded
            duty.refunded = duty.amount
            if duty.TYPENAME == "Duty":
                refund.duties.append((duty, left))
            worth += left + (ZERO if refund.order.terms.taxes_included else tax_sum(duty.taxes))
        return worth


def unsent(line: Line) -> int:
    """Units of a line that nobody has sent yet and that are still wanted; those of a line nobody sends, too."""
    planned = [part for plan in line.order.plans for part in plan.lines if part.line is line]
    if not planned:
        return line.current
    plans = (plan for plan in line.order.plans if plan.is_open)
    return min(line.current, sum(part.remaining for plan in plans for part in plan.lines if part.line is line))


def _place(line: Line) -> Location:
    """Where units of a line were to be sent from."""
    return next(plan.location for plan in line.order.plans for part in plan.lines if part.line is line)


def _gateway(order: Order) -> str:
    paid = next((one for one in order.transactions if one.kind in ("SALE", "CAPTURE")), None)
    return "manual" if paid is None else paid.gateway
