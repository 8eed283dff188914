from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mappings.model import Mapped
from sync import shadow
from sync.shadow import Settled
from sync.store.database import open_database

_T0, _T1, _T2 = "2026-11-02T08:00:00.000000Z", "2026-11-02T08:00:03.000000Z", "2026-11-02T08:00:09.000000Z"

_WRITTEN: Any = [8, 1, _T0, 10]


def _record(units: int) -> Mapped:
    return Mapped("inventory", "item", "x1", "", "SKU", "", {"stock": units}, {}, "")


def test_the_value_we_overwrote_is_no_news_while_the_platform_may_still_show_it(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    with database.begin() as connection:
        shadow.store(connection, "shop", "inventory", [_record(10)], _T0)
        row = connection.execute(shadow.SHADOW.select()).one()
        written = Settled(row.id, {"stock": 8}, {"stock": 8}, {"stock": 8}, {"stock": _WRITTEN}, _T0)
        shadow.settle(connection, [written])
        late = shadow.store(connection, "shop", "inventory", [_record(10)], _T1, lagging="2026-11-02T07:59:58.000000Z")
        assert late.changed[0].moved == frozenset()
        sold = shadow.store(connection, "shop", "inventory", [_record(7)], _T1, lagging="2026-11-02T07:59:58.000000Z")
        assert sold.changed[0].moved == {"stock"}
        back = shadow.store(connection, "shop", "inventory", [_record(10)], _T2, lagging="2026-11-02T08:00:04.000000Z")
        assert back.changed[0].moved == {"stock"}
    database.close()


def test_a_sale_down_to_the_value_we_overwrote_is_news_at_once(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    before = {"stock[WH1]": 9, "committed[WH1]": 0}
    sold: dict[str, Any] = {"stock[WH1]": 9, "committed[WH1]": 1}
    with database.begin() as connection:
        shadow.store(connection, "shop", "inventory", [replace(_record(0), slots=before)], _T0)
        row = connection.execute(shadow.SHADOW.select()).one()
        raised: dict[str, Any] = {"stock[WH1]": 10}
        written: dict[str, Any] = {"stock[WH1]": [10, 1, _T0, 9]}
        shadow.settle(connection, [Settled(row.id, raised, raised, raised, written, _T0)])
        lagging = "2026-11-02T07:59:58.000000Z"
        late = shadow.store(connection, "shop", "inventory", [replace(_record(0), slots=before)], _T1, lagging=lagging)
        assert late.changed[0].moved == frozenset()
        news = shadow.store(connection, "shop", "inventory", [replace(_record(0), slots=sold)], _T1, lagging=lagging)
        assert news.changed[0].moved == {"stock[WH1]", "committed[WH1]"}
    database.close()


def test_a_late_copy_is_late_with_all_that_it_shows_of_the_place(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    before: dict[str, Any] = {"stock[WH1]": 0, "committed[WH1]": 0, "on_hand[WH1]": 0}
    # Raised to 5, of which 3 were sold and seen: a copy of what was there before shows nothing promised either.
    now: dict[str, Any] = {"stock[WH1]": 2, "committed[WH1]": 3, "on_hand[WH1]": 5}
    lagging = "2026-11-02T07:59:58.000000Z"
    with database.begin() as connection:
        shadow.store(connection, "shop", "inventory", [replace(_record(0), slots=now)], _T0)
        row = connection.execute(shadow.SHADOW.select()).one()
        writes: Any = {"stock[WH1]": [5, 1, _T0, 0]}
        shadow.settle(connection, [Settled(row.id, {}, {}, {}, writes, _T0)])
        late = shadow.store(connection, "shop", "inventory", [replace(_record(0), slots=before)], _T1, lagging=lagging)
        assert late.changed[0].moved == frozenset()
    database.close()
