from __future__ import annotations

from pathlib import Path

from sync.observe import ReadMode
from sync.orders import store
from sync.run import run_sync
from tests.support.trading import open_trading


def test_more_sold_than_there_is_raises_an_incident_that_names_the_orders_and_closes_when_it_is_over(
    tmp_path: Path,
) -> None:
    found = open_trading(f"sqlite:///{tmp_path / 'hub.sqlite'}", shops=("shop", "web"), prefix=str(tmp_path))
    found.shops.adopt()
    run_sync(found.hub, ReadMode.FULL)
    found.clock.advance(60)
    # Both shops list all 15 of the pool; inside the lag each sells more than half of it.
    found.place("shop", {"SKU-1": 9})
    found.place("web", {"SKU-1": 9})
    run_sync(found.hub)
    with found.hub.database.begin() as connection:
        told = [(one.kind, one.subject, one.detail) for one in store.incidents(connection)]
    assert told == [
        ("oversold", "SKU-1", "3 units too few for the orders #o1 (shop), #o1 (web): cancel one, or get more")
    ]
    found.trades["web"].cancel("o1")
    for _ in range(2):
        found.clock.advance(60)
        run_sync(found.hub)
    with found.hub.database.begin() as connection:
        assert store.incidents(connection) == []
