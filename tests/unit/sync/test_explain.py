from __future__ import annotations

from collections.abc import Iterator

import pytest

from canonical.inventory import ChannelRule
from sync import flowstate
from sync.explain import SlotStory, explain, near
from sync.observe import ReadMode
from sync.run import run_sync
from tests.support.hubs import Shops, open_shops


@pytest.fixture
def shops(sqlite_url: str) -> Iterator[Shops]:
    found = open_shops(sqlite_url, items=3, rules={"shop": ChannelRule("shop", "main", buffer=2, max_listed=9)})
    found.adopt()
    yield found
    found.hub.database.close()


def story(shops: Shops, slot: str) -> SlotStory:
    [found] = explain(shops.hub, "SKU-1")
    return next(one for one in found.slots if one.slot.startswith(slot))


def test_stock_is_explained_by_the_owners_figures_and_the_rule_that_lists_them(shops: Shops) -> None:
    told = story(shops, "stock")
    assert told.figures == {"WH1": 10, "WH2": 5}
    assert told.rule == "pool main (WH1, WH2), safety stock 0, buffer 2, at most 9"
    price = story(shops, "price")
    assert (price.figures, price.rule) == ({}, "")


def test_a_held_field_names_its_conflict_and_a_frozen_flow_its_guard(shops: Shops) -> None:
    assert (story(shops, "price").conflict, story(shops, "price").frozen) == (None, "")
    run_sync(shops.hub, ReadMode.FULL)
    shops.tick()
    shops.shop.set_price("SKU-1", "99.00")
    run_sync(shops.hub, ReadMode.FULL)
    with shops.hub.database.begin() as connection:
        flowstate.freeze(connection, "prices", "shop", "guard_changed", shops.hub.stamp())
    assert story(shops, "price").conflict == 1
    assert story(shops, "price").frozen == "guard_changed"
    assert story(shops, "stock").frozen == ""


@pytest.mark.parametrize(("mistyped", "meant"), [("SKU-11", "SKU-1"), ("sku-2x", "SKU-2"), ("SUK-3", "SKU-3")])
def test_a_mistyped_sku_leads_to_the_one_that_was_meant(shops: Shops, mistyped: str, meant: str) -> None:
    assert meant in near(shops.hub, mistyped)


def test_what_looks_like_no_sku_and_what_holds_wildcards_lead_nowhere(shops: Shops) -> None:
    assert near(shops.hub, "NOBODY") == []
    assert near(shops.hub, "%") == []
    assert near(shops.hub, "") == []


def test_units_that_left_a_shop_unexplained_are_told_as_kept_off_by_their_drop(shops: Shops) -> None:
    run_sync(shops.hub, ReadMode.FULL)
    shops.tick()
    shops.shop.sell("SKU-1", 2, "WH2")
    shops.tick()
    run_sync(shops.hub, ReadMode.FULL)
    [found] = explain(shops.hub, "SKU-1")
    [kept] = found.kept_off
    assert (kept.target, kept.sku, kept.location, kept.units, kept.drop) == ("shop", "SKU-1", "WH2", 2, 1)
    [other] = explain(shops.hub, "SKU-2")
    assert other.kept_off == []
