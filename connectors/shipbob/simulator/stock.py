"""Goods by inventory item and center: what lies there, what is committed, and what is reported of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.shipbob.simulator.state import Account
from connectors.shipbob.simulator.switches import Switches


@dataclass(slots=True)
class Level:
    """Units of one inventory item in one center."""

    on_hand: int = 0
    committed: int = 0

    @property
    def free(self) -> int:
        """Units that a new order may have."""
        return self.on_hand - self.committed


@dataclass(frozen=True, slots=True)
class _Movement:
    at: datetime
    on_hand: int
    committed: int


class Stock:
    """The levels as they are, and as they are told: behind by the lag."""

    def __init__(self, account: Account, switches: Switches) -> None:
        self._account = account
        self._switches = switches
        self._levels: dict[tuple[int, int], Level] = {}
        self._movements: dict[tuple[int, int], list[_Movement]] = {}

    def move(self, inventory: int, center: int, *, on_hand: int = 0, committed: int = 0) -> None:
        """Units come, go, or are promised."""
        level = self._levels.setdefault((inventory, center), Level())
        level.on_hand += on_hand
        level.committed += committed
        moved = _Movement(self._account.now(), on_hand, committed)
        self._movements.setdefault((inventory, center), []).append(moved)

    def level(self, inventory: int, center: int) -> Level:
        """What is really there."""
        return self._levels.get((inventory, center), Level())

    def told(self, inventory: int, center: int) -> Level:
        """What is reported: as it was before the lag."""
        since = self._account.now() - timedelta(seconds=self._switches.stock_lag_seconds)
        level = self.level(inventory, center)
        told = Level(level.on_hand, level.committed)
        for one in self._movements.get((inventory, center), ()):
            if one.at > since:
                told.on_hand -= one.on_hand
                told.committed -= one.committed
        return told

    def snapshot(self) -> dict[str, dict[str, int]]:
        """Every level, by inventory item and center."""
        return {
            f"{inventory}@{center}": {"on_hand": level.on_hand, "committed": level.committed}
            for (inventory, center), level in self._levels.items()
        }

    def centers_of(self, inventory: int) -> Iterator[int]:
        """The centers that ever held an inventory item."""
        for held, center in self._levels:
            if held == inventory:
                yield center
