"""What ownership says a target should hold: pure projection of canonical values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from canonical.inventory import ChannelRule, Component, Pool, kit_units, listed_units, pool_units, spread, whole_units


@dataclass(frozen=True, slots=True)
class Supply:
    """The owner's figures of one stock item, location to units, and units that left channels unbooked.

    Unbooked units count where the platform took them; the empty location is a channel that does not tell (R6).
    """

    figures: Mapping[str, int]
    unbooked: Mapping[str, int] = field(default_factory=dict)

    @property
    def unrouted(self) -> int:
        """Unbooked units of no known location."""
        return sum(units for location, units in self.unbooked.items() if location not in self.figures)

    def at(self, location: str) -> int:
        """What is left at one location."""
        return self.figures.get(location, 0) - self.unbooked.get(location, 0)


@dataclass(frozen=True, slots=True)
class StockRequest:
    """What is asked of the projection for one item on one channel."""

    pool: Pool
    rule: ChannelRule
    supply: Supply
    sellable: bool = True
    factor: int = 1
    kit: Sequence[Component] = ()
    component_supplies: Mapping[str, Supply] = field(default_factory=dict)
    locations: tuple[str, ...] = ()


def project_stock(request: StockRequest) -> dict[str, int]:
    """Units to list by location code; the key is empty for a channel that has one figure."""
    figures = {location: _units_at(request, location) for location in request.pool.locations}
    pool = request.pool
    listed = listed_units(_total(request), pool.safety_stock, request.rule, pool.last_units)
    total = listed if request.sellable else 0
    if not request.locations:
        return {"": total}
    return spread(total, request.locations, figures)


def _total(request: StockRequest) -> int:
    if request.kit:
        available = {
            part.sku: _pool_of(request, request.component_supplies.get(part.sku, Supply({}))) for part in request.kit
        }
        units = kit_units(request.kit, available)
    else:
        units = _pool_of(request, request.supply)
    return _in_units(units, request.factor)


def _in_units(items: int, factor: int) -> int:
    return items if factor == 1 else whole_units(Decimal(items), Decimal(factor))


def _pool_of(request: StockRequest, supply: Supply) -> int:
    chosen = {location: supply.figures.get(location, 0) for location in request.pool.locations}
    return pool_units(chosen, supply.unbooked, supply.unrouted)


def _units_at(request: StockRequest, location: str) -> int:
    if request.kit:
        here = {
            part.sku: max(0, request.component_supplies.get(part.sku, Supply({})).at(location)) for part in request.kit
        }
        units = kit_units(request.kit, here)
    else:
        units = request.supply.at(location)
    return _in_units(max(0, units), request.factor)
