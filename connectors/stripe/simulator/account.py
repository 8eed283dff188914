"""What the account holds: its objects by kind, the time of its doings, and word of each to the events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from canonical.clock import Clock
from connectors.stripe.simulator.errors import missing
from connectors.stripe.simulator.events import Events
from connectors.stripe.simulator.money import Exchange
from connectors.stripe.simulator.shapes import Obj
from connectors.stripe.simulator.switches import Switches

KINDS = ("payment_intent", "charge", "refund", "dispute", "balance_transaction", "payout", "webhook_endpoint")
_WORDS = {"balance_transaction": "balance transaction", "webhook_endpoint": "webhook endpoint"}


class Account:
    """All state of one account; ``settles`` are the currencies it keeps a balance in."""

    def __init__(self, clock: Clock, switches: Switches, exchange: Exchange, settles: frozenset[str]) -> None:
        self.id = "acct_0000000000000001"
        self.switches = switches
        self.exchange = exchange
        self.settles = settles | {exchange.home}
        self.objects: dict[str, dict[str, Obj]] = {kind: {} for kind in KINDS}
        self.paid_with: dict[str, str] = {}
        self.events = Events(switches)
        self._clock = clock
        self._moment: int | None = None
        self._numbers: Counter[str] = Counter()

    def now(self) -> int:
        """The present second, or the one that is acted in."""
        return int(self._clock.now().timestamp()) if self._moment is None else self._moment

    @contextmanager
    def moment(self, at: int) -> Iterator[None]:
        """Act as if it were then: for what happened before the test began."""
        before, self._moment = self._moment, at
        try:
            yield
        finally:
            self._moment = before

    def new_id(self, prefix: str) -> str:
        """An id that no object has."""
        self._numbers[prefix] += 1
        return f"{prefix}_{self._numbers[prefix]:016d}"

    def keep(self, obj: Obj) -> Obj:
        """A new object."""
        self.objects[obj["object"]][obj["id"]] = obj
        return obj

    def find(self, kind: str, external_id: str, param: str = "id", status: int = 404) -> Obj:
        """An object by its id."""
        found = self.objects[kind].get(external_id)
        if found is None:
            raise missing(_WORDS.get(kind, kind), external_id, param, status)
        return found

    def tell(self, event: str, obj: Obj) -> None:
        """Something happened to an object."""
        self.events.add(event, self.shown(obj), self.now())

    def shown(self, obj: Obj) -> Obj:
        """An object as an answer shows it, nothing expanded."""
        if obj["object"] == "balance_transaction":
            status = "available" if obj["available_on"] <= self.now() else "pending"
            return {**obj, "status": status}
        if obj["object"] == "dispute":
            return {**obj, "balance_transactions": [self.shown(entry) for entry in obj["balance_transactions"]]}
        return obj
