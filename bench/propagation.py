"""How long a change in one shop takes until the other shop has it, by the simulators of both, over real HTTP.

An order in the first shop lowers the figure of the second, a new price of the first becomes one of the second. With
webhooks the shop posts what it tells; without, the hub finds it at its next look.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import httpx

from bench.figure import Figure, at_most, quantile
from bench.shops import SECRET, Daemon, Shops, shops

_TOPICS = ("order.created", "order.updated", "product.updated")
_GOAL = 5.0
_SHARE, _FEWEST = 5, 100
"""Things in the shops for each change, since a guard stops a run that changes many of them; and at least so many."""
_LOOK_SECONDS, _PATIENCE = 0.02, 120.0


@dataclass(frozen=True)
class Pending:
    """A change on its way: when it was made, and how the other shop shows that it has it."""

    what: str
    at: float
    arrived: Callable[[], bool]


def propagation(changes: int, unheard: int, every: int) -> list[Figure]:
    """Changes at two a second that are told of, then some that are not, with ``every`` seconds between looks."""
    with tempfile.TemporaryDirectory() as name, shops(Path(name), _items(changes + unheard)) as found:
        with found.woo.turn():
            for topic in _TOPICS:
                found.woo.webhooks.subscribe(topic, "https://hub.example/webhooks/shop", SECRET)
        told = _changed(found, found.skus[:changes], found.serve("--every", "3600"), tell=True)
        untold = _changed(
            found, found.skus[changes : changes + unheard], found.serve("--every", str(every)), tell=False
        )
    return [
        _figure(f"shop to shop, told by webhook, {changes} changes: p95", told, _GOAL),
        _figure(f"shop to shop, not told, a look each {every} s, {unheard} changes: p95", untold, every + _GOAL),
    ]


def _items(changes: int) -> int:
    return max(_FEWEST, _SHARE * changes)


def _figure(name: str, times: list[float], goal: float) -> Figure:
    note = f"p50 {quantile(times, 0.5):.2f} s, slowest {max(times):.2f} s; orders and prices in turn, two a second"
    return at_most(name, quantile(times, 0.95), goal, note, unit=" s")


def _changed(found: Shops, skus: Sequence[str], hub: Daemon, *, tell: bool) -> list[float]:
    """Change one thing after another, and see when each is right in the other shop; seconds."""
    time.sleep(2)
    with Watch() as watch, httpx.Client(base_url=f"http://127.0.0.1:{hub.port}", timeout=30) as client:
        for number, sku in enumerate(skus):
            due = time.monotonic() + 0.5
            watch.add(_order(found, sku) if number % 2 else _price(found, sku, number))
            _post(found, client if tell else None)
            time.sleep(max(0.0, due - time.monotonic()))
        watch.finish()
    hub.end()
    return watch.times


def _order(found: Shops, sku: str) -> Pending:
    wanted = found.eu.quantity(sku, "WH1") - 1
    found.woo.checkout.buy({sku: 1})
    return Pending(f"{sku} {wanted}", time.monotonic(), lambda: found.eu.quantity(sku, "WH1") == wanted)


def _price(found: Shops, sku: str, number: int) -> Pending:
    wanted = Decimal("10.00") + Decimal(number) / 100
    found.woo.admin.set_price(sku, wanted)
    return Pending(f"{sku} {wanted}", time.monotonic(), lambda: found.eu.price(sku) == wanted)


def _post(found: Shops, client: httpx.Client | None) -> None:
    """The queue of the shop runs, and posts what is to be told, if anybody is to hear it."""
    with found.woo.turn():
        found.woo.webhooks.run_queue()
        sent, found.woo.webhooks.outbox = found.woo.webhooks.outbox, []
    for one in sent if client else ():
        assert client is not None
        client.post("/webhooks/shop", content=one.body, headers=dict(one.headers)).raise_for_status()


class Watch:
    """Looks in a thread of its own which changes have arrived, and keeps how long each took, in seconds."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self._pending: list[Pending] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def add(self, change: Pending) -> None:
        """Look for one more."""
        self._pending.append(change)

    def finish(self) -> None:
        """Wait until all have arrived."""
        deadline = time.monotonic() + _PATIENCE
        while self._pending:
            assert time.monotonic() < deadline, f"did not arrive: {[one.what for one in self._pending]}"
            time.sleep(_LOOK_SECONDS)

    def _work(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            for one in list(self._pending):
                if one.arrived():
                    self.times.append(time.monotonic() - one.at)
                    self._pending.remove(one)
