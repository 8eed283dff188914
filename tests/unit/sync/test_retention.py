"""What is over goes after a while; what is open, and what keeps a thing from being done twice, stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, func, select, update

from canonical.errors import AmbiguousError
from connectors.webhooks import Accepted, Contents, PrivacyDemand
from sync import inbox, retention
from sync.config import Retention
from sync.inbox import Delivery
from sync.observe import ReadMode
from sync.orders import store
from sync.run import end_run, lease, run_sync
from sync.store import tables
from sync.store.inbox import Inbox
from sync.store.orders import Document, Incident
from sync.store.tables import table
from tests.support.desk import Desk, open_desk

DAY = 86_400
DAYS = timedelta(days=14)
SHORT = Retention(payloads=DAYS, journal=DAYS, runs=DAYS, personal_data=DAYS, closed=DAYS)
GROWING = (tables.CallRow, tables.CallLine, tables.Plan, tables.PlanChange, tables.Run, tables.Drop, tables.Fall)
STREET = "12 Long Road"


@pytest.fixture
def opens(database_url: str) -> Iterator[Callable[..., Desk]]:
    """Opens a desk; its database is closed at the end."""
    found: list[Desk] = []

    def make(**more: Any) -> Desk:
        found.append(open_desk(database_url, **{"retention": SHORT, **more}))
        return found[-1]

    yield make
    for one in found:
        one.trading.hub.database.close()


def _count(desk: Desk, of: Table) -> int:
    with desk.database() as connection:
        return int(connection.execute(select(func.count()).select_from(of)).scalar_one())


def _sizes(desk: Desk) -> dict[str, int]:
    """How many rows there are of what grows, and how many bytes of documents and messages."""
    found = {model.__tablename__: _count(desk, table(model)) for model in (*GROWING, Inbox)}
    with desk.database() as connection:
        found["raw"] = int(connection.execute(select(func.sum(func.length(table(Document).c.raw)))).scalar_one())
    return {str(name): size for name, size in found.items()}


def _tell(desk: Desk, body: bytes, *demands: PrivacyDemand) -> None:
    told = Delivery("shop", Accepted("orders.updated", "d", Contents(demands=demands)), body)
    with desk.database() as connection:
        inbox.keep(connection, [told], desk.trading.hub.stamp())


def _address() -> dict[str, str]:
    return {"name": "Ann Buyer", "street": STREET, "city": "Leeds", "country": "GB"}


def _live_a_day(desk: Desk, day: int) -> None:
    """An order comes, is asked for, ships; a price changes; somebody edits one; the platform tells of it."""
    desk.world("erp").set_price("SKU-2", f"{10 + day % 3}.50")
    number = desk.place(1, shipping_address=_address(), customer={"name": "Ann Buyer", "email": "ann@buyer.example"})
    _tell(desk, f'{{"id": "{number}"}}'.encode())
    hub = desk.trading.hub
    with lease(hub, "serve") as run_id:
        desk.sync(after=3600)
        end_run(hub, run_id, "done", {})
    desk.trade("erp").ship(f"shop-{number}-1")
    desk.sync(ReadMode.FULL, after=3600)
    desk.world("erp").set_stock("SKU-1", "WH1", 10)
    desk.sync(after=3600)
    retention.daily(hub)
    desk.trading.clock.advance(DAY - 3 * 3600)


def test_sixty_days_of_trade_do_not_grow_without_bound_and_open_things_stay(opens: Callable[..., Desk]) -> None:
    desk = opens()
    hub = desk.trading.hub
    # From the first day on stand open: an unpaid order, a conflict, a call nobody knows the outcome of, a demand.
    unpaid = desk.place(1, sku="SKU-3", payment_status="pending")
    desk.world("shop").set_price("SKU-3", "9.00")
    _tell(desk, b"erase me", PrivacyDemand("erase"))
    desk.sync()
    with desk.database() as connection:
        connection.execute(update(table(tables.CallRow)).values(state="unknown"))
    open_calls, conflicts = _count(desk, table(tables.CallRow)), desk.conflicts()
    sizes: list[dict[str, int]] = []
    for day in range(60):
        _live_a_day(desk, day)
        sizes.append(_sizes(desk))
    for name in sizes[0]:
        assert max(one[name] for one in sizes[40:]) <= max(one[name] for one in sizes[:30]), (name, sizes)
    assert desk.standing(unpaid)[0] == "waiting"
    assert desk.conflicts() == conflicts != []
    with desk.database() as connection:
        unknown = connection.execute(
            select(tables.table(tables.CallRow)).where(table(tables.CallRow).c.state == "unknown")
        )
        assert len(unknown.all()) == open_calls
        assert b"erase me" in connection.execute(select(table(Inbox).c.body)).scalars().all()
    # Everything is shown again, as after a change of the mappings: nothing is asked for twice, nobody comes back.
    hub.config = replace(hub.config, version="v2")
    with lease(hub, "sync") as run_id:
        run_sync(hub, ReadMode.FULL)
        end_run(hub, run_id, "done", {})
    desk.sync(ReadMode.FULL)
    assert sorted(desk.requests()) == sorted(f"shop-o{number}-1" for number in range(2, 62))
    assert len(desk.trade("shop").notices) == 60
    assert desk.incidents() == ["privacy_request"]
    with desk.database() as connection:
        everything = b"".join(
            bytes(value or b"")
            for one in (store.REQUEST.c.body, store.EFFECT.c.document, store.EFFECT.c.call_body)
            for value in connection.execute(select(one).where(one.table.c.order_id < 30)).scalars()
        )
        shown = select(table(Document).c.body, table(Document).c.raw).join(
            store.ORDER, store.ORDER.c.external_id == table(Document).c.external_id
        )
        for row in connection.execute(shown.where(table(Document).c.kind == "order", store.ORDER.c.id.between(2, 29))):
            everything += bytes(row.body) + bytes(row.raw)
    assert STREET.encode() not in everything
    assert b"buyer" not in everything
    assert b"SKU-1" in everything


def test_a_dry_run_only_counts(opens: Callable[..., Desk]) -> None:
    desk = opens()
    for day in range(3):
        _live_a_day(desk, day)
    desk.trading.clock.advance(30 * DAY)
    before = _sizes(desk)
    counted = retention.prune(desk.trading.hub, dry_run=True)
    assert _sizes(desk) == before
    done = retention.prune(desk.trading.hub)
    assert counted == done
    assert {one.what for one in done if one.rows} >= {"webhook messages", "raw documents", "plans", "runs"}
    assert all(one.rows == 0 for one in retention.prune(desk.trading.hub))


def test_for_ever_is_for_ever(opens: Callable[..., Desk]) -> None:
    desk = opens(retention=Retention(None, None, None, None, None))
    _live_a_day(desk, 0)
    desk.trading.clock.advance(3000 * DAY)
    before = _sizes(desk)
    assert [one.rows for one in retention.prune(desk.trading.hub)] == [0] * len(retention.RULES)
    assert _sizes(desk) == before


def test_an_order_that_is_not_over_keeps_its_buyer(opens: Callable[..., Desk]) -> None:
    desk = opens()
    number = desk.place(1, shipping_address=_address())
    desk.world("erp").after_write.append(AmbiguousError("no answer"))
    desk.sync()
    desk.trading.clock.advance(100 * DAY)
    retention.prune(desk.trading.hub)
    with desk.database() as connection:
        (body,) = connection.execute(select(store.REQUEST.c.body)).scalars()
    assert STREET.encode() in bytes(body)
    desk.sync()
    desk.trade("erp").ship(f"shop-{number}-1")
    desk.sync()
    # It is over, but not for long enough.
    retention.prune(desk.trading.hub)
    assert desk.row(number).forgotten_at == ""


def test_a_buyer_of_a_forgotten_order_who_sends_goods_back_gets_the_money_told(opens: Callable[..., Desk]) -> None:
    desk = opens()
    number = desk.place(2, shipping_address=_address())
    desk.sync()
    desk.trade("erp").ship(f"shop-{number}-1")
    desk.sync()
    desk.trading.clock.advance(40 * DAY)
    desk.sync()
    retention.prune(desk.trading.hub)
    assert desk.row(number).forgotten_at
    desk.trade("shop").refund(number, 1, 1, desk.trading.clock.now(), restock=False)
    for _ in range(3):
        desk.sync(ReadMode.FULL)
    assert [one["amount"] for one in desk.trade("erp").noted.values()] == ["10.00"]
    assert list(desk.requests()) == [f"shop-{number}-1"]
    assert desk.incidents() == []


def test_it_is_done_once_a_day(opens: Callable[..., Desk]) -> None:
    desk = opens()
    hub = desk.trading.hub
    assert [retention.daily(hub), retention.daily(hub)] == [True, False]
    desk.trading.clock.advance(DAY)
    assert retention.daily(hub)


def test_an_incident_that_was_closed_is_told_again_only_if_it_happens_again(opens: Callable[..., Desk]) -> None:
    desk = opens()
    now = desk.trading.hub.stamp()
    with desk.database() as connection:
        store.open_incident(connection, "lost_sale", "a", "", now, item_id=1)
        store.open_incident(connection, "shipped_unasked", "b", "", now, order_id=1)
        store.open_incident(connection, "lost_sale", "c", "", now, item_id=1)
        known = table(Incident)
        connection.execute(update(known).where(known.c.subject != "c").values(closed_at=now))
    desk.trading.clock.advance(20 * DAY)
    retention.prune(desk.trading.hub)
    with desk.database() as connection:
        assert sorted(connection.execute(select(table(Incident).c.subject)).scalars()) == ["b", "c"]


def test_looking_for_what_is_over_keeps_nobody_from_storing(
    opens: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = opens()
    _tell(desk, b"one that is young")
    database, begun = desk.trading.hub.database, Counter[str]()
    begin = database.begin

    def counted() -> Any:
        begun["transactions"] += 1
        return begin()

    monkeypatch.setattr(database, "begin", counted)
    retention.prune(desk.trading.hub, dry_run=True)
    assert not begun
    retention.prune(desk.trading.hub)
    # The one that notes when it was done.
    assert begun.total() == 1


def test_a_message_that_came_again_stays_and_the_older_and_younger_of_its_time_go(opens: Callable[..., Desk]) -> None:
    desk = opens()
    for body in (b"first", b"again and again", b"third"):
        _tell(desk, body)
    desk.trading.clock.advance(10 * DAY)
    _tell(desk, b"again and again")
    _tell(desk, b"young")
    desk.trading.clock.advance(5 * DAY)
    retention.prune(desk.trading.hub)
    with desk.database() as connection:
        bodies = connection.execute(select(table(Inbox).c.body).order_by(table(Inbox).c.id)).scalars()
        assert [bytes(one) for one in bodies] == [b"again and again", b"young"]
    desk.trading.clock.advance(10 * DAY)
    retention.prune(desk.trading.hub)
    assert _count(desk, table(Inbox)) == 0
