"""Configured places that a platform does not have: a figure that can never be read would count as none at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from canonical.errors import CrossdockError
from sync.hub import Hub


@dataclass(frozen=True, slots=True)
class WrongPlace:
    """A place of the configuration under an id that its connection does not know, and the ids it knows."""

    connection: str
    code: str
    external_id: str
    known: tuple[str, ...]


def wrong_places(hub: Hub, connections: Iterable[str]) -> list[WrongPlace]:
    """Compare the configured places with those of each platform that has any; one that cannot be asked is left out."""
    found: list[WrongPlace] = []
    for name in sorted(set(connections)):
        configured = hub.config.connections[name].locations
        if not configured:
            continue
        try:
            there = {place.external_id: place.name for place in hub.connector(name).locations()}
        except CrossdockError:
            continue  # reading it fails too, and says why
        known = tuple(f"{external_id} ({title})" for external_id, title in there.items())
        wrong = [(code, external_id) for code, external_id in configured.items() if external_id not in there]
        found += [WrongPlace(name, code, external_id, known) for code, external_id in wrong if there]
    return found
