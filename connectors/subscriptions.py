"""The contract of subscriptions: what a platform was asked to tell, and asking it anew.

A connector whose manifest has ``webhooks.registration`` keeps this contract as well. What must be subscribed is the
engine's to decide: a connector only lists and does.

must:     list every subscription that its account may see, switched off ones included, at the address as it is kept.
must not: touch any other subscription than the one it is given; show a secret in an error or a log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from connectors.base import Connector

ALL_TOPICS = "*"
"""The topic of a subscription to everything."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a platform tells to one address; ``active`` is false where it has stopped."""

    id: str
    address: str
    topics: tuple[str, ...]
    active: bool = True


class Subscriptions(Protocol):
    """The subscriptions of one account; topics are those of the manifest, or the platform's own where it has others."""

    def listed(self) -> list[Subscription]:
        """Every subscription, whoever made it."""
        ...

    def create(self, address: str, topics: Sequence[str], secret: str) -> str:
        """Subscribe an address; gives the secret where the platform makes it and tells it just now, else nothing."""
        ...

    def change(self, one: Subscription, topics: Sequence[str], secret: str) -> None:
        """Switch a subscription on, for exactly these topics."""
        ...

    def remove(self, one: Subscription) -> None:
        """End a subscription; one that is gone already is no error."""
        ...


@runtime_checkable
class SubscribingConnector(Connector, Protocol):
    """A connector by which the hub may subscribe."""

    def subscriptions(self) -> Subscriptions:
        """The subscriptions of this account."""
        ...
