from __future__ import annotations

from pathlib import Path

from sync.observe import ReadMode
from sync.orders import reservations, store
from sync.run import run_sync
from tests.support.trading import Trading, open_trading


def _open(tmp_path: Path, **more: object) -> Trading:
    found = open_trading(f"sqlite:///{tmp_path / 'hub.sqlite'}", prefix=str(tmp_path), **more)  # type: ignore[arg-type]
    found.shops.adopt()
    run_sync(found.hub, ReadMode.FULL)
    found.clock.advance(60)
    return found


def _orders(found: Trading) -> list[tuple[str, str, str]]:
    with found.hub.database.begin() as connection:
        return [
            (r.number, r.state, r.reason) for r in connection.execute(store.ORDER.select().order_by(store.ORDER.c.id))
        ]


def test_an_order_reserves_at_once_is_asked_for_once_and_lets_go_when_the_erp_has_booked_it(tmp_path: Path) -> None:
    found = _open(tmp_path, shops=("shop", "web"))
    found.place("shop", {"SKU-1": 3})
    report = run_sync(found.hub)
    assert _orders(found) == [("#o1", "asked", "")]
    assert list(found.trades["erp"].requests) == ["shop-o1-1"]
    assert report.effects.outcomes == {("erp", "done"): 1}
    # The other shop is lowered by the sale, the selling one is left alone: it counts for itself.
    assert found.shops.worlds["web"].stock("SKU-1", "WH1") == 7
    assert found.shops.worlds["shop"].stock("SKU-1", "WH1") == 7
    found.clock.advance(60)
    again = run_sync(found.hub)
    assert not any(one.applied for one in again.applied)
    with found.hub.database.begin() as connection:
        assert reservations.listing(connection) == []
    found.shops.erp.set_stock("SKU-1", "WH1", 20)
    found.clock.advance(60)
    run_sync(found.hub)
    assert found.shops.worlds["web"].stock("SKU-1", "WH1") == 20
    assert found.shops.worlds["shop"].stock("SKU-1", "WH1") == 20
