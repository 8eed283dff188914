"""A platform that stops telling is noticed, whether nothing comes or too little, and forgiven when it is heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from connectors.manifest import WebhookSpec
from connectors.webhooks import Accepted
from sync import inbox, silence, trouble
from sync.inbox import Delivery
from sync.observe import ReadMode
from sync.run import run_sync
from tests.support.trading import Trading, open_trading

DAY = timedelta(days=1)
SPEC = WebhookSpec(secret="", header="", topics={"order": ("orders",), "other": ("items",)}, retries="")


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Trading]:
    """A shop that tells of its orders and items, as its manifest says."""
    trading = open_trading(f"sqlite:///{tmp_path / 'hub.sqlite'}", prefix=str(tmp_path))
    config = trading.hub.config
    shop = config.connections["shop"]
    telling = replace(shop, manifest=msgspec.structs.replace(shop.manifest, webhooks=SPEC))
    trading.hub.config = replace(config, connections={**config.connections, "shop": telling})
    trading.shops.adopt()
    run_sync(trading.hub, ReadMode.FULL)
    yield trading
    trading.hub.database.close()


def _hear(found: Trading) -> None:
    with found.hub.database.begin() as connection:
        told = [Delivery("shop", Accepted("order", found.hub.stamp()), b"{}")]
        inbox.keep(connection, told, found.hub.stamp())


def _check(found: Trading) -> tuple[set[str], int]:
    """Who is silent, and how many incidents say so."""
    silent = silence.check(found.hub, ["shop"], DAY)
    with found.hub.database.begin() as connection:
        return set(silent), len(trouble.of_kinds(connection, [silence.KIND]))


def test_one_that_was_never_heard_has_a_day_from_the_first_look(found: Trading) -> None:
    assert _check(found) == (set(), 0)
    found.clock.advance(86_000)
    assert _check(found) == (set(), 0)
    found.clock.advance(1_000)
    assert _check(found) == ({"shop"}, 1)
    assert _check(found) == ({"shop"}, 1)


def test_silence_ends_when_it_is_heard_and_is_told_anew_the_next_time(found: Trading) -> None:
    _hear(found)
    found.clock.advance(90_000)
    assert _check(found) == ({"shop"}, 1)
    _hear(found)
    assert _check(found) == (set(), 0)
    found.clock.advance(90_000)
    assert _check(found) == ({"shop"}, 1)


def test_changes_that_reads_find_and_nobody_told_of_are_noticed_before_the_day_is_over(found: Trading) -> None:
    _hear(found)
    found.clock.advance(7200)
    for _ in range(4):
        found.place("shop", {"SKU-1": 1})
    run_sync(found.hub)
    assert _check(found) == (set(), 0)
    found.place("shop", {"SKU-1": 1})
    found.clock.advance(60)
    run_sync(found.hub)
    assert _check(found) == ({"shop"}, 1)
    _hear(found)
    assert _check(found) == (set(), 0)


def test_one_of_which_nothing_is_read_that_it_tells_is_never_silent(found: Trading) -> None:
    shop = found.hub.config.connections["shop"]
    spec = msgspec.structs.replace(SPEC, topics={"customer": ("customers",)})
    silent = replace(shop, manifest=msgspec.structs.replace(shop.manifest, webhooks=spec))
    found.hub.config = replace(found.hub.config, connections={**found.hub.config.connections, "shop": silent})
    found.clock.advance(200_000)
    assert _check(found) == (set(), 0)
    found.clock.advance(200_000)
    assert _check(found) == (set(), 0)
