"""Which requests can go when more is under way than is wanted, so that nothing is missing afterwards; pure (R15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from canonical.party import Address
from canonical.status import RequestStatus
from sync.orders.holds import SHIP
from sync.orders.requests import UNSENT, WE_WANTED, Existing

_CAN_GO = UNSENT | {RequestStatus.SENT, RequestStatus.ACCEPTED, RequestStatus.ON_HOLD, RequestStatus.CANCELING}


def superfluous(rest: Mapping[str, int], existing: Sequence[Existing], address: Address | None) -> list[Existing]:
    """Requests of which no unit is wanted: those called off already, to another address, then the oldest.

    ``rest`` are the units by line that are still to be asked for, below zero where too many are under way. Of a request
    that runs again beside the one that took its place, it is the former that goes.
    """
    too_many = {line: -units for line, units in rest.items() if units < 0}
    found: list[Existing] = []
    for one in sorted(filter(_can_go, existing), key=lambda one: (_stays(one, address), one.id)):
        units = {line: count for line, count in one.units.items() if count}
        if units and all(too_many.get(line, 0) >= count for line, count in units.items()):
            found.append(one)
            too_many |= {line: too_many[line] - count for line, count in units.items()}
    return found


def _can_go(one: Existing) -> bool:
    # Who refused to stop it goes on with it: another one has to go.
    refused = one.reason in WE_WANTED and one.status is not RequestStatus.CANCELING
    return one.role == SHIP and one.status in _CAN_GO and not refused


def _stays(one: Existing, address: Address | None) -> int:
    if one.status is RequestStatus.CANCELING:
        return 0
    return 2 if one.document.shipping_address == address else 1
