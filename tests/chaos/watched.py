"""A platform that is watched: which calls with an effect came twice, and some answers that come far too late."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

from connectors.simulation import NoAnswer, SimRequest, SimResponse, Simulator
from crossdock.clock import SystemClock
from tests.chaos.people import People

_WEB_ORDER = re.compile(r"/wp-json/wc/v3/orders/(\d+)")
_RPC_ID = re.compile(rb'"id":\s*\d+')


class Watched:
    """Stands before a simulator; ``hang`` is how long the next lost answer keeps the caller waiting, in seconds."""

    def __init__(self, name: str, simulator: Simulator, people: People) -> None:
        self.name = name
        self.hang = 0.0
        self.hung = 0
        self._simulator = simulator
        self._people = people
        self._handle = simulator.handle
        self._seen: Counter[bytes] = Counter()
        simulator.handle = self.handle  # type: ignore[method-assign]

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as the platform does."""
        if self._happens_once(request):
            content = _RPC_ID.sub(b"", request.body)
            self._seen[hashlib.blake2b(request.path.encode() + b" " + content, digest_size=16).digest()] += 1
        if self.name == "shop_web" and self._simulator.is_write(request):
            with self._simulator.turn():
                self._people.touched |= _news(request)
        try:
            return self._handle(request)
        except NoAnswer:
            seconds, self.hang = self.hang, 0.0
            self.hung += seconds > 0
            SystemClock().sleep(seconds)
            raise

    def repeated(self) -> int:
        """Calls that came once more with the same bytes."""
        return sum(count - 1 for count in self._seen.values())

    def _happens_once(self, request: SimRequest) -> bool:
        operation = self._simulator.operation_of(request)
        once = (
            "model.sale.sale.create" in operation
            or "fulfillmentCreate" in operation
            or request.path.endswith("/order")
            or _WEB_ORDER.fullmatch(request.path) is not None
        )
        return once and self._simulator.is_write(request)


def _news(request: SimRequest) -> set[tuple[str, str]]:
    """What WooCommerce tells of a write of the hub's own, as of anybody's; told of in vain where nothing came of it."""
    order = _WEB_ORDER.fullmatch(request.path)
    if order is not None:
        return {("order.updated", order[1])}
    if request.path.endswith("/products/batch"):
        return {("product.updated", str(one["id"])) for one in request.json().get("update", ())}
    return set()
