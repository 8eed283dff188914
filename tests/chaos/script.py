"""What happens on the platforms, the same for a seed whatever else goes wrong: nothing of it depends on the hub."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["place", "pay", "edit", "cancel", "ship", "count", "price"]
Life: TypeAlias = Literal["paid", "late", "edited", "canceled", "kept", "unpaid"]
SHOPS = ("shop_eu", "shop_web")
PLACES = ("WH1", "WH2")
_LIVES: dict[Life, int] = {"paid": 50, "late": 15, "edited": 12, "canceled": 10, "kept": 8, "unpaid": 5}
_GOODS_PER_ORDER = 8
"""Changes of figures and prices at the ERP for each order."""
_CENTS = (950, 1050)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens: to an order by its number in the script, or to a SKU at the ERP.

    ``units`` of a count are how many came in, or were missing; ``cents`` is the new price.
    """

    kind: Kind
    order: int = -1
    sku: str = ""
    place: str = ""
    units: int = 0
    cents: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """One order of the script, and what there is to be of it in the end; an edit takes one unit off its first line."""

    shop: str
    lines: tuple[tuple[str, int], ...]
    life: Life

    @property
    def stands(self) -> bool:
        """Whether it is to be booked and asked for: paid, and not called off."""
        return self.life not in ("canceled", "unpaid")

    @property
    def leaves(self) -> bool:
        """Whether the 3PL ships it before the end."""
        return self.stands and self.life != "kept"

    @property
    def units(self) -> dict[str, int]:
        """Units by SKU that are wanted in the end."""
        found = dict(self.lines)
        if self.life == "edited":
            found[self.lines[0][0]] -= 1
        return found


@dataclass(frozen=True, slots=True)
class Script:
    """Orders and events in order."""

    skus: tuple[str, ...]
    orders: tuple[Wanted, ...]
    events: tuple[Event, ...]
    later: frozenset[int]
    """Orders that are not paid for when they are placed."""


def write(seed: int, orders: int, skus: int) -> Script:
    """The script of a seed."""
    dice = random.Random(seed)
    names = tuple(f"SKU-{number:04}" for number in range(skus))
    wanted: list[Wanted] = []
    timed: list[tuple[float, Event]] = []
    for number in range(orders):
        one = _order(dice, names)
        wanted.append(one)
        timed += _life(dice, number, one)
        for _ in range(_GOODS_PER_ORDER):
            timed.append((number + dice.random(), _goods(dice, names)))
    timed.sort(key=lambda one: one[0])
    events = tuple(event for _, event in timed)
    unpaid = {number for number, one in enumerate(wanted) if one.life == "unpaid"}
    return Script(names, tuple(wanted), events, frozenset(unpaid | {one.order for one in events if one.kind == "pay"}))


def _order(dice: random.Random, skus: tuple[str, ...]) -> Wanted:
    [life] = dice.choices(list(_LIVES), list(_LIVES.values()))
    lines = [(sku, dice.randint(1, 3)) for sku in dice.sample(skus, dice.randint(1, 3))]
    if life == "edited":
        lines[0] = (lines[0][0], lines[0][1] + 1)
    return Wanted(dice.choice(SHOPS), tuple(lines), life)


def _life(dice: random.Random, number: int, one: Wanted) -> list[tuple[float, Event]]:
    """When what happens to an order, in numbers of orders; what comes later may overtake a slow hub."""
    at, events = float(number), [(float(number), Event("place", number))]
    steps: list[Kind] = []
    if one.life == "late" or (one.life == "canceled" and dice.random() < 0.5):
        steps.append("pay")
    steps += ["edit"] if one.life == "edited" else []
    steps += ["cancel"] if one.life == "canceled" else []
    steps += ["ship"] if one.leaves else []
    for step in steps:
        at += dice.expovariate(1 / 6)
        events.append((at, Event(step, number)))
    return events


def _goods(dice: random.Random, skus: tuple[str, ...]) -> Event:
    sku = dice.choice(skus)
    if dice.random() < 0.3:
        return Event("price", sku=sku, cents=dice.randrange(*_CENTS))
    units = dice.randint(1, 20) if dice.random() < 0.7 else -dice.randint(1, 5)
    return Event("count", sku=sku, place=dice.choice(PLACES), units=units)
