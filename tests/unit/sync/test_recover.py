from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select

from connectors.manifest import WriteClass, WriteSpec
from sync.batch import ChangeLine
from sync.landed import Landing, Orders, _explained_by_landing, landed, orders_of, safest
from sync.observe import ReadMode
from sync.recover import settle_seconds
from sync.run import run_sync
from sync.shadow import ShadowView
from sync.store import tables
from sync.store.columns import filled
from sync.store.database import insert_returning_id
from tests.support.desk import Desk, open_desk
from tests.support.hubs import memory_mappings

_STOCK = memory_mappings({"WH1": "WH1"})["inventory"]
_CALL, _LINE = tables.table(tables.CallRow), tables.table(tables.CallLine)


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    found = open_desk(sqlite_url, shops=("shop", "web"))
    yield found
    found.trading.hub.database.close()


@pytest.mark.parametrize(
    ("before", "after", "observed", "promised", "landed", "why"),
    [
        (10, 8, 8, 0, True, "the new value is there"),
        (10, 8, 10, 0, False, "the old value is there"),
        (10, 8, 6, 2, True, "two were sold after it"),
        (10, 8, 8, 2, False, "two were sold, and it was lost"),
        (8, 5, 5, -2, True, "two were shipped after it"),
        (5, 10, 9, 1, True, "one was sold after a raise"),
        (5, 10, 4, 1, False, "one was sold, and the raise was lost"),
    ],
)
def test_sales_and_shipments_tell_whether_a_write_landed(
    before: int, after: int, observed: int, promised: int, landed: bool, why: str
) -> None:
    assert _explained_by_landing(observed, promised, before, after) is landed, why


def _seen(available: int, committed: int, *, then: tuple[int, int]) -> ShadowView:
    observed: dict[str, Any] = {"stock[WH1]": available, "committed[WH1]": committed}
    got: dict[str, Any] = {"stock[WH1]": then[0], "committed[WH1]": then[1]}
    return ShadowView(1, "shop", "inventory", "x", "", "", 1, "", "", False, observed, {}, {}, got, {})


def _line(before: int, after: int) -> ChangeLine:
    return ChangeLine(1, "inventory", "inventory", 1, "x", "stock[WH1]", before, after, exempt=False, fingerprint="")


def _judged(seen: tuple[int, int | None], then: tuple[int, int], line: tuple[int, int], orders: Orders) -> Landing:
    observed, promised = seen
    view = _seen(observed, promised or 0, then=then)
    if promised is None:
        view = replace(view, observed={"stock[WH1]": observed}, got={"stock[WH1]": then[0]})
    return landed(_STOCK, view, _line(*line), orders)


def test_orders_that_a_write_was_decided_with_are_no_sales_since_it() -> None:
    # 8 at the last look, 3 of a known order not seen there yet: written 5 -> 0, and now it shows 0 with 3 promised.
    known = Orders((3,), all_read=True)
    assert _judged((0, 3), (8, 0), (5, 0), known) is Landing.LANDED
    assert _judged((5, 3), (8, 0), (5, 0), known) is Landing.LOST


def test_an_order_read_anew_does_not_hide_that_a_write_was_decided_with_it() -> None:
    # 17 at the last look, 4 of a known order not seen there yet: written 13 -> 12. Then one of them came back and three
    # others were sold.
    orders = Orders((3, 3), all_read=True)
    assert _judged((10, 6), (17, 0), (13, 12), orders) is Landing.LANDED
    assert _judged((11, 6), (17, 0), (13, 12), orders) is Landing.LOST


@pytest.mark.parametrize(
    ("operation", "resource", "entity", "left"),
    [
        ("gone", "items", "inventory", "unknown"),
        ("items", "gone", "inventory", "in_flight"),
        ("items", "items", "gone", "in_flight"),
    ],
)
def test_a_call_that_the_configuration_knows_no_more_keeps_nothing_else_from_being_read(
    desk: Desk, operation: str, resource: str, entity: str, left: str
) -> None:
    hub = desk.trading.hub
    desk.sync()
    shop = hub.config.connections["shop"]
    known = next(one for one, spec in shop.manifest.writes.items() if spec.write_class is WriteClass.SET)
    call = {"plan_id": 1, "connection": "shop", "operation": known if operation == "items" else operation}
    call |= {"resource": resource, "body": b"{}", "state": "in_flight", "created_at": hub.stamp()}
    line = {"number": 0, "slot": "x", "plan_id": 1, "change_number": 1, "flow": "f", "entity": entity, "item_id": 1}
    with desk.database() as connection:
        ident = insert_returning_id(connection, _CALL, filled(tables.CallRow, {**call, "sent_at": hub.stamp()}))
        connection.execute(
            insert(_LINE).values(**filled(tables.CallLine, {**line, "external_id": "x", "call_id": ident}))
        )
    desk.trading.clock.advance(3600)
    assert run_sync(hub, ReadMode.AUTO).look.failed == {}
    with desk.database() as connection:
        assert connection.execute(select(_CALL.c.state).where(_CALL.c.id == ident)).scalar_one() == left


