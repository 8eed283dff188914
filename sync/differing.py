"""Webhooks that are not those that are needed: an incident for each connection, while it is so."""

from __future__ import annotations

from collections.abc import Sequence

from sync import trouble
from sync.hub import Hub
from sync.orders import store
from sync.subscriptions import Step

KIND = "webhooks_differ"
_NAMED = 4


def differs(hub: Hub, name: str, steps: Sequence[Step]) -> str:
    """Raise or close what stands of a connection, by what would have to be done there; gives what differs."""
    said = words(steps)
    with hub.database.begin() as connection:
        if said:
            trouble.stands(connection, KIND, name, said, hub.stamp())
        else:
            store.close_incidents(connection, KIND, name, hub.stamp())
    return said


def renew(hub: Hub, name: str, steps: Sequence[Step]) -> None:
    """Bring what stands of a connection to what differs now, or close it; nothing new is raised."""
    with hub.database.read() as connection:
        standing = any(row.subject == name for row in trouble.of_kinds(connection, [KIND]))
    if standing:
        differs(hub, name, steps)


def words(steps: Sequence[Step]) -> str:
    """What differs, the topics of each kind together; empty where nothing does."""
    found: dict[str, list[str]] = {}
    for step in steps:
        found.setdefault(step.why, []).extend(step.topics)
    return "; ".join(f"{why}: {_some(topics)}" for why, topics in found.items())


def _some(topics: Sequence[str]) -> str:
    more = len(topics) - _NAMED
    return ", ".join(topics[:_NAMED]) + (f" and {more} more" if more > 0 else "")
