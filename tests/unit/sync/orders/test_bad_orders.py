"""Orders that cannot go on: each waits with its reason, keeps its units where it has some, and stops no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.observe import ReadMode
from sync.orders import reservations, store
from sync.run import run_sync
from tests.support.trading import Trading, open_trading

_GOOD = {"SKU-1": 1}


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Trading]:
    trading = open_trading(f"sqlite:///{tmp_path / 'hub.sqlite'}", prefix=str(tmp_path), shops=("shop",))
    trading.shops.adopt()
    run_sync(trading.hub, ReadMode.FULL)
    trading.clock.advance(60)
    yield trading
    trading.hub.database.close()


def _sync(found: Trading) -> None:
    found.clock.advance(60)
    run_sync(found.hub)


def _standing(found: Trading, number: str) -> tuple[str, str]:
    with found.hub.database.begin() as connection:
        row = store.find_order(connection, "shop", number)
    assert row is not None
    return row.state, row.reason


def _reserved(found: Trading) -> int:
    with found.hub.database.begin() as connection:
        return sum(int(row.units) for row in reservations.listing(connection))


def _asked(found: Trading) -> dict[str, list[tuple[str, int]]]:
    requests = found.trades["erp"].requests.values()
    return {
        one["reference"]: [(line["sku"], line["quantity"]) for line in one["lines"]]
        for one in requests
        if one["status"] != "canceled"
    }


def _edit(found: Trading, number: str, **values: Any) -> None:
    """The platform shows an order differently from now on."""
    shop = found.trades["shop"]
    shop.orders[number].update(values)
    shop.world.tick += 1
    shop.orders[number]["changed"] = shop.world.tick


@pytest.mark.parametrize(
    ("wrong", "state", "reason"),
    [
        ({"total": "10.01"}, "blocked", "totals_differ"),
        ({"currency": "KWD", "total": "9.999"}, "blocked", "totals_differ"),
        ({"currency": "JPY", "total": "11"}, "blocked", "totals_differ"),
        ({"currency": "ZZZ"}, "blocked", "unknown_currency"),
        ({"currency": "euro"}, "blocked", "unknown_currency"),
        ({"currency": ""}, "unreadable", "invalid_value"),
        ({"shipping_address": {"name": "A. Buyer"}}, "blocked", "missing_address"),
        ({"placed_at": "yesterday"}, "unreadable", "invalid_value"),
        ({"total": "1e9999999"}, "unreadable", "invalid_value"),
        ({"lines": "none"}, "unreadable", "invalid_value"),
        ({"payment_status": "in bitcoin"}, "unreadable", "invalid_value"),
    ],
)
def test_an_order_that_cannot_go_on_is_named_and_the_next_one_goes_on(
    found: Trading, wrong: dict[str, Any], state: str, reason: str
) -> None:
    right = dict.fromkeys(wrong)
    bad = found.place("shop", _GOOD)
    right.update({name: found.trades["shop"].orders[bad][name] for name in wrong})
    _edit(found, bad, **wrong)
    good = found.place("shop", {"SKU-2": 2})
    _sync(found)
    assert _standing(found, bad) == (state, reason)
    assert _standing(found, good) == ("asked", "")
    assert list(_asked(found).values()) == [[("SKU-2", 2)]]
    # What was wrong is put right on the platform: the order goes on by itself.
    _edit(found, bad, **right)
    _sync(found)
    assert _standing(found, bad) == ("asked", "")
    assert sorted(_asked(found).values()) == [[("SKU-1", 1)], [("SKU-2", 2)]]


def test_a_line_that_nobody_knows_blocks_its_order_and_reserves_what_is_known(found: Trading) -> None:
    number = found.place("shop", {"SKU-1": 3, "NOBODY-KNOWS": 1})
    _sync(found)
    assert _standing(found, number) == ("blocked", "unknown_sku")
    assert _asked(found) == {}
    assert _reserved(found) == 3


def test_an_unpaid_order_keeps_its_units_and_is_asked_for_when_the_money_arrives(found: Trading) -> None:
    number = found.place("shop", _GOOD, paid=False)
    _sync(found)
    assert (_standing(found, number), _asked(found), _reserved(found)) == (("waiting", "unpaid"), {}, 1)
    found.trades["shop"].pay(number)
    _sync(found)
    assert _standing(found, number) == ("asked", "")
    assert list(_asked(found).values()) == [[("SKU-1", 1)]]


def test_an_order_that_is_edited_after_it_was_asked_for_is_asked_for_anew_once(found: Trading) -> None:
    number = found.place("shop", {"SKU-1": 2, "SKU-2": 1})
    _sync(found)
    found.trades["shop"].edit(number, 1, 5)
    for _ in range(4):
        _sync(found)
    assert list(_asked(found).values()) == [[("SKU-1", 5), ("SKU-2", 1)]]
    assert _standing(found, number) == ("asked", "")


def test_a_canceled_order_is_called_off_and_one_that_has_left_is_told(found: Trading) -> None:
    early, late = found.place("shop", _GOOD), found.place("shop", {"SKU-2": 1})
    _sync(found)
    (sent,) = (one["reference"] for one in found.trades["erp"].requests.values() if one["lines"][0]["sku"] == "SKU-2")
    found.trades["erp"].ship(sent)
    for number in (early, late):
        found.trades["shop"].cancel(number)
    for _ in range(3):
        _sync(found)
    statuses = {one["lines"][0]["sku"]: one["status"] for one in found.trades["erp"].requests.values()}
    assert statuses == {"SKU-1": "canceled", "SKU-2": "shipped"}
    with found.hub.database.begin() as connection:
        kinds = {row.kind for row in store.incidents(connection)}
    assert kinds, "goods that left for a canceled order are told to nobody"


def test_names_in_any_script_reach_the_erp_as_they_are(found: Trading) -> None:
    address = {"name": "𠮷田 🛒 O'Neill", "street": '東町 1 < 2 & "3"', "city": "Łódź", "country": "PL"}
    found.place("shop", _GOOD, shipping_address=address, customer={"email": "a@x.example", "name": "𠮷田"})
    _sync(found)
    (request,) = found.trades["erp"].requests.values()
    told = request["document"]["shipping_address"]
    assert {name: told[name] for name in address} == address


def test_an_order_of_five_hundred_lines_is_asked_for_whole(found: Trading) -> None:
    number = found.place("shop", {"SKU-3": 1})
    order = found.trades["shop"].orders[number]
    line = order["lines"][0]
    lines = [{**line, "id": f"{number}-{at}"} for at in range(1, 501)]
    _edit(found, number, lines=lines, total="5000.00", assignments=[])
    _sync(found)
    assert _standing(found, number) == ("asked", "")
    ((_, asked),) = _asked(found).items()
    assert (len(asked), sum(units for _, units in asked)) == (500, 500)


def test_the_same_day_read_again_in_full_asks_for_nothing_twice(found: Trading) -> None:
    for sku in ("SKU-1", "SKU-2", "SKU-3"):
        found.place("shop", {sku: 2})
    _sync(found)
    before = dict(found.trades["erp"].requests)
    for _ in range(3):
        found.clock.advance(60)
        report = run_sync(found.hub, ReadMode.FULL)
        assert not report.effects.outcomes
    assert found.trades["erp"].requests == before
    assert len(before) == 3
