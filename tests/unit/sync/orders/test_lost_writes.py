"""A stock write whose answer was lost, where what tells about it is missing: no sale vanishes, and lowerings go on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from canonical.errors import AmbiguousError, DataError, RetriableError
from sync import conflicts, drops, journal
from sync.apply import apply
from sync.interlude import overtake
from sync.observe import ReadMode
from sync.observeset import Mark, mark_all
from sync.orders import evidence
from sync.orders.lines import resolve_lines
from sync.recover import recover
from sync.resolve import Choice, resolve
from sync.run import make_plan
from sync.store import tables
from tests.support.desk import Desk, open_desk

_DROP, _LINE = tables.table(tables.Drop), tables.table(tables.CallLine)
_WH1 = 10


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    """``shop`` compares before it sets and shows what is promised; ``web`` does neither."""
    found = open_desk(sqlite_url, shops=("shop", "web"), blind=("web",))
    yield found
    found.trading.hub.database.close()


def _lose(desk: Desk, channel: str, figure: int, *, took: bool) -> None:
    """The owner's figure at WH1 changes, and the answer to the write that follows is lost."""
    desk.world("erp").set_stock("SKU-1", "WH1", figure)
    world = desk.world(channel)
    (world.after_write if took else world.before_write).append(AmbiguousError("no answer"))
    desk.trading.clock.advance(60)
    plan = make_plan(desk.trading.hub, ReadMode.FULL)[1]
    assert apply(desk.trading.hub, plan.plan_id).outcomes["unconfirmed"] >= 1


def _unreadable(desk: Desk, channel: str, units: int) -> None:
    desk.trading.trades[channel].place({"SKU-1": units}, desk.trading.clock.now(), total="nonsense")


def _without_orders(desk: Desk, channel: str) -> None:
    connector = desk.trading.hub.connector(channel)

    def failing(real: Any) -> Any:
        def read(resource: str, *more: Any) -> Any:
            if resource == "orders":
                raise RetriableError("orders: 503")
            return real(resource, *more)

        return read

    connector.pull, connector.changed_since = failing(connector.pull), failing(connector.changed_since)


@pytest.mark.parametrize("channel", ["shop", "web"])
@pytest.mark.parametrize(("figure", "took", "free"), [(16, True, 12), (4, False, 0), (16, False, 12), (4, True, 0)])
def test_a_sale_that_cannot_be_read_is_not_taken_for_a_lost_write(
    desk: Desk, channel: str, figure: int, took: bool, free: int
) -> None:
    _lose(desk, channel, figure, took=took)
    _unreadable(desk, channel, 4)
    for _ in range(5):
        desk.sync(ReadMode.FULL)
    listed = {name: desk.world(name).stock("SKU-1", "WH1") for name in ("shop", "web")}
    assert max(listed.values()) <= free, listed


def test_orders_that_cannot_be_read_do_not_stop_a_lowering_for_long(desk: Desk) -> None:
    _lose(desk, "shop", 16, took=True)
    _without_orders(desk, "shop")
    desk.world("erp").set_stock("SKU-1", "WH1", 3)
    failed = [desk.sync(after=100).look.failed for _ in range(4)]
    assert failed == [{"shop": "orders: 503"}] * 4
    assert desk.world("shop").stock("SKU-1", "WH1") == 3


def test_a_write_in_doubt_keeps_nothing_else_of_its_channel_from_being_read(desk: Desk) -> None:
    _lose(desk, "shop", 16, took=True)
    _without_orders(desk, "shop")
    desk.world("shop").sell("SKU-3", 4, "WH1")
    for _ in range(3):
        desk.sync(ReadMode.FULL)
    assert desk.world("web").stock("SKU-3", "WH1") == _WH1 - 4


def test_what_was_seen_before_a_write_tells_nothing_about_it(desk: Desk) -> None:
    _lose(desk, "shop", 16, took=True)
    connector = desk.trading.hub.connector("shop")
    real = connector.lookup
    connector.lookup = lambda resource, paths, _ids: real(resource, paths, [])
    desk.trading.clock.advance(60)
    with desk.trading.hub.hold("shop"):
        assert recover(desk.trading.hub, "shop") == {"waiting": 1}
    connector.lookup = real
    desk.sync()
    with desk.database() as connection:
        outcomes = connection.execute(select(_LINE.c.outcome).where(_LINE.c.item_id == 1)).scalars().all()
    assert outcomes.count("lost") == 0
    assert desk.world("shop").stock("SKU-1", "WH1") == 16


