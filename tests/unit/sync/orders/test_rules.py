"""What an order is owed, what it reserves, and what its channel took off its own stock (R5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from canonical.order import OrderLine
from canonical.payment import Refund, RefundedLine
from canonical.status import OrderStatus, PaymentStatus
from sync.orders.rules import ReserveRule, deducted_units, expires_at, reserves, wanted_units
from tests.support.sales import NOW, line, order

THREE_DAYS = ReserveRule(unpaid_for=timedelta(days=3))


def _refund(units: int, *, restocked: bool) -> Refund:
    lines = (RefundedLine(line_id="l1", quantity=units, restocked=restocked),)
    return Refund(id=f"r{units}", amount=order().total, currency="EUR", lines=lines)


@pytest.mark.parametrize(
    ("changes", "reserving"),
    [
        ({}, True),
        ({"test": True}, False),
        ({"status": OrderStatus.DRAFT}, False),
        ({"status": OrderStatus.CANCELED}, False),
        ({"status": OrderStatus.COMPLETED}, True),
        ({"payment_status": PaymentStatus.PENDING}, True),
        ({"payment_status": PaymentStatus.EXPIRED}, False),
        ({"payment_status": PaymentStatus.VOIDED}, False),
        ({"payment_status": PaymentStatus.FAILED}, False),
    ],
)
def test_drafts_tests_canceled_and_never_paid_orders_reserve_nothing(changes: dict[str, Any], reserving: bool) -> None:
    assert reserves(order(**changes), THREE_DAYS, NOW) is reserving


def test_an_unpaid_order_reserves_until_its_very_last_instant() -> None:
    unpaid = order(payment_status=PaymentStatus.PENDING)
    end = NOW + timedelta(days=3)
    assert expires_at(unpaid, THREE_DAYS) == end
    assert reserves(unpaid, THREE_DAYS, end - timedelta(microseconds=1))
    assert not reserves(unpaid, THREE_DAYS, end)
    assert expires_at(order(), THREE_DAYS) is None
    assert reserves(unpaid, ReserveRule(), NOW + timedelta(days=999))


def test_only_the_listed_statuses_of_the_platform_reserve_where_any_are_listed() -> None:
    rule = ReserveRule(frozenset({"processing"}))
    assert reserves(order(platform_status="processing"), rule, NOW)
    assert not reserves(order(platform_status="on-hold-by-plugin"), rule, NOW)


@pytest.mark.parametrize(
    ("position", "wanted"),
    [
        # The platform's units are those of now, refunds are off already; or they are those of then.
        (line(quantity=2, ordered=3), 2),
        (line(quantity=3), 2),
    ],
)
def test_refunded_units_are_not_wanted_and_never_taken_off_twice(position: OrderLine, wanted: int) -> None:
    assert wanted_units(order(position, refunds=(_refund(1, restocked=False),)), position) == wanted
    assert wanted_units(order(line(quantity=1), refunds=(_refund(5, restocked=True),)), line(quantity=1)) == 0


@pytest.mark.parametrize(("restocked", "off"), [(True, 2), (False, 3)])
def test_r5_refunded_units_stay_off_the_channels_stock_unless_they_were_put_back(restocked: bool, off: int) -> None:
    position = line(quantity=2, ordered=3)
    assert deducted_units(order(position, refunds=(_refund(1, restocked=restocked),)), position, "creation") == off


@pytest.mark.parametrize(
    ("deducts", "status", "off"),
    [
        ("creation", "anything", 3),
        ("never", "processing", 0),
        (("processing", "completed"), "pending", 0),
        (("processing", "completed"), "processing", 3),
    ],
)
def test_r5_a_channel_deducts_when_its_mapping_says_so(deducts: Any, status: str, off: int) -> None:
    position = line(quantity=3)
    assert deducted_units(order(position, platform_status=status), position, deducts) == off


def test_r5_a_draft_took_nothing_off() -> None:
    assert deducted_units(order(line(quantity=3), status=OrderStatus.DRAFT), line(quantity=3), "creation") == 0


@pytest.mark.parametrize(("said", "deducted"), [(None, 0), (0, 0), (2, 2), (-1, -1)])
def test_r5_what_the_platform_says_of_a_line_is_worth_more_than_its_status(said: int | None, deducted: int) -> None:
    sold = order(line(1, 3, deducted=said), platform_status="packed-by-plugin")
    assert deducted_units(sold, sold.lines[0], ("processing",)) == deducted
    assert deducted_units(sold, sold.lines[0], "creation") == (3 if said is None else said)
