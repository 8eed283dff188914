"""A long run of webhooks to one daemon: its memory at first and at last, and the size of the database with what is over
deleted.

Nobody waits for weeks: after each part of the run all that was stored is set back by more days than it is kept, as if
so much time had passed, and the daemon deletes it by its own rule while it goes on hearing.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.figure import Figure, quantile
from bench.posting import post, woo_message
from bench.shops import SECRET, Daemon, Shops, shops

_CONNECTIONS, _PARTS, _BYTES, _RECORDS = 16, 10, 1_000, 200
_MOST_GROWTH, _MIB = 1.10, 1024 * 1024
_PATIENCE = 900.0
_AGED = "2020-01-01T00:00:00.000000Z"


@dataclass(frozen=True)
class Part:
    """What stood after one part of the run, MiB; ``rows`` are messages before and after what was over was deleted."""

    rss: float
    file: float
    rows: tuple[int, int]
    p99: float
    rate: float


def soak(events: int) -> list[Figure]:
    """So many messages in ten parts; the first one is the warm-up."""
    with tempfile.TemporaryDirectory() as name, shops(Path(name), _RECORDS) as found:
        hub = found.serve("--every", "5")
        parts = [_part(found, hub, events // _PARTS, number) for number in range(_PARTS)]
        hub.end()
    first, last = parts[1], parts[-1]
    rss, file = last.rss / first.rss, last.file / first.file
    rows = ", ".join(f"{one.rows[0]:,} to {one.rows[1]:,}" for one in (first, last))
    files = " ".join(f"{one.file:.0f}" for one in parts)
    return [
        Figure(
            f"soak of {events:,} webhooks: memory of the daemon, last / first",
            f"{rss:.2f}",
            f"<= {_MOST_GROWTH:.2f}",
            f"{first.rss:.0f} MiB after the second tenth, {last.rss:.0f} MiB after the last; "
            f"{quantile([one.rate for one in parts], 0.5):,.0f}/s, p99 {1000 * max(one.p99 for one in parts):.0f} ms",
            rss <= _MOST_GROWTH,
        ),
        Figure(
            f"soak of {events:,} webhooks: database, last / first",
            f"{file:.2f}",
            f"<= {_MOST_GROWTH:.2f}",
            f"MiB after each tenth: {files}; messages before and after pruning: {rows}",
            file <= _MOST_GROWTH,
        ),
    ]


def _part(found: Shops, hub: Daemon, count: int, number: int) -> Part:
    load = post(hub.port, _messages(found, count, number), _CONNECTIONS)
    _settled(found, lambda: not found.count("observe"))
    before = found.count("inbox")
    found.change(
        f"update inbox set received_at = '{_AGED}', last_at = '{_AGED}'", "delete from meta where key = 'pruned_at'"
    )
    _settled(found, lambda: bool(found.ask("select 1 from meta where key = 'pruned_at'")))
    file = sum(one.stat().st_size for one in found.folder.glob("hub.sqlite*")) / _MIB
    part = Part(hub.rss(), file, (before, found.count("inbox")), quantile(load.times, 0.99), load.rate)
    print(f"  {number + 1}: {part}", file=sys.stderr, flush=True)
    return part


def _messages(found: Shops, count: int, part: int) -> Iterator[bytes]:
    ids = [int(found.woo.id_of(sku)) for sku in found.skus]
    for at in range(count):
        yield woo_message("product.updated", ids[at % len(ids)], f"{part} {at}", SECRET, size=_BYTES)


def _settled(found: Shops, condition: object) -> None:
    deadline = time.monotonic() + _PATIENCE
    assert callable(condition)
    while not condition():
        assert time.monotonic() < deadline, (found.folder / "serve.log").read_text()[-2_000:]
        time.sleep(0.2)