@pytest.mark.parametrize("after_the_look", [True, False])
def test_orders_tell_a_write_that_landed_from_one_that_was_lost(after_the_look: bool) -> None:
    # 13 -> 15, while three were sold and three others shipped. Fewer shipments would explain 12 if it had been lost.
    sold = orders_of([("2" if after_the_look else "0", 3)], "1", all_read=True)
    assert _judged((12, 3), (13, 3), (13, 15), sold) is Landing.LANDED
    lost = _judged((10, 3), (13, 3), (13, 15), sold)
    # An order that the look may show or not fits more than one figure: the lower one is not taken on its word.
    assert lost is (Landing.UNTOLD if after_the_look else Landing.LOST)


def test_where_neither_story_is_whole_nothing_is_told() -> None:
    # 10 -> 30, and 12 are there: two came that nobody gave back, or eighteen left that nobody bought.
    assert _judged((12, 2), (10, 3), (10, 30), Orders(all_read=True)) is Landing.UNTOLD


def test_where_both_stories_are_whole_the_next_look_tells() -> None:
    # 4 -> 2, and two left for an order that this look may or may not show, while two older ones were shipped.
    assert _judged((2, 0), (4, 2), (4, 2), Orders((), (2,), all_read=True)) is Landing.UNTOLD
    assert _judged((2, 0), (4, 2), (4, 2), Orders((2,), all_read=True)) is Landing.LOST


@pytest.mark.parametrize(
    ("observed", "told"), [(5, Landing.UNTOLD), (3, Landing.LOST), (10, Landing.UNTOLD), (8, Landing.LANDED)]
)
def test_a_channel_without_commitments_is_judged_by_its_orders_too(observed: int, told: Landing) -> None:
    # 5 -> 10, and two were sold, which any look since then must show.
    assert _judged((observed, None), (5, 0), (5, 10), Orders((2,), all_read=True)) is told


def test_orders_that_were_not_all_read_tell_nothing() -> None:
    assert _judged((10, None), (5, 0), (5, 10), Orders()) is Landing.UNTOLD


@pytest.mark.parametrize(
    ("observed", "line", "told"),
    [
        (16, (10, 16), Landing.LANDED),
        (4, (10, 4), Landing.UNTOLD),
        (8, (10, 16), Landing.LOST),
        (8, (10, 4), Landing.LOST),
    ],
)
def test_a_write_that_does_not_compare_may_have_wiped_out_a_sale(
    observed: int, line: tuple[int, int], told: Landing
) -> None:
    # Two were sold between the last look and the write, or before a write that was lost.
    orders = Orders((2,), all_read=True, erases=True)
    assert _judged((observed, None), (10, 0), line, orders) is told


@pytest.mark.parametrize(("before", "after"), [(10, 16), (10, 4)])
@pytest.mark.parametrize("took", [True, False])
def test_no_sale_that_nobody_knows_of_is_taken_for_a_write_but_one_of_just_its_size(
    before: int, after: int, took: bool
) -> None:
    for shown, late, is_shown, unknown in product(range(4), range(4), (True, False), range(10)):
        left = shown + late * is_shown + unknown
        seen = (after if took else before) - left
        orders = Orders((shown,), (late,) if late else (), all_read=True)
        told = _judged((seen, None), (10, 0), (before, after), orders)
        base = {Landing.LANDED: after, Landing.LOST: before, Landing.UNTOLD: max(before, after)}[told]
        swallowed = base - left - seen < 0
        assert not swallowed or (unknown == abs(after - before) and not late), (shown, late, is_shown, unknown, told)


@pytest.mark.parametrize(("before", "after", "told"), [(10, 16, Landing.LANDED), (10, 4, Landing.LOST)])
def test_where_nothing_more_tells_the_higher_figure_is_taken(before: int, after: int, told: Landing) -> None:
    assert safest(_line(before, after)) is told


def test_a_configured_settle_time_does_not_hide_that_reads_lag(desk: Desk) -> None:
    hub = desk.trading.hub
    spec = WriteSpec("", "items", WriteClass.SET, 1, settle_seconds=10)
    _lags(desk, 5)
    assert settle_seconds(hub, "shop", spec) == 15
    shop = hub.config.connections["shop"]
    hub.config = replace(
        hub.config, connections={**hub.config.connections, "shop": replace(shop, write_settle_seconds=2)}
    )
    assert settle_seconds(hub, "shop", spec) == 7


def _lags(desk: Desk, seconds: float) -> None:
    hub = desk.trading.hub
    shop = hub.config.connections["shop"]
    manifest = msgspec.structs.replace(shop.manifest, read_after_write_seconds=seconds)
    hub.config = replace(hub.config, connections={**hub.config.connections, "shop": replace(shop, manifest=manifest)})
