"""Query costs: the bucket as the answers report it, and what a document really costs."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime

import msgspec

from connectors.base import StateStore
from connectors.http import Answer, PointsBudget
from connectors.shopify.shapes import Cost, Envelope

_STATE_KEY = "shopify.costs"
_REMEMBERED = 64
_WORTH_KEEPING = 0.01


def cost_of(answer: Answer) -> Cost | None:
    """What an answer says of its cost; None for anything but an answer of the GraphQL endpoint."""
    try:
        envelope = msgspec.json.decode(answer.content, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return envelope.extensions.cost if envelope.extensions else None


class CostBudget(PointsBudget):
    """The bucket of points, learned from ``extensions.cost`` of every answer, throttled ones included."""

    def observe(self, answer: Answer, now: datetime) -> None:
        """Take over the level that the platform reports."""
        found = cost_of(answer)
        if found is None or found.throttle_status is None:
            super().observe(answer, now)
            return
        throttle = found.throttle_status
        self.report(throttle.maximum_available, throttle.currently_available, throttle.restore_rate, now)


class CostBook:
    """What documents cost by the platform's count, as a factor on our own estimate.

    The platform says the true cost with every answer; the next request of the same document is sized by it.
    """

    def __init__(self, state: StateStore) -> None:
        self._state = state
        saved = state.get(_STATE_KEY)
        self._factors: dict[str, float] = msgspec.json.decode(saved, type=dict[str, float]) if saved else {}

    def factor(self, document: str) -> float:
        """Points the platform counts for each point of our estimate."""
        return self._factors.get(_key(document), 1.0)

    def expect(self, document: str, estimate: float) -> float:
        """The cost the platform will ask for."""
        return float(math.ceil(estimate * self.factor(document) - 1e-9))

    def learn(self, document: str, estimate: float, answer: Answer) -> None:
        """Compare the estimate with what the platform asked for."""
        found = cost_of(answer)
        if found is None or not found.requested_query_cost or estimate <= 0:
            return
        self.correct(document, found.requested_query_cost / estimate)

    def correct(self, document: str, factor: float) -> None:
        """Set the factor of a document."""
        key, before = _key(document), self.factor(document)
        self._factors.pop(key, None)
        self._factors[key] = factor
        while len(self._factors) > _REMEMBERED:
            self._factors.pop(next(iter(self._factors)))
        if abs(factor - before) > before * _WORTH_KEEPING:
            self._state.put(_STATE_KEY, msgspec.json.encode(self._factors).decode())


def _key(document: str) -> str:
    return hashlib.blake2b(document.encode(), digest_size=6).hexdigest()
