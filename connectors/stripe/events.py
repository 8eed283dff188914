"""Which objects changed, by the list of events; of an event only the name of its object is believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from connectors.stripe.client import Client
from connectors.stripe.resources import EVENT_DAYS, Resource
from connectors.stripe.walk import Walk

_DAY = 86_400
_MARGIN = 3_600


class _Object(msgspec.Struct, frozen=True):
    id: str = ""
    object: str = ""
    charge: str | dict[str, msgspec.Raw] | None = None


class _Data(msgspec.Struct, frozen=True):
    object: _Object


class _Event(msgspec.Struct, frozen=True):
    data: _Data


@dataclass(frozen=True, slots=True)
class Named:
    """The objects that events named since an instant; ``reaches`` is whether events are kept that long.

    ``clock`` is Stripe's own time when the list was asked for.
    """

    ids: tuple[str, ...]
    clock: int
    reaches: bool
    whole: bool


def named_since(client: Client, connection: str, resource: Resource, since: int) -> Named:
    """Ask for the events since an instant; not read to the end where Stripe has forgotten some of them."""
    walk = Walk(client, connection, "events", {"types": list(resource.events), "created": {"gte": since}})
    ids: dict[str, None] = {}
    for listing in walk.pages():
        if not _reaches(walk.clock, since):
            return Named((), walk.clock or since, reaches=False, whole=True)
        ids.update(dict.fromkeys(_ids(listing.records, resource.named)))
    return Named(tuple(ids), walk.clock or since, reaches=True, whole=walk.whole)


def _reaches(clock: int | None, since: int) -> bool:
    return clock is None or clock - since <= EVENT_DAYS * _DAY - _MARGIN


def _ids(records: Iterable[msgspec.Raw], kind: str) -> Iterator[str]:
    for raw in records:
        found = msgspec.json.decode(raw, type=_Event).data.object
        if found.object == kind and found.id:
            yield found.id
        elif kind == "charge" and isinstance(found.charge, str):
            yield found.charge
