"""What storing costs beside fetching: a pull against the same pages fetched and dropped."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.figure import Figure, at_most, middle, spread
from bench.prepared import platforms
from bench.world import HastyClock, Sites, open_hub
from sync.hub import Hub
from sync.observe import ReadMode, observe
from sync.topology import mappings_by_resource, read_paths

_GOALS = {0: 1.6, 100: 1.05}


@dataclass(frozen=True)
class Kind:
    """One way of paging: the connection, and whether Shopify is read by bulk or by pages."""

    title: str
    connection: str
    bulk_from: int


KINDS = (
    Kind("WooCommerce, 100 a page", "shop_web", 2000),
    Kind("Shopify, pages", "shop_eu", 25_000),
    Kind("Shopify, bulk", "shop_eu", 1),
    Kind("Tryton, 1,000 a page", "erp", 2000),
)


def drop(hub: Hub, name: str) -> int:
    """Fetch what a full read of a connection fetches, and throw it away; tells how many records came."""
    found = 0
    for resource, mappings in mappings_by_resource(hub.config, name).items():
        for page in hub.connector(name).pull(resource, read_paths(mappings)):
            found += len(page.records)
    return found


def timed(action: Callable[[], object]) -> float:
    """Seconds of wall clock that an action takes."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def overheads(size: int, repeats: Mapping[int, int]) -> list[Figure]:
    """The ratio of each kind of pull at each latency of the platform, so often repeated."""
    figures: list[Figure] = []
    with platforms(size) as url:
        for latency, times in repeats.items():
            httpx.get(f"{url}/bench/latency", params={"ms": latency}).raise_for_status()
            figures += [_overhead(url, kind, size, latency, times) for kind in KINDS]
    return figures


def _overhead(url: str, kind: Kind, size: int, latency: int, repeats: int) -> Figure:
    first, again = [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            hub = open_hub(Path(folder), Sites.prepared(url), HastyClock(), bulk_from=kind.bulk_from)
            drop(hub, kind.connection)
            dropped = timed(lambda: drop(hub, kind.connection))  # noqa: B023 - called at once
            first.append(timed(lambda: _pull(hub, kind.connection)) / dropped)  # noqa: B023 - called at once
            again.append(timed(lambda: _pull(hub, kind.connection)) / dropped)  # noqa: B023 - called at once
            hub.close()
            hub.database.close()
    note = f"{size} SKUs that are all new, {spread(first)}; when known already {middle(again):.2f}"
    return at_most(f"pull / pages dropped, {latency} ms: {kind.title}", middle(first), _GOALS[latency], note)


def _pull(hub: Hub, name: str) -> None:
    report = observe(hub, name, ReadMode.FULL)
    assert not report.incomplete
