"""Routing rules as configured: which place ships what, first match first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import Enum

from sync.orders.rules import ReserveRule


class ExportWhen(Enum):
    """When an order is asked for: as soon as it is placed, once its money is promised, or once it is there."""

    PLACED = "placed"
    AUTHORIZED = "authorized"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class OrderFlow:
    """The orders of one channel: who gets a document of each, from when on, and what they reserve.

    Orders placed before ``go_live`` are reference only; those still open then are declared by a person (R12).
    """

    name: str
    channel: str
    targets: tuple[str, ...]
    go_live: datetime
    export_when: ExportWhen = ExportWhen.PAID
    reserve: ReserveRule = field(default_factory=ReserveRule)
    notify_customer: bool = False


class Shortage(Enum):
    """What happens to units that no place has: wait for stock, send to the first place all the same."""

    WAIT = "wait"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class Route:
    """One rule: orders that match go to a connection, from one of its places.

    Empty conditions match everything. ``locations`` are our codes, in order of priority. ``cut_off`` is the time of
    day (UTC) after which the next rule is tried. ``split`` allows that a part goes from here and the rest elsewhere.
    """

    name: str
    to: str
    locations: tuple[str, ...] = ()
    countries: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    skus: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    cut_off: time | None = None
    method: str = ""
    methods: Mapping[str, str] = field(default_factory=dict)
    split: bool = True
    shortage: Shortage = Shortage.WAIT
