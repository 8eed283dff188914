"""Where the money went, as the processor counts it itself, and how the hub matches it with orders."""

from __future__ import annotations

from decimal import Decimal

from crossdock.demo.day.scene import Day, Sold
from sync.payments import books
from sync.payments.match import Mismatch, match


def cents(count: int) -> Decimal:
    """So many cents as an amount of money."""
    return (Decimal(count) / 100).quantize(Decimal("0.01"))


def money(day: Day, kind: str) -> Decimal:
    """What the processor took, gave back, lost in dispute or paid out, in EUR."""
    amount = "amount_captured" if kind == "charge" else "amount"
    return cents(sum(one[amount] for one in day.pay.snapshot()[kind].values()))


def returned(day: Day, sold: Sold) -> Decimal:
    """What the processor gave back of an order's money."""
    refunds = day.pay.snapshot()["refund"].values()
    return cents(sum(one["amount"] for one in refunds if one["charge"] == sold.charge))


def fees(day: Day) -> Decimal:
    """What the processor kept for itself."""
    return cents(sum(one["fee"] for one in day.pay.snapshot()["balance_transaction"].values()))


def balance(day: Day) -> Decimal:
    """What the processor still holds."""
    return cents(sum(one["net"] for one in day.pay.snapshot()["balance_transaction"].values()))


def matched(day: Day) -> tuple[int, list[Mismatch]]:
    """How many orders match the processor's books to the cent, and what does not, as ``audit payments`` tells."""
    processor = day.hub.config.processors["pay"]
    with day.hub.database.begin() as connection:
        sold = books.sold(connection, processor.channels)
        found = match(sold, books.books(connection, "pay"), processor.gateways)
    return found.matched, found.exceptions
