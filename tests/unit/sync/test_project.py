from __future__ import annotations

from dataclasses import replace

import pytest

from canonical.inventory import ChannelRule, Component, Pool
from sync.project import StockRequest, Supply, project_stock

POOL = Pool("main", ("WH1", "WH2"))
RULE = ChannelRule("shop", "main")
BOTH = ("WH1", "WH2")


def request(wh1: int, wh2: int, *, locations: tuple[str, ...] = (), **unbooked: int) -> StockRequest:
    return StockRequest(POOL, RULE, Supply({"WH1": wh1, "WH2": wh2}, unbooked), locations=locations)


def total(asked: StockRequest) -> int:
    return sum(project_stock(asked).values())


def test_a_channel_with_one_figure_gets_the_sum_and_one_with_locations_each_its_own() -> None:
    assert project_stock(request(10, 5)) == {"": 15}
    assert project_stock(request(10, 5, locations=BOTH)) == {"WH1": 10, "WH2": 5}


def test_a_shortage_in_one_warehouse_is_taken_off_the_sum_not_clamped_away() -> None:
    assert project_stock(request(-3, 5)) == {"": 2}
    assert project_stock(request(-3, 5, locations=BOTH)) == {"WH1": 0, "WH2": 2}
    assert project_stock(request(-7, 5)) == {"": 0}


def test_a_buffer_comes_off_once_and_from_the_last_location() -> None:
    kept = replace(request(5, 1, locations=BOTH), rule=replace(RULE, buffer=2))
    assert project_stock(kept) == {"WH1": 4, "WH2": 0}


def test_safety_stock_and_a_cap_apply_to_the_sum() -> None:
    careful = replace(request(10, 5), pool=replace(POOL, safety_stock=4))
    assert total(careful) == 11
    assert total(replace(careful, rule=replace(RULE, max_listed=3))) == 3


def test_unbooked_units_come_off_where_they_left_or_off_the_sum_where_nobody_tells() -> None:
    assert project_stock(request(10, 5, locations=BOTH, WH1=3)) == {"WH1": 7, "WH2": 5}
    nowhere = StockRequest(POOL, RULE, Supply({"WH1": 10, "WH2": 5}, {"": 4}), locations=BOTH)
    assert total(nowhere) == 11


@pytest.mark.parametrize("locations", [(), BOTH])
def test_what_is_not_for_sale_lists_nothing_anywhere(locations: tuple[str, ...]) -> None:
    assert total(replace(request(10, 5, locations=locations), sellable=False)) == 0


def test_a_pack_of_six_lists_whole_packs_only() -> None:
    assert total(replace(request(10, 5), factor=6)) == 2
    assert total(replace(request(3, 2), factor=6)) == 0


def kit(a: int, b: int, **taken: int) -> StockRequest:
    supplies = {"A": Supply({"WH1": a, "WH2": 0}, taken), "B": Supply({"WH1": b, "WH2": 0})}
    return replace(
        request(0, 0), kit=(Component("A", 2), Component("B", 1)), component_supplies=supplies, supply=Supply({})
    )


def test_a_kit_lists_what_its_scarcest_component_allows() -> None:
    assert total(kit(5, 9)) == 2
    assert total(kit(9, 1)) == 1
    assert total(kit(5, 9, WH1=2)) == 1


def test_a_kit_whose_component_nobody_counts_lists_nothing() -> None:
    assert total(replace(kit(5, 9), component_supplies={"A": Supply({"WH1": 5})})) == 0


def test_a_location_outside_the_pool_is_not_sold_from() -> None:
    asked = StockRequest(Pool("small", ("WH1",)), ChannelRule("shop", "small"), Supply({"WH1": 4, "WH2": 9}))
    assert total(asked) == 4
