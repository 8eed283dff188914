"""What the day plays with: things with enough in both warehouses, taken one after the other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from crossdock.demo.world import WAREHOUSES, World

_UNITS = 6
_INSIDE, _OUTSIDE = 3, 16


@dataclass
class Goods:
    """SKUs by whether they are of the family that the second 3PL keeps; ``family`` is its pattern."""

    family: str
    inside: list[str]
    outside: list[str]
    pair: tuple[str, str]
    """Two things of one price."""
    taken: list[str] = field(default_factory=list)

    @property
    def enough(self) -> bool:
        """Whether the day can be told with them."""
        return len(self.inside) >= _INSIDE and len(self.outside) >= _OUTSIDE and all(self.pair)

    def take(self, *, of_family: bool = False) -> str:
        """The next thing nobody has ordered yet."""
        chosen = next(sku for sku in (self.inside if of_family else self.outside) if sku not in self.taken)
        self.taken.append(chosen)
        return chosen


def choose(world: World) -> Goods:
    """The goods of a world; the family is the part of its catalog that has most of them."""
    found = [sku for sku in world.skus if all(world.owned(sku, code) >= _UNITS for code in WAREHOUSES)]
    counted = Counter(sku.partition("-")[0] for sku in found)
    prefix = counted.most_common(1)[0][0] if counted else ""
    inside = [sku for sku in found if sku.startswith(f"{prefix}-")]
    outside = [sku for sku in found if sku not in set(inside)]
    goods = Goods(f"{prefix}-*", inside, outside, _pair(world, outside))
    goods.taken += goods.pair
    return goods


def _pair(world: World, skus: list[str]) -> tuple[str, str]:
    """The first two of one product and price."""
    product = {item.sku: item.product for item in world.items}
    seen: dict[tuple[str, object], str] = {}
    for sku in skus:
        key = (product[sku], world.erp.price(sku))
        if product[sku] and key in seen:
            return seen[key], sku
        seen[key] = sku
    return "", ""