def test_a_write_of_another_figure_is_no_look_at_the_one_in_doubt(desk: Desk) -> None:
    hub, shop = desk.trading.hub, desk.world("shop")
    _lose(desk, "shop", 16, took=True)
    connector = hub.connector("shop")
    real = connector.lookup
    connector.lookup = lambda resource, paths, _ids: real(resource, paths, [])
    connector.changed_since = lambda resource, _paths, _cursor: real(resource, [], [])
    desk.world("erp").set_stock("SKU-1", "WH2", 3)
    desk.sync()
    assert shop.stock("SKU-1", "WH2") == 3
    with desk.database() as connection:
        assert "lost" not in connection.execute(select(_LINE.c.outcome)).scalars().all()


def test_where_both_stories_hold_the_next_look_decides(desk: Desk) -> None:
    desk.place(3)
    for _ in range(3):
        desk.sync()
    shop = desk.world("shop")
    assert (desk.world("erp").stock("SKU-1", "WH1"), shop.stock("SKU-1", "WH1")) == (7, 7)
    _lose(desk, "shop", 5, took=False)
    # Two are bought, as many as the write would have taken off, and two older ones are shipped.
    level = shop.find("SKU-1").levels["WH1"]
    level["committed"] -= 2
    level["on_hand"] -= 2
    shop.touch(shop.find("SKU-1"))
    desk.place(2)
    for _ in range(4):
        desk.sync()
    with desk.database() as connection:
        assert "lost" in connection.execute(select(_LINE.c.outcome)).scalars().all()
        assert conflicts.listing(connection) == []
    assert (shop.stock("SKU-1", "WH1"), desk.world("web").stock("SKU-1", "WH1")) == (3, 3)


def test_nobody_decides_about_a_figure_whose_last_write_is_in_doubt(desk: Desk) -> None:
    shop = desk.world("shop")
    shop.set_stock("SKU-1", "WH1", 12)
    shop.before_write.append(AmbiguousError("no answer"))
    hub = desk.trading.hub
    desk.trading.clock.advance(60)
    apply(hub, make_plan(hub, ReadMode.FULL)[1].plan_id)
    with desk.database() as connection:
        (conflict,) = conflicts.listing(connection)
    with pytest.raises(DataError, match="not known yet"):
        resolve(hub, conflict.id, Choice.OURS)
    desk.sync()
    assert shop.stock("SKU-1", "WH1") == _WH1


def test_a_sale_of_what_nobody_knows_is_not_taken_for_a_lost_write(desk: Desk) -> None:
    _lose(desk, "web", 14, took=True)
    # The order can be read, but not what it took: as many units as the write moved.
    desk.world("web").find("SKU-1").levels["WH1"]["available"] -= 4
    desk.world("web").touch(desk.world("web").find("SKU-1"))
    number = desk.place(1, shop="web", sku="SKU-2")
    lines = [{**line, "sku": "NOPE", "record_id": ""} for line in desk.trading.trades["web"].orders[number]["lines"]]
    desk.change(number, shop="web", lines=lines)
    for _ in range(5):
        desk.sync(ReadMode.FULL)
    listed = {name: desk.world(name).stock("SKU-1", "WH1") for name in ("shop", "web")}
    assert max(listed.values()) <= 10, listed


def test_in_a_long_read_of_a_channel_its_orders_tell_what_became_of_a_write(desk: Desk) -> None:
    hub = desk.trading.hub
    desk.sync(ReadMode.FULL)
    _lose(desk, "shop", 8, took=True)
    with hub.hold("shop"), hub.read_whole("shop"):
        for _ in range(8):
            desk.trading.clock.advance(30)
            overtake(hub, list(hub.config.flows.values()))
    desk.sync(ReadMode.FULL)
    with desk.database() as connection:
        assert drops.listing(connection) == []
    assert (desk.world("shop").stock("SKU-1", "WH1"), desk.world("web").stock("SKU-1", "WH1")) == (8, 8)


