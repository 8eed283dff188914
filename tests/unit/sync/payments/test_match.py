"""Orders against the processor's books: what fits to the cent is a match, everything else has a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from canonical.payment import (
    ChargeRecord,
    DisputeRecord,
    DisputeStatus,
    MovementStatus,
    Payment,
    PaymentKind,
    RefundRecord,
)
from sync.payments.match import Books, Matching, Sold, match
from tests.support.sales import NOW, order

OK = MovementStatus.SUCCEEDED


def _paid(amount: str = "25.00", kind: PaymentKind = PaymentKind.SALE, **more: Any) -> Payment:
    values = {"id": "t1", "kind": kind, "amount": Decimal(amount), "currency": "EUR", "reference": "pi_1"}
    return Payment(**{**values, "gateway": "stripe", **more})


def _sold(*payments: Payment, channel: str = "shop", **more: Any) -> Sold:
    return Sold(channel, order(payments=payments, **more))


def _charge(amount: str = "25.00", **more: Any) -> ChargeRecord:
    values = {"id": "ch_1", "amount": Decimal(amount), "captured": Decimal(amount), "currency": "EUR", "status": OK}
    return ChargeRecord(**{**values, "created_at": NOW, "payment_id": "pi_1", **more})


def _refund(amount: str, **more: Any) -> RefundRecord:
    values = {"id": "re_1", "amount": Decimal(amount), "currency": "EUR", "status": OK, "created_at": NOW}
    return RefundRecord(**{**values, "charge_id": "ch_1", **more})


def _dispute(status: DisputeStatus, **more: Any) -> DisputeRecord:
    values = {"id": "dp_1", "amount": Decimal(25), "currency": "EUR", "status": status, "created_at": NOW}
    return DisputeRecord(**{**values, "charge_id": "ch_1", **more})


def _found(sold: Sequence[Sold], gateways: frozenset[str] = frozenset(), **books: Any) -> Matching:
    return match(sold, Books(**books), gateways)


def _said(found: Matching) -> list[tuple[str, str, Decimal]]:
    return [(one.reason, one.subject, one.amount) for one in found.exceptions]


def test_a_charge_that_the_order_names_and_that_is_the_same_to_the_cent_is_a_match() -> None:
    found = _found([_sold(_paid())], charges=[_charge()])
    assert (found.matched, found.exceptions, found.orders) == (1, [], {"ch_1": "shop #1001"})


@pytest.mark.parametrize("hint", ["o1", "#1001", "1001"])
def test_a_charge_that_names_the_order_is_its_own_though_the_channel_knows_no_reference(hint: str) -> None:
    charge = _charge(payment_id="pi_unknown", order_hint=hint)
    found = _found([_sold(_paid(reference=""))], frozenset({"stripe"}), charges=[charge])
    assert (found.matched, found.exceptions) == (1, [])


def test_the_payment_an_order_names_is_worth_more_than_a_number_that_another_shop_has_too() -> None:
    mine, other = _sold(_paid()), _sold(_paid(reference="", amount="25.00"), channel="web")
    found = _found([other, mine], frozenset({"stripe"}), charges=[_charge(order_hint="1001")])
    assert found.orders == {"ch_1": "shop #1001"}
    assert _said(found) == [("order_without_charge", "web #1001", Decimal(25))]


def test_a_number_that_two_shops_have_is_guessed_for_neither() -> None:
    both = [_sold(_paid(reference=""), channel=channel) for channel in ("shop", "web")]
    found = _found(both, frozenset({"stripe"}), charges=[_charge(payment_id="pi_unknown", order_hint="1001")])
    assert found.orders == {}
    assert {reason for reason, _, _ in _said(found)} == {"charge_without_order", "order_without_charge"}
    assert "shop #1001 and of web #1001" in found.exceptions[0].detail


def test_an_order_that_names_its_own_charge_does_not_take_another_one_by_its_number() -> None:
    charges = [_charge(), _charge("7.00", id="ch_2", payment_id="pi_2", order_hint="1001")]
    found = _found([_sold(_paid())], charges=charges)
    assert found.orders == {"ch_1": "shop #1001"}
    assert _said(found) == [("charge_without_order", "ch_2", Decimal(7))]


@pytest.mark.parametrize(
    ("currency", "paid", "booked", "difference"),
    [
        ("JPY", "1980", "1981", "1"),
        ("EUR", "25.00", "24.99", "-0.01"),
        ("KWD", "12.345", "12.346", "0.001"),
    ],
)
def test_the_smallest_unit_of_any_currency_is_a_difference(
    currency: str, paid: str, booked: str, difference: str
) -> None:
    sold = [_sold(_paid(paid, currency=currency), currency=currency)]
    assert _found(sold, charges=[_charge(paid, currency=currency)]).exceptions == []
    found = _found(sold, charges=[_charge(booked, currency=currency)])
    assert _said(found) == [("amount_differs", "shop #1001", Decimal(difference))]
    assert (found.matched, found.exceptions[0].currency) == (0, currency)


def test_the_same_figure_in_another_currency_is_no_match() -> None:
    found = _found([_sold(_paid("25.00"))], charges=[_charge("25.00", currency="USD")])
    assert [one.reason for one in found.exceptions] == ["currency_differs"]
    assert found.matched == 0


def test_refunds_of_two_currencies_are_not_compared() -> None:
    given = _paid("5.00", PaymentKind.REFUND, id="t2")
    refunds = [_refund("5.40", currency="USD")]
    found = _found([_sold(_paid(), given)], charges=[_charge("27.00", currency="USD")], refunds=refunds)
    assert [one.reason for one in found.exceptions] == ["currency_differs"]


class Walked(list[ChargeRecord]):
    """Charges that count how often somebody goes through all of them."""

    walks = 0

    def __iter__(self) -> Iterator[ChargeRecord]:
        self.walks += 1
        return super().__iter__()


def test_the_charges_are_gone_through_a_few_times_however_many_orders_and_refunds_there_are() -> None:
    def walks(count: int) -> int:
        numbers = range(count)
        sold = [_sold(_paid(reference=""), id=f"o{number}", number=f"#{number}") for number in numbers]
        names = [{"id": f"ch_{number}", "payment_id": f"pi_{number}"} for number in numbers]
        charges = Walked(_charge(**more, order_hint=str(number)) for number, more in enumerate(names))
        by_payment = [{"charge_id": "", "payment_id": more["payment_id"]} for more in names]
        refunds = [_refund("5.00", id=f"re_{number}", **more) for number, more in enumerate(by_payment)]
        disputes = [_dispute(DisputeStatus.LOST, id=f"dp_{number}", **more) for number, more in enumerate(by_payment)]
        found = _found(sold, frozenset({"stripe"}), charges=charges, refunds=refunds, disputes=disputes)
        assert len(found.orders) == count
        assert sum(one.reason == "dispute_lost" for one in found.exceptions) == count
        return charges.walks

    assert walks(40) == walks(2)


def test_two_captures_of_one_order_are_added_up_and_what_failed_is_not() -> None:
    payments = (
        _paid("10", PaymentKind.CAPTURE),
        _paid("15", PaymentKind.CAPTURE, id="t2", reference="pi_2"),
        _paid("99", PaymentKind.CAPTURE, id="t3", status=MovementStatus.FAILED),
        _paid("25", PaymentKind.AUTHORIZATION, id="t4"),
    )
    charges = [
        _charge("10"),
        _charge("15", id="ch_2", payment_id="pi_2"),
        _charge("99", id="ch_3", status=MovementStatus.FAILED),
    ]
    assert _found([_sold(*payments)], charges=charges).exceptions == []


def test_money_without_an_order_and_an_order_without_money_are_told() -> None:
    found = _found([_sold(_paid(reference="pi_9"))], charges=[_charge(order_hint="#77")])
    assert _said(found) == [
        ("charge_without_order", "ch_1", Decimal(25)),
        ("order_without_charge", "shop #1001", Decimal(25)),
    ]
    assert found.exceptions[0].detail == "#77"


def test_a_charge_that_failed_needs_no_order() -> None:
    assert _found([], charges=[_charge(status=MovementStatus.FAILED)]).exceptions == []


def test_a_charge_that_two_orders_claim_is_guessed_for_neither() -> None:
    found = _found([_sold(_paid()), _sold(_paid(), channel="web")], charges=[_charge()])
    assert "charge_of_two_orders" in [one.reason for one in found.exceptions]


def test_only_the_processors_own_gateways_are_asked_about() -> None:
    cash = _sold(_paid(gateway="manual", reference="cash-1"))
    assert _found([cash], frozenset({"stripe"})).exceptions == []
    assert [one.reason for one in _found([cash]).exceptions] == ["order_without_charge"]


@pytest.mark.parametrize(
    ("channel", "processor", "reason"),
    [("5.00", "5.00", None), (None, "5.00", "refund_not_on_channel"), ("5.00", None, "refund_not_booked")],
)
def test_a_refund_is_known_on_both_sides_or_told(
    channel: str | None, processor: str | None, reason: str | None
) -> None:
    given = (_paid(channel, PaymentKind.REFUND, id="t2"),) if channel else ()
    refunds = [_refund(processor)] if processor else []
    found = _found([_sold(_paid(), *given)], charges=[_charge()], refunds=refunds)
    assert [one.reason for one in found.exceptions] == ([reason] if reason else [])


def test_sums_are_told_as_people_write_them_however_a_channel_does() -> None:
    [refund] = _found([_sold(_paid(), _paid("5.5", PaymentKind.REFUND, id="t2"))], charges=[_charge()]).exceptions
    assert refund.detail == "the channel gave back 5.50, the processor 0.00"
    [charge] = _found([_sold(_paid("24.5"))], charges=[_charge()]).exceptions
    assert charge.detail == "paid 24.50, the processor took 25.00"


def test_a_refund_by_payment_alone_finds_its_order() -> None:
    refund = _refund("5.00", charge_id="", payment_id="pi_1")
    given = _paid("5.00", PaymentKind.REFUND, id="t2")
    assert _found([_sold(_paid(), given)], charges=[_charge()], refunds=[refund]).exceptions == []


def test_more_given_back_than_was_paid_is_told_with_the_excess() -> None:
    given = _paid("30.00", PaymentKind.REFUND, id="t2")
    found = _found([_sold(_paid(), given)], charges=[_charge()], refunds=[_refund("30.00")])
    assert _said(found) == [("refund_above_total", "shop #1001", Decimal("5.00"))]


def test_a_refund_that_names_no_order_is_told() -> None:
    found = _found([], refunds=[_refund("5.00", charge_id="ch_9")])
    assert _said(found) == [("refund_without_order", "re_1", Decimal("5.00"))]
    pending = _refund("5.00", charge_id="ch_9", status=MovementStatus.PENDING)
    assert _found([], refunds=[pending]).exceptions == []


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (DisputeStatus.WARNING, False),
        (DisputeStatus.NEEDS_RESPONSE, True),
        (DisputeStatus.UNDER_REVIEW, True),
        (DisputeStatus.LOST, True),
        (DisputeStatus.WON, False),
    ],
)
def test_a_dispute_is_told_of_its_order_while_it_holds_money(status: DisputeStatus, told: bool) -> None:
    found = _found([_sold(_paid())], charges=[_charge()], disputes=[_dispute(status, reason="fraudulent")])
    reason = "dispute_lost" if status is DisputeStatus.LOST else "disputed"
    assert _said(found) == ([(reason, "shop #1001", Decimal(25))] if told else [])
    assert found.matched == (0 if told else 1)
