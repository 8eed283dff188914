"""A burst of webhooks: all answered, none missing, and worked off with one read of each record.

The reads are counted by the simulator of the shop, which sees what the hub looks up and what it pages through.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.figure import Figure, at_most, quantile
from bench.posting import Load, post, woo_message
from bench.shops import SECRET, Shops, shops
from connectors.simulation import SimRequest, SimResponse
from connectors.woocommerce.simulator import WooSimulator
from crossdock.daemon.loop import Pace

_CONNECTIONS, _COPIES = 16, 2
_PATIENCE = 1_200.0


@dataclass(frozen=True)
class Burst:
    """What one burst came to; ``reads`` are look-ups of a record by the shop's count, ``calls`` the requests for them.

    ``runs`` is how often the hub went about its work, ``drained`` the seconds from the last answer to the last mark.
    """

    load: Load
    missing: int
    reads: Counter[str]
    calls: int
    runs: int
    drained: float


def bursts(records: int, deliveries: int) -> list[Figure]:
    """A burst to a hub that only hears and then begins to work, and one to a hub that works all the while."""
    with tempfile.TemporaryDirectory() as name, shops(Path(name), records) as found:
        at_rest = _burst(found, deliveries, "at rest", working=False)
        at_work = _burst(found, deliveries, "at work", working=True)
    return [*_figures("a hub that begins afterwards", at_rest, goal=1), *_figures("a hub at work", at_work, goal=None)]


def _burst(found: Shops, deliveries: int, note: str, *, working: bool) -> Burst:
    messages = list(_messages(found, deliveries, note))
    bodies = {hashlib.blake2b(one.partition(b"\r\n\r\n")[2], digest_size=16).digest() for one in messages}
    reads, runs = Counter[str](), found.count("run")
    with _counted(found.woo, reads) as calls:
        hub = found.serve("--every", "3600") if working else found.serve("--receive-only")
        load = post(hub.port, messages, _CONNECTIONS)
        begun = time.perf_counter()
        if not working:
            hub.end()
            hub = found.serve("--every", "3600")
        _wait(lambda: not found.count("observe"))
        drained = time.perf_counter() - begun
        hub.end()
    kept = {row[0] for row in found.ask("select digest from inbox")}
    copies = sum(row[1] for row in found.ask("select digest, copies from inbox") if row[0] in bodies)
    runs = found.count("run") - runs
    return Burst(load, len(bodies - kept) + len(messages) - copies, reads, calls[0], runs, drained)


def _messages(found: Shops, deliveries: int, note: str) -> Iterator[bytes]:
    """Each record is told of several times, each message comes twice, and all in no order; the same in each run."""
    ids = [int(found.woo.id_of(sku)) for sku in found.skus]
    distinct = deliveries // _COPIES
    told = [(ids[at % len(ids)], at // len(ids)) for at in range(distinct)] * _COPIES
    random.Random(1).shuffle(told)
    for number, version in told:
        yield woo_message("product.updated", number, f"{note} {version}", SECRET)


@contextmanager
def _counted(woo: WooSimulator, reads: Counter[str]) -> Iterator[list[int]]:
    """Count look-ups of products by their id; gives how many requests they were, in a list."""
    calls, handle = [0], woo.handle

    def counting(request: SimRequest) -> SimResponse:
        if request.method == "GET" and request.path.endswith("/products") and request.param("include"):
            calls[0] += 1
            reads.update(request.param("include").split(","))
        return handle(request)

    woo.handle = counting  # type: ignore[method-assign]
    try:
        yield calls
    finally:
        woo.handle = handle  # type: ignore[method-assign]


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the burst was not worked off"
        time.sleep(0.1)


def _figures(who: str, burst: Burst, goal: float | None) -> list[Figure]:
    told, records, most = len(burst.load.times), len(burst.reads), max(burst.reads.values())
    name = f"burst of {told:,} webhooks to {who}"
    acks = (
        f"all answered with 200 at {burst.load.rate:,.0f}/s; p50 {1000 * quantile(burst.load.times, 0.5):.1f} ms, "
        f"p99 {1000 * quantile(burst.load.times, 0.99):.1f} ms"
    )
    missing = Figure(f"{name}: missing", str(burst.missing), "0", acks, burst.missing == 0)
    each = sum(burst.reads.values()) / max(1, records)
    note = (
        f"{records:,} records in {burst.calls} calls, counted by the shop; no record more than {most} times, in "
        f"{burst.runs} runs; worked off {burst.drained:.1f} s after the last answer"
    )
    if goal is not None:
        return [missing, at_most(f"{name}: reads a record", each, goal, note)]
    # What is told overtakes a run at most once each half second; nothing else reads a record again.
    looks = burst.runs + int((told / burst.load.rate + burst.drained) / Pace().look) + 1
    return [missing, Figure(f"{name}: reads a record", f"{each:.2f}", f"<= {looks}", note, most <= looks)]