def test_an_old_order_that_cannot_be_read_leaves_no_later_write_in_doubt(desk: Desk) -> None:
    _unreadable(desk, "shop", 1)
    for _ in range(3):
        desk.sync(ReadMode.FULL, after=3600)
    with desk.database() as connection:
        known = {row.id for row in drops.listing(connection)}
    desk.trading.clock.advance(3600)
    _lose(desk, "shop", 9, took=True)
    desk.sync(ReadMode.FULL)
    with desk.database() as connection:
        assert {row.id for row in drops.listing(connection)} == known
        assert journal.open_calls(connection, "shop") == []


def test_what_is_told_of_a_channel_meanwhile_leaves_its_lost_write_no_longer_in_doubt(desk: Desk) -> None:
    hub = desk.trading.hub
    _lose(desk, "shop", 8, took=True)
    overtaken: list[str] = []

    def checkpoint(name: str) -> None:
        if name == "page stored" and len(overtaken) < 20:
            overtaken.append(name)
            with desk.database() as connection:
                mark_all(connection, [Mark("shop", "items", desk.world("shop").find("SKU-1").id)], hub.stamp())
            overtake(hub, list(hub.config.flows.values()))

    hub.checkpoint = checkpoint
    desk.trading.clock.advance(60)
    with hub.hold("shop"):
        assert recover(hub, "shop") == {"resolved": 1}
    assert overtaken


def test_an_old_order_that_is_changed_to_what_nobody_knows_is_not_taken_for_a_lost_write(desk: Desk) -> None:
    number = desk.place(1, shop="web", sku="SKU-2")
    desk.sync(ReadMode.FULL)
    desk.sync(ReadMode.FULL, after=7200)
    _lose(desk, "web", 14, took=True)
    desk.world("web").find("SKU-1").levels["WH1"]["available"] -= 4
    desk.world("web").touch(desk.world("web").find("SKU-1"))
    (line,) = desk.trading.trades["web"].orders[number]["lines"]
    more = {**line, "id": "x", "sku": "NOPE", "record_id": "", "quantity": 4, "ordered": 4, "amount": "40"}
    desk.change(number, shop="web", lines=[line, more], total="50.00")
    for _ in range(5):
        desk.sync(ReadMode.FULL)
    listed = {name: desk.world(name).stock("SKU-1", "WH1") for name in ("shop", "web")}
    assert max(listed.values()) <= 10, listed


@pytest.mark.parametrize("channel", ["shop", "web"])
def test_a_record_that_is_gone_proves_no_write_lost(desk: Desk, channel: str) -> None:
    _lose(desk, channel, 16, took=True)
    world = desk.world(channel)
    item = world.items.pop(world.find("SKU-1").id)
    for _ in range(2):
        desk.sync(ReadMode.FULL)
    with desk.database() as connection:
        assert journal.open_calls(connection, channel) == []
    # It is back, and four were sold of what cannot be read.
    item.levels["WH1"]["available"] -= 4
    world.items[item.id] = item
    world.touch(item)
    _unreadable(desk, channel, 0)
    for _ in range(5):
        desk.sync(ReadMode.FULL)
    listed = {name: desk.world(name).stock("SKU-1", "WH1") for name in ("shop", "web")}
    assert max(listed.values()) <= 12, listed


@pytest.mark.parametrize("channel", ["shop", "web"])
@pytest.mark.parametrize("units", [3, 5])
def test_an_order_that_a_write_was_decided_with_is_changed_before_it_is_judged(
    desk: Desk, channel: str, units: int
) -> None:
    hub = desk.trading.hub
    placed: list[str] = []
    connector = hub.connector(channel)
    real = connector.pull

    def pull(resource: str, *more: Any) -> Any:
        if resource == "orders" and not placed:  # after the look at its stock, before the one at its orders
            placed.append(desk.place(4, shop=channel))
        return real(resource, *more)

    connector.pull = pull
    _lose(desk, channel, 7, took=True)
    desk.trading.trades[channel].edit(placed[0], 1, units)
    for _ in range(3):
        desk.sync(ReadMode.FULL)
    with desk.database() as connection:
        assert connection.execute(select(_DROP)).all() == []
    assert (desk.conflicts(), desk.incidents()) == ([], [])


