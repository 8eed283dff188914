"""Records whose bytes are those last stored are told without mapping them, and nothing else is taken for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from connectors.base import Page
from sync import configversion
from sync.missing import SeenSet
from sync.observe import ReadMode, ReadReport, store_page
from sync.run import look
from sync.shadow import SHADOW, Settled, settle
from sync.store import body
from sync.topology import mappings_by_resource
from tests.support.hubs import Shops, open_shops

_START = datetime(2026, 11, 2, 9, 0, 0, tzinfo=UTC)


@pytest.fixture
def shops(tmp_path: Path) -> Iterator[Shops]:
    found = open_shops(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    yield found
    found.hub.database.close()


def read(shops: Shops, minute: int, *raws: bytes, seen: SeenSet | None = None) -> ReadReport:
    """Store one page of the shop, read so many minutes after the start."""
    report = ReadReport("shop")
    mappings = [m for m in mappings_by_resource(shops.hub.config, "shop")["items"] if m.entity == "variant"]
    page = Page("items", list(raws), _START + timedelta(minutes=minute))
    with shops.hub.database.begin() as connection:
        store_page(shops.hub, connection, "shop", mappings, page, report, seen)
    return report


def raw(shops: Shops, **other: Any) -> bytes:
    return json.dumps({**shops.shop.find("SKU-1").record(), **other}).encode()


def price(shops: Shops) -> Any:
    with shops.hub.database.begin() as connection:
        return body.decode_slots(connection.execute(select(SHADOW.c.observed)).scalar_one())["price[EUR]"]


def test_the_same_bytes_are_no_change_and_count_as_seen(shops: Shops) -> None:
    assert read(shops, 0, raw(shops)).changed == 1
    seen = SeenSet(10)
    report = read(shops, 1, raw(shops), seen=seen)
    assert (report.changed, report.records) == (0, 1)
    assert 1 in seen
    assert 2 not in seen


def test_other_bytes_of_the_same_content_are_no_change_either(shops: Shops) -> None:
    read(shops, 0, raw(shops))
    reordered = json.dumps(dict(reversed(json.loads(raw(shops)).items())), indent=1).encode()
    assert read(shops, 1, reordered).changed == 0
    assert read(shops, 2, reordered).changed == 0
    assert read(shops, 3, raw(shops)).changed == 0


def test_a_change_and_the_change_back_are_both_seen(shops: Shops) -> None:
    read(shops, 0, raw(shops))
    assert read(shops, 1, raw(shops, price="12.00")).changed == 1
    assert price(shops) == "12"
    assert read(shops, 2, raw(shops)).changed == 1
    assert price(shops) == "10"


def test_after_our_own_write_the_bytes_from_before_it_are_news(shops: Shops) -> None:
    read(shops, 0, raw(shops))
    with shops.hub.database.begin() as connection:
        number = connection.execute(select(SHADOW.c.id)).scalar_one()
        settle(connection, [Settled(number, {"price[EUR]": "12"}, {"price[EUR]": "12"}, {"price[EUR]": "12"})])
    assert price(shops) == "12"
    assert read(shops, 30, raw(shops)).changed == 1
    assert price(shops) == "10"


def test_a_record_that_is_twice_in_a_page_counts_as_its_last_copy(shops: Shops) -> None:
    read(shops, 0, raw(shops))
    assert read(shops, 1, raw(shops, price="12.00"), raw(shops)).changed == 0
    assert price(shops) == "10"
    assert read(shops, 2, raw(shops), raw(shops, price="12.00")).changed == 1
    assert price(shops) == "12"


def test_the_same_bytes_of_an_older_read_are_too_old_all_the_same(shops: Shops) -> None:
    read(shops, 5, raw(shops))
    assert read(shops, 1, raw(shops)).outdated == 1


def test_a_new_configuration_takes_the_same_bytes_in_anew(shops: Shops) -> None:
    read(shops, 0, raw(shops))
    with shops.hub.database.begin() as connection:
        assert configversion.activate(shops.hub, connection)
    assert read(shops, 1, raw(shops)).changed == 1


def test_bytes_without_an_id_are_quarantined_every_time(shops: Shops) -> None:
    for minute in range(2):
        report = read(shops, minute, b'{"sku":"SKU-1"}', b"not json", raw(shops))
        assert report.issues == {"invalid_value": 2}


def test_a_record_that_went_and_came_back_with_the_same_bytes_is_gone_in_between(shops: Shops) -> None:
    look(shops.hub, ReadMode.FULL)
    shops.tick()
    taken = shops.shop.items.pop(shops.shop.find("SKU-2").id)
    look(shops.hub, ReadMode.FULL)
    assert gone(shops) == {("variant", taken.id), ("inventory", taken.id)}
    shops.tick()
    shops.shop.items[taken.id] = taken
    report = look(shops.hub, ReadMode.FULL)
    assert report.reads["shop"].changed == 2
    assert gone(shops) == set()


def gone(shops: Shops) -> set[tuple[str, str]]:
    with shops.hub.database.begin() as connection:
        rows = connection.execute(select(SHADOW.c.entity, SHADOW.c.external_id).where(SHADOW.c.gone_since != ""))
        return {(row[0], row[1]) for row in rows}
