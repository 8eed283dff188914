"""Which units are held where, and since when their owner has booked them: each booked unit is used once (R1, R6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from canonical.fulfillment import Assignment
from canonical.inventory import Basis
from canonical.status import RequestStatus
from sync.orders.holds import DOCUMENT, SHIP, Asked, OwnerOf, StockOwner, holds_of
from sync.orders.lines import Sellable
from sync.part import Part
from tests.support.sales import line, order

AT, LATER = "2026-11-27T08:00:00Z", "2026-11-27T09:00:00Z"
ONE = {"l1": Sellable(1, "SKU-1", (Part(1, 1),))}


def _owner(basis: Basis, name: str = "erp") -> OwnerOf:
    return lambda _place: StockOwner(name, basis)


ON_HAND = _owner(Basis.SHIPPED)


def _asked(units: int, role: str = DOCUMENT, **more: Any) -> Asked:
    values = {"connection": "erp", "role": role, "location": "", "status": RequestStatus.ACCEPTED}
    return Asked(**{**values, "units": {"l1": units}, **more})


def _held(
    need: int,
    asked: Sequence[Asked] = (),
    owner: OwnerOf | None = None,
    deducted: int | None = None,
    assigned: Mapping[str, int] | None = None,
) -> list[tuple[str, int, int, str]]:
    places = (assigned or {}).items()
    assignments = tuple(Assignment(line_id="l1", quantity=units, location=place) for place, units in places)
    off = {"l1": need if deducted is None else deducted}
    found = holds_of(
        order(line(quantity=need or 1), assignments=assignments), {"l1": need}, off, ONE, asked, owner or ON_HAND
    )
    return [(one.location, one.units, one.deducted, one.booked_at) for one in found]


def test_what_nobody_was_asked_for_is_held_where_the_channel_assigned_it_and_the_rest_anywhere() -> None:
    assert _held(5, assigned={"WH1": 2, "WH2": 1}) == [("WH1", 2, 2, ""), ("WH2", 1, 1, ""), ("", 2, 2, "")]


def test_r6_an_assignment_of_more_than_is_wanted_holds_no_more_than_that() -> None:
    assert _held(1, assigned={"WH1": 4}) == [("WH1", 1, 1, "")]


def test_r1_a_figure_of_goods_on_hand_books_only_what_was_shipped() -> None:
    accepted = _asked(3, accepted_at=AT)
    assert _held(3, [accepted]) == [("", 3, 3, "")]
    partly = _asked(3, accepted_at=AT, status=RequestStatus.PARTIALLY_SHIPPED, shipped=[("l1", 1, LATER)])
    assert _held(3, [partly]) == [("", 1, 1, LATER), ("", 2, 2, "")]


@pytest.mark.parametrize("basis", [Basis.ACCEPTED, Basis.ALLOCATED])
def test_r1_a_figure_of_what_can_be_promised_books_what_was_accepted(basis: Basis) -> None:
    assert _held(3, [_asked(3, accepted_at=AT)], _owner(basis)) == [("", 3, 3, AT)]
    assert _held(3, [_asked(3, status=RequestStatus.SENT)], _owner(basis)) == [("", 3, 3, "")]


def test_r1_only_the_owner_of_the_figure_books_it() -> None:
    assert _held(3, [_asked(3, accepted_at=AT)], _owner(Basis.ACCEPTED, "tpl")) == [("", 3, 3, "")]
    assert _held(3, [_asked(3, accepted_at=AT)], lambda _place: None) == [("", 3, 3, "")]


def test_a_booked_unit_is_used_once_though_two_places_ship_the_line() -> None:
    document = _asked(3, accepted_at=AT)
    ships = [
        _asked(2, SHIP, connection="tpl", location="WH1"),
        _asked(1, SHIP, connection="far", location="WH2"),
    ]
    assert _held(3, [document, *ships], _owner(Basis.ACCEPTED)) == [("WH1", 2, 2, AT), ("WH2", 1, 1, AT)]
    short = _asked(2, accepted_at=AT)
    assert _held(3, [short, *ships], _owner(Basis.ACCEPTED)) == [("WH1", 2, 2, AT), ("WH2", 1, 1, "")]


def test_a_place_that_counts_itself_books_only_its_own_requests() -> None:
    here = _asked(1, SHIP, connection="tpl", location="WH1", accepted_at=AT)
    there = _asked(2, SHIP, connection="tpl", location="WH2")
    assert _held(3, [here, there], _owner(Basis.ACCEPTED, "tpl")) == [("WH1", 1, 1, AT), ("WH2", 2, 2, "")]


def test_units_that_are_about_to_be_asked_for_are_held_where_they_will_be() -> None:
    waiting = _asked(2, SHIP, connection="tpl", location="WH1", status=RequestStatus.WAITING)
    assert _held(3, [waiting]) == [("WH1", 2, 2, ""), ("", 1, 1, "")]
    assert _held(1, [waiting]) == [("WH1", 1, 1, "")]


@pytest.mark.parametrize("status", [RequestStatus.SENT, RequestStatus.CANCELING, RequestStatus.SHIPPED])
def test_r1_what_a_target_may_act_on_stays_held_though_nothing_is_wanted_any_more(status: RequestStatus) -> None:
    assert _held(0, [_asked(3, status=status)], deducted=0) == [("", 3, 3, "")]


@pytest.mark.parametrize("status", [RequestStatus.WAITING, RequestStatus.BLOCKED, RequestStatus.CANCELED])
def test_r1_what_was_never_sent_or_is_canceled_there_is_let_go(status: RequestStatus) -> None:
    assert _held(0, [_asked(3, status=status)], deducted=0) == []


def test_r5_units_the_channel_has_not_taken_off_are_held_back_by_itself() -> None:
    assert _held(3, deducted=1, assigned={"WH1": 2, "WH2": 1}) == [("WH1", 2, 1, ""), ("WH2", 1, 0, "")]


def test_r7_a_kit_holds_every_component_by_what_one_takes() -> None:
    kit = {"l1": Sellable(9, "KIT", (Part(1, 2), Part(2, 1)))}
    found = holds_of(order(line(quantity=3)), {"l1": 3}, {"l1": 1}, kit, [], _owner(Basis.SHIPPED))
    assert [(one.item_id, one.units, one.deducted) for one in found] == [(1, 6, 2), (2, 3, 1)]


def test_a_line_that_nobody_knows_holds_nothing() -> None:
    assert holds_of(order(line(2)), {"l2": 1}, {"l2": 1}, ONE, [], _owner(Basis.SHIPPED)) == []