def test_an_order_that_is_called_off_after_the_look_is_not_taken_for_a_write(desk: Desk) -> None:
    hub, read = desk.trading.hub, []
    _lose(desk, "web", 8, took=False)
    number = desk.place(2, shop="web")
    connector = hub.connector("web")
    real = connector.changed_since

    def changed_since(resource: str, *more: Any) -> Any:
        read.append(resource)
        if read.count("orders") == 2:  # the look at its stock was between the two
            desk.trading.trades["web"].cancel(number)
        return real(resource, *more)

    connector.changed_since = changed_since
    desk.trading.clock.advance(60)
    with hub.hold("web"):
        assert recover(hub, "web") == {"waiting": 1}
        assert recover(hub, "web") == {"resolved": 1}
    with desk.database() as connection:
        assert "lost" in connection.execute(select(_LINE.c.outcome)).scalars().all()


def test_a_record_that_cannot_be_read_leaves_the_rest_of_its_channel_read(desk: Desk) -> None:
    hub, shop, web = desk.trading.hub, desk.world("shop"), desk.world("web")
    desk.world("erp").set_stock("SKU-2", "WH1", 8)
    _lose(desk, "shop", 8, took=True)
    connector = hub.connector("shop")
    real, bad = connector.lookup, shop.find("SKU-1").id

    def lookup(resource: str, paths: Any, ids: Any) -> Any:
        if resource == "items" and bad in ids:
            raise RetriableError("items: 500")
        return real(resource, paths, ids)

    connector.lookup = lookup
    shop.sell("SKU-3", 4, "WH1")
    desk.place(2, sku="SKU-2")
    failed = [desk.sync().look.failed for _ in range(5)]
    assert failed == [{}] * 5
    assert (web.stock("SKU-3", "WH1"), web.stock("SKU-2", "WH1")) == (6, 6)
    with desk.database() as connection:
        assert journal.open_calls(connection, "shop") == []


@pytest.mark.parametrize(("written", "most"), [(8, 10), (16, 16)])
def test_nothing_is_raised_elsewhere_over_what_a_write_in_doubt_may_hide(desk: Desk, written: int, most: int) -> None:
    _lose(desk, "shop", written, took=True)
    _unreadable(desk, "shop", 4)
    desk.sync(ReadMode.FULL, after=20)
    desk.world("erp").set_stock("SKU-1", "WH1", written + 6)
    listed = []
    for _ in range(8):
        desk.sync(ReadMode.FULL, after=20)
        listed.append(desk.world("web").stock("SKU-1", "WH1"))
    assert max(listed) <= most, listed
    with desk.database() as connection:
        assert journal.open_calls(connection, "shop") == []


@pytest.mark.parametrize("took", [True, False])
def test_a_raise_elsewhere_does_not_wait_for_a_write_that_explains_what_is_there(desk: Desk, took: bool) -> None:
    _lose(desk, "shop", 8, took=took)
    _unreadable(desk, "shop", 0)  # so that nothing can be told
    desk.world("erp").set_stock("SKU-1", "WH1", 14)
    desk.sync(ReadMode.FULL, after=20)
    assert desk.world("web").stock("SKU-1", "WH1") == 14
    with desk.database() as connection:
        assert journal.open_calls(connection, "shop")


def test_any_number_of_orders_is_looked_through_a_part_at_a_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def resolved(config: Any, connection: Any, channel: str, lines: Any) -> Any:
        asked.append(len(lines))
        return resolve_lines(config, connection, channel, lines)

    monkeypatch.setattr(evidence, "_CHUNK", 2)
    monkeypatch.setattr(evidence, "resolve_lines", resolved)
    for _ in range(4):
        desk.place(1, sku="SKU-2")
    last = desk.place(1, sku="SKU-3")
    desk.sync()
    with desk.database() as connection:
        found = evidence.evidence(desk.trading.hub, connection, "shop", "")
        assert (found and found.clear, asked) == (True, [2, 2, 1])
    lines = [{**line, "sku": "NOPE", "record_id": ""} for line in desk.trading.trades["shop"].orders[last]["lines"]]
    desk.change(last, lines=lines)
    desk.sync()
    with desk.database() as connection:
        found = evidence.evidence(desk.trading.hub, connection, "shop", "")
        assert found is not None
        assert not found.clear
