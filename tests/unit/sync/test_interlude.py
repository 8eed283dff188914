"""What is told meanwhile overtakes a long run: just that is looked after, and the run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Thread

import pytest

from connectors.base import Connector, Environment
from sync import observeset
from sync.hub import AT_A_LIMIT
from sync.interlude import OVERTAKES, overtake
from sync.observe import ReadMode
from sync.observeset import Mark
from tests.support.desk import Desk, open_desk


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    found = open_desk(database_url, items=3)
    yield found
    found.trading.hub.database.close()


def _mark(desk: Desk, resource: str, ref: str, connection: str = "shop") -> None:
    with desk.database() as database:
        observeset.mark_all(database, [Mark(connection, resource, ref)], desk.trading.hub.stamp())


def _overtaken_at(desk: Desk, name: str, work: Callable[[], None], reading: str = "") -> list[str]:
    """Let a run be overtaken once, at the first checkpoint of a name."""
    hub = desk.trading.hub
    passed: list[str] = []

    def checkpoint(reached: str) -> None:
        if reached == name and not passed and (not reading or hub.lane.reading == reading):
            passed.append(reached)
            work()

    hub.checkpoint = checkpoint
    return passed


def test_an_order_is_asked_for_while_a_connection_is_still_being_read(desk: Desk) -> None:
    found: list[dict[str, str]] = []

    def work() -> None:
        _mark(desk, "orders", desk.place(2))
        overtake(desk.trading.hub, list(desk.trading.hub.config.flows.values()))
        found.append(desk.requests())

    passed = _overtaken_at(desk, "page stored", work, reading="erp")
    report = desk.sync(ReadMode.FULL)
    assert passed
    assert len(found[0]) == 1
    assert desk.requests() == found[0]
    assert desk.standing() == ("asked", "")
    assert not report.look.incomplete
    assert desk.listed() == 13


def test_only_what_was_told_is_written_and_the_run_does_the_rest(desk: Desk) -> None:
    hub = desk.trading.hub
    for sku in ("SKU-1", "SKU-3"):
        desk.trading.shops.erp.set_stock(sku, "WH1", 3)
    written: list[dict[str, int]] = []

    def listed() -> dict[str, int]:
        return {sku: desk.listed(sku=sku) for sku in ("SKU-1", "SKU-2", "SKU-3")}

    def work() -> None:
        before = listed()
        desk.trading.shops.erp.set_stock("SKU-2", "WH1", 3)
        _mark(desk, "items", desk.world("erp").find("SKU-2").id, "erp")
        overtake(hub, list(hub.config.flows.values()))
        written.append({sku: units for sku, units in listed().items() if units != before[sku]})

    assert not _overtaken_at(desk, "page stored", work, reading="shop")
    desk.sync()
    assert [one.keys() for one in written] == [{"SKU-2"}]
    assert set(listed().values()) == {written[0]["SKU-2"]}
    assert desk.sync().plans[0].changes == 0


def test_what_a_page_of_the_run_brought_before_it_was_told_is_carried_out_too(desk: Desk) -> None:
    hub, before, found = desk.trading.hub, desk.listed(sku="SKU-2"), []
    desk.trading.shops.erp.set_stock("SKU-2", "WH1", 3)

    def work() -> None:
        _mark(desk, "items", desk.world("erp").find("SKU-2").id, "erp")
        overtake(hub, list(hub.config.flows.values()))
        found.append(desk.listed(sku="SKU-2"))

    _overtaken_at(desk, "page stored", work, reading="erp")
    desk.sync(ReadMode.FULL)
    assert found == [before - 7]


@pytest.mark.parametrize("name", sorted(OVERTAKES - {"waiting", AT_A_LIMIT}))
def test_a_run_that_is_overtaken_anywhere_ends_as_any_other(desk: Desk, name: str) -> None:
    for sku in ("SKU-1", "SKU-3"):
        desk.trading.shops.erp.set_stock(sku, "WH1", 6)
    first = desk.place(1)

    def work() -> None:
        _mark(desk, "orders", desk.place(3))
        overtake(desk.trading.hub, list(desk.trading.hub.config.flows.values()), effects=name != "effect closed")

    passed = _overtaken_at(desk, name, work)
    desk.sync()
    assert passed
    desk.trading.hub.checkpoint = lambda _name: None
    desk.sync(ReadMode.FULL)
    assert len(desk.requests()) == 2
    assert desk.standing(first) == desk.standing("o2") == ("asked", "")
    assert [desk.listed(sku=sku) for sku in ("SKU-1", "SKU-3")] == [6 + 5 - 4, 11]
    assert desk.sync().plans[0].changes == 0


def test_nothing_is_linked_where_a_read_is_under_way(desk: Desk) -> None:
    """Two records may claim one item: which is told only by all of them."""
    hub, links = desk.trading.hub, []

    def work() -> None:
        _mark(desk, "items", desk.world("shop").find("SKU-1").id)
        looked = overtake(hub, list(hub.config.flows.values()))
        links.append(set(looked.links))

    assert not _overtaken_at(desk, "page stored", work, reading="shop")
    desk.sync(ReadMode.FULL)
    assert links == [{"erp"}]
    assert hub.unready == frozenset()


def _limited(desk: Desk, name: str, method: str) -> None:
    """A platform's limit on calls makes each call of a kind wait."""
    hub = desk.trading.hub
    known = hub.config.connections[name]

    def build(environment: Environment) -> Connector:
        connector = known.build(environment)
        real = getattr(connector, method)

        def late(*given: object) -> object:
            environment.clock.sleep(20)
            return real(*given)

        setattr(connector, method, late)
        return connector

    hub.config = replace(hub.config, connections={**hub.config.connections, name: replace(known, build=build)})
    hub.close()


@pytest.mark.parametrize(
    ("name", "method"), [("erp", "lookup"), ("erp", "changed_since"), ("erp", "push"), ("erp", "compose")]
)
def test_a_platform_that_makes_a_call_wait_holds_up_no_other(desk: Desk, name: str, method: str) -> None:
    hub, seen = desk.trading.hub, []
    first = desk.place(1)
    _mark(desk, "items", desk.world(name).find("SKU-1").id, name)
    _limited(desk, name, method)

    def work() -> None:
        _mark(desk, "orders", desk.place(3))
        calls = len(desk.world(name).reads), len(desk.world(name).writes), len(desk.requests(name))
        looked = overtake(hub, list(hub.config.flows.values()), effects=False)
        assert calls == (len(desk.world(name).reads), len(desk.world(name).writes), len(desk.requests(name)))
        seen.append((desk.listed(), looked.failed))

    passed = _overtaken_at(desk, AT_A_LIMIT, work)
    desk.sync()
    assert passed
    assert hub.lane.aside == frozenset()
    [(_, failed)] = seen
    assert failed == {name: "something of it is half done"}
    assert desk.standing("o2")[0] in ("open", "asked")
    hub.checkpoint = lambda _name: None
    desk.sync(ReadMode.FULL)
    assert len(desk.requests()) == 2
    assert desk.standing(first) == desk.standing("o2") == ("asked", "")
    assert desk.sync().plans[0].changes == 0


def test_nothing_overtakes_within_a_transaction_or_in_another_thread(desk: Desk) -> None:
    hub = desk.trading.hub
    passed: list[str] = []
    hub.checkpoint = passed.append
    with hub.hold("erp"):
        with hub.database.begin():
            hub.look_around("erp")
        other = Thread(target=hub.look_around, args=("erp",))
        other.start()
        other.join()
        hub.look_around("shop")
        assert passed == []
        hub.look_around("erp")
    assert passed == [AT_A_LIMIT]
