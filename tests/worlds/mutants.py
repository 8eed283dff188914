"""Hubs that are broken on purpose, each in one rule: the worlds must tell every one of them from the real hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sync.apply
import sync.counter
import sync.recover
import sync.stock
from sync.counter import CounterView, decide_counter
from sync.decision import Decision
from sync.landed import Landing
from sync.orders.owns import Pending
from sync.orders.reservations import Held
from tests.worlds.play import HIDES


def _from_what_was_read(view: CounterView, policy: Any) -> Decision:
    """Believes whatever is seen, and compares with that."""
    return decide_counter(replace(view, base=view.observed, own=Pending()), policy)


def _over_at_acceptance(held: Held, read: object, settle: object) -> bool:
    """A reservation ends when the owner accepted the request, whatever the figure knows."""
    return not held.booked_at


def _whatever_moved(_applier: object, line: Any, change: Any) -> Any:
    """What was planned is sent, though its inputs are others now."""
    return line if line is not None and line.decision.writes else None


_BROKEN: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "raises without reading orders first (R2)": (sync.stock, "_blocked", lambda *_: ""),
    "compares with the value just read (R3)": (sync.stock, "decide_counter", _from_what_was_read),
    "closes a reservation at the acceptance (R1)": (Held, "counts_against", _over_at_acceptance),
    "sends what was planned though it moved (R19)": (sync.apply._Applier, "_same", _whatever_moved),
    "believes that a lost write never happened (R17)": (sync.recover, "landed", lambda *_: Landing.LOST),
    "believes that a lost write always happened (R17)": (sync.recover, "landed", lambda *_: Landing.LANDED),
    "raises one place before it lowers the other": (sync.apply, "_lowered_beside", lambda *_: set()),
    "raises one place while units left another": (sync.stock, "_together", lambda decided: decided),
}
NAMES = tuple(_BROKEN)
TOLD: dict[str, tuple[range, float]] = {
    "raises without reading orders first (R2)": (range(20), HIDES),
    "compares with the value just read (R3)": (range(60), HIDES),
    "closes a reservation at the acceptance (R1)": (range(20), HIDES),
    "sends what was planned though it moved (R19)": (range(20), HIDES),
    "raises one place before it lowers the other": (range(1200, 1220), 0.0),
    "raises one place while units left another": (range(1060, 1080), 0.0),
}
"""Hubs that list too much, and worlds that tell them from the real one."""
SHORT: dict[str, range] = {
    "believes that a lost write never happened (R17)": range(80, 160),
    "believes that a lost write always happened (R17)": range(320, 400),
}
"""Hubs that never list too much, but too little in every tenth of these worlds at least; the real one does not."""


@contextmanager
def broken(name: str) -> Iterator[None]:
    """The engine with one rule broken."""
    where, what, instead = _BROKEN[name]
    before = getattr(where, what)
    setattr(where, what, instead)
    try:
        yield
    finally:
        setattr(where, what, before)
