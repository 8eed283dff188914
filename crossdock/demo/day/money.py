"""The days after: a refund, a chargeback, and payouts that are explained to the cent."""

from __future__ import annotations

from decimal import Decimal

from crossdock.demo.day import counts, till
from crossdock.demo.day.scene import Day
from sync.payments import books
from sync.payments.payouts import Explained, explain


def partly_refunded(day: Day) -> None:
    """A buyer keeps one of two: money goes back once, and what the shop shelves again is not sold."""
    story, sold = day.story, day.orders["plain"]
    story.begin("The next day: one of two is refunded")
    day.clock.until(1, 10)
    [(sku, _)] = sold.lines.items()
    listed, free, before = day.listed(sku), day.erp.free(sku), len(day.erp.sales())
    amount = sold.shop.take_back(sold.order, 1)
    day.give_back(sold, amount)
    shelved = day.listed(sku)[sold.shop.name]
    day.sync()
    day.sync()
    story.tell(f"{day.lines_of('plain')}: {amount} for one of them goes back, and {sold.shop.name} shelves it again")
    story.tell(f"{sku} on {sold.shop.name}: {listed[sold.shop.name]} -> {shelved} -> {day.listed(sku)[sold.shop.name]}")
    returned = till.returned(day, sold)
    story.count(refunded_cents=int(returned * 100))
    story.promise("the shop and the processor gave back the same, once", returned == sold.sale.refunded == amount)
    story.promise(
        "the ERP counts no unit more, and no second sale", (day.erp.free(sku), len(day.erp.sales())) == (free, before)
    )
    story.promise("what no warehouse has is for sale nowhere", day.listed(sku) == listed and not counts.astray(day))


def charged_back(day: Day) -> None:
    """A buyer's bank takes its money back, with a fee."""
    story, sold = day.story, day.orders["overseas"]
    story.begin("A chargeback")
    day.clock.until(0, 11)
    day.pay.admin.charge_back(sold.charge)
    day.sync()
    day.sync()
    _, exceptions = till.matched(day)
    story.tell(f"the bank of the buyer of {day.lines_of('overseas')} claims {sold.sale.total} back")
    for one in exceptions:
        story.tell(f"exception {one.reason}: {one.subject}, {one.amount:.2f} {one.currency}, {one.detail}")
    story.count(exceptions=len(exceptions))
    story.promise("it is told as what it is, and nothing else is", [one.reason for one in exceptions] == ["disputed"])
    story.promise("it names the order and the amount", _names(sold.number, sold.sale.total, exceptions[0]))


def paid_out(day: Day) -> None:
    """The processor pays out twice; every payout is explained by what it is made of."""
    story = day.story
    story.begin("Payouts")
    day.clock.until(1, 9, 30)
    day.pay.admin.pay_out()
    day.clock.until(1, 9, 30)
    day.pay.admin.pay_out()
    day.sync()
    with day.hub.database.begin() as connection:
        explained = explain(books.payouts(connection, "pay"), books.entries(connection, "pay"))
    for one in explained:
        story.tell(_said(one))
    matched, exceptions = till.matched(day)
    charges = len(day.pay.snapshot()["charge"])
    story.tell(f"{matched} of {charges} charges match their order to the cent; the other is the one in dispute")
    story.count(payouts=len(explained), explained=sum(not one.reason for one in explained), matched=matched)
    story.promise(
        "every payout is explained to the cent",
        len(explained) == 2 and not any(one.reason or one.rest for one in explained),
    )
    story.promise(
        "and is what the processor says it paid",
        sum(one.payout.amount for one in explained) == till.money(day, "payout"),
    )
    story.promise(
        "what does not match has a reason",
        matched + len(exceptions) == charges and all(one.reason for one in exceptions),
    )


def _said(one: Explained) -> str:
    parts = " ".join(f"{part} {amount:+.2f}" for part, amount in sorted(one.parts.items()))
    return f"payout {one.payout.id[-4:]}: {one.payout.amount:.2f} = {parts} fees {-one.fees:+.2f}; rest {one.rest:.2f}"


def _names(number: str, total: Decimal, exception: object) -> bool:
    return number in str(getattr(exception, "subject", "")) and getattr(exception, "amount", None) == total
