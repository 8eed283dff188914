"""Stock arithmetic: figures, pools, kits, units and what a channel lists (R1, R6, R7).

All quantities are whole stock items. Negative figures count; nothing is clamped before the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from enum import Enum


class Basis(Enum):
    """Which event of an order the owner has already deducted from a figure (R1)."""

    NONE = "none"
    ACCEPTED = "accepted"
    ALLOCATED = "allocated"
    SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class StockFigure:
    """What an owner says of one stock item at one location."""

    location: str
    units: int
    basis: Basis
    as_of: datetime
    settle: timedelta = timedelta(0)

    def contains(self, event_at: datetime) -> bool:
        """Whether this figure provably contains an event of that time."""
        return self.as_of > event_at + self.settle


@dataclass(frozen=True, slots=True)
class LastUnits:
    """Where the last units of a pool are sold: at or below so many, only one channel lists them."""

    below: int
    channel: str


@dataclass(frozen=True, slots=True)
class Pool:
    """Locations whose stock is sold as one number, with what is kept back.

    Channels share it, unless they have quotas of it, or unless its last units are left to one of them (R8).
    """

    name: str
    locations: tuple[str, ...]
    safety_stock: int = 0
    last_units: LastUnits | None = None


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """How one channel lists a pool: buffer and cap once per SKU, spread over its locations in order.

    ``quota`` is the percentage of the pool that is this channel's, where the pool is split.
    """

    connection: str
    pool: str
    buffer: int = 0
    max_listed: int | None = None
    locations: tuple[str, ...] = ()
    quota: int | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """A kit needs so many units of a stock item."""

    sku: str
    units: int


def whole_units(quantity: Decimal, factor: Decimal = Decimal(1)) -> int:
    """Units of ``factor`` stock items each that a quantity holds, rounded down."""
    if factor <= 0:
        raise ValueError("a unit factor must be above zero")
    return int((quantity / factor).to_integral_value(rounding=ROUND_FLOOR))


def kit_units(components: Sequence[Component], available: Mapping[str, int]) -> int:
    """Kits that the components allow: the smallest floor over all of them."""
    if not components:
        raise ValueError("a kit needs at least one component")
    return min(available.get(part.sku, 0) // part.units for part in components)


def pool_units(figures: Mapping[str, int], reserved: Mapping[str, int], unrouted: int = 0) -> int:
    """Units of a pool over its locations, less what is promised but not yet in the figures."""
    return sum(units - reserved.get(location, 0) for location, units in figures.items()) - unrouted


def listed_units(pool: int, safety_stock: int, rule: ChannelRule, last_units: LastUnits | None = None) -> int:
    """What a channel shows in total: its part of the pool less safety stock, less its buffer, between 0 and its cap."""
    free = pool - safety_stock
    if last_units is not None and free <= last_units.below and rule.connection != last_units.channel:
        return 0
    part = free if rule.quota is None else free * rule.quota // 100
    units = max(0, part - rule.buffer)
    return units if rule.max_listed is None else min(units, max(0, rule.max_listed))


def spread(total: int, locations: Sequence[str], figures: Mapping[str, int]) -> dict[str, int]:
    """Share a total over locations in order, never more than each has; what is kept back comes off the last."""
    shares: dict[str, int] = {}
    rest = total
    for location in locations:
        shares[location] = min(rest, max(0, figures.get(location, 0)))
        rest -= shares[location]
    return shares
