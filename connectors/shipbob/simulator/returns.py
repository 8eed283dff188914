"""Which returns a list holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.shipbob.simulator.asked import given, moment, numbers
from connectors.shipbob.simulator.state import ReturnOrder
from connectors.simulation import SimRequest


@dataclass(frozen=True, slots=True)
class ReturnWish:
    """The returns asked for: each filter that is given must fit; bounds of time count as within."""

    ids: frozenset[int]
    shipments: frozenset[int]
    centers: frozenset[int]
    inventory: frozenset[int]
    references: frozenset[str]
    statuses: frozenset[str]
    created: tuple[datetime | None, datetime | None]
    completed: tuple[datetime | None, datetime | None]

    @classmethod
    def of(cls, request: SimRequest) -> ReturnWish:
        """Read the parameters; refused when one of them is malformed."""
        return cls(
            frozenset(numbers(request, "Ids")),
            frozenset(numbers(request, "OriginalShipmentIds")),
            frozenset(numbers(request, "FulfillmentCenterIds")),
            frozenset(numbers(request, "InventoryIds")),
            frozenset(_words(given(request, "ReferenceIds"))),
            frozenset(one.lower() for one in _words(given(request, "Status"))),
            (moment(request, "StartDate"), moment(request, "EndDate")),
            (moment(request, "CompletedStartDate"), moment(request, "CompletedEndDate")),
        )

    def fits(self, one: ReturnOrder) -> bool:
        """Whether a return is among them."""
        named = ((self.ids, one.id), (self.shipments, one.shipment_id), (self.centers, one.center_id))
        if not all(not wanted or number in wanted for wanted, number in named):
            return False
        if self.inventory and not self.inventory & set(one.items):
            return False
        if self.references and one.reference not in self.references:
            return False
        if self.statuses and one.status.lower() not in self.statuses:
            return False
        done = dict(one.history).get("Completed")
        return _within(one.created, self.created) and _within(done, self.completed)


def _words(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _within(at: datetime | None, bounds: tuple[datetime | None, datetime | None]) -> bool:
    start, end = bounds
    if start is None and end is None:
        return True
    return at is not None and (start is None or at >= start) and (end is None or at <= end)
