"""Which place ships what, and what is told of the places that do not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

import pytest

from canonical.order import Order
from sync.orders.routes import Route, Shortage
from sync.orders.routing import Routing, route
from tests.support.sales import NOW, line, order

EVERYWHERE = 99


def _routed(
    rules: list[Route],
    stock: Mapping[tuple[str, str], int] | None = None,
    need: Mapping[str, int] | None = None,
    sold: Order | None = None,
    **more: Any,
) -> Routing:
    """Route an order of two SKUs; ``stock`` is what a place has of a SKU, plenty if it is not said."""
    sold = sold or order(line(1), line(2))
    skus = {one.id: one.sku for one in sold.lines}
    wanted = need or {one.id: one.quantity for one in sold.lines}
    has = stock or {}
    available = lambda name, place: has.get((place, skus[name]), EVERYWHERE if stock is None else 0)  # noqa: E731
    return route(sold, skus, wanted, rules, available, more.get("now", NOW))


def _to(found: Routing) -> list[tuple[str, str, dict[str, int]]]:
    return [(one.route.to, one.location, dict(one.units)) for one in found.portions]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Route("r", "a", countries=frozenset({"FR"})), "r: ships to FR, not to DE"),
        (Route("r", "a", tags=frozenset({"vip"})), "r: only for orders tagged vip"),
        (Route("r", "a", cut_off=time(8, 0)), "r: closed at 08:00 UTC"),
    ],
)
def test_a_rule_that_is_not_for_an_order_says_why_and_the_next_one_is_tried(rule: Route, said: str) -> None:
    found = _routed([rule, Route("rest", "b")])
    assert _to(found) == [("b", "", {"l1": 1, "l2": 1})]
    assert found.notes == (said,)
    alone = _routed([rule])
    assert (alone.portions, alone.reason, dict(alone.waiting)) == ((), "no_route", {"l1": 1, "l2": 1})


@pytest.mark.parametrize(
    "rule",
    [
        Route("r", "a", countries=frozenset({"FR", "DE"})),
        Route("r", "a", tags=frozenset({"vip", "press"})),
        Route("r", "a", cut_off=time(8, 1)),
        Route("r", "a", skus=("SKU-*",)),
    ],
)
def test_a_rule_whose_conditions_are_met_takes_the_order_and_says_why(rule: Route) -> None:
    found = _routed([rule, Route("rest", "b")], sold=order(line(1), tags=("vip",)))
    assert _to(found) == [("a", "", {"l1": 1})]
    assert found.portions[0].why.startswith("r: has everything")


def test_a_cut_off_opens_again_the_next_day() -> None:
    rule = Route("r", "a", cut_off=time(14, 0))
    assert _routed([rule], now=NOW + timedelta(hours=6)).reason == "no_route"
    assert _routed([rule], now=NOW + timedelta(hours=16)).reason == ""


def test_a_place_with_everything_is_preferred_to_a_split_whatever_comes_first() -> None:
    rules = [Route("first", "a", ("WH1",)), Route("second", "b", ("WH2",))]
    stock = {("WH1", "SKU-1"): 5, ("WH2", "SKU-1"): 5, ("WH2", "SKU-2"): 5}
    assert _to(_routed(rules, stock)) == [("b", "WH2", {"l1": 1, "l2": 1})]


def test_an_order_that_no_place_has_whole_is_split_in_the_order_of_the_rules() -> None:
    rules = [Route("first", "a", ("WH1",)), Route("second", "b", ("WH2",))]
    stock = {("WH1", "SKU-1"): 5, ("WH2", "SKU-2"): 5}
    found = _routed(rules, stock)
    assert _to(found) == [("a", "WH1", {"l1": 1}), ("b", "WH2", {"l2": 1})]
    assert found.reason == ""


def test_one_line_is_split_over_the_places_of_one_rule() -> None:
    stock = {("WH1", "SKU-1"): 2, ("WH2", "SKU-1"): 9}
    found = _routed([Route("r", "a", ("WH1", "WH2"))], stock, sold=order(line(1, 12)))
    assert _to(found) == [("a", "WH1", {"l1": 2}), ("a", "WH2", {"l1": 9})]
    assert (dict(found.waiting), found.reason) == ({"l1": 1}, "out_of_stock")


def test_a_rule_that_may_not_split_takes_all_or_nothing() -> None:
    rules = [Route("whole", "a", ("WH1",), split=False), Route("rest", "b", ("WH2",))]
    found = _routed(rules, {("WH1", "SKU-1"): 5, ("WH2", "SKU-2"): 5})
    assert _to(found) == [("b", "WH2", {"l2": 1})]
    assert dict(found.waiting) == {"l1": 1}
    assert "whole: WH1 has not enough and may not split" in found.notes


def test_units_no_place_has_are_sent_where_a_rule_says_so() -> None:
    rules = [Route("a", "a", ("WH1",)), Route("b", "b", ("WH2",), shortage=Shortage.SEND)]
    found = _routed(rules, {("WH1", "SKU-1"): 1})
    assert _to(found) == [("a", "WH1", {"l1": 1}), ("b", "WH2", {"l2": 1})]
    assert found.reason == ""


def test_two_lines_of_one_sku_share_what_is_there() -> None:
    sold = order(line(1, 3), line(2, 3, sku="SKU-1"))
    found = _routed([Route("r", "a", ("WH1",))], {("WH1", "SKU-1"): 4}, sold=sold)
    assert _to(found) == [("a", "WH1", {"l1": 3, "l2": 1})]
    assert dict(found.waiting) == {"l2": 2}


def test_skus_of_two_rules_go_to_two_places() -> None:
    rules = [Route("one", "a", skus=("SKU-1",)), Route("two", "b", skus=("*-2",))]
    assert _to(_routed(rules)) == [("a", "", {"l1": 1}), ("b", "", {"l2": 1})]


def test_nothing_to_ship_needs_no_place() -> None:
    assert _routed([Route("r", "a")], need={"l1": 0}) == Routing()
