"""The contract of webhooks: what a platform tells by itself is verified byte for byte, and only marks what to read.

A connector of a platform that sends webhooks has a module ``webhooks`` with the two functions of ``Webhooks``, both
pure, and a section ``webhooks`` in its manifest. Nothing a message says is ever taken over: it is believed to name
records, which are then read as they are.

must:     compare in constant time, over the bytes as they came; take any of the secrets, since two count while they
          are changed; refuse where there is no secret; where the signature covers a time, refuse one that is too old
          and one that lies ahead.
must not: refuse an authentic message because of its topic or content: what nobody knows names nothing; trust a header
          that the signature does not cover for more than a hint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias


@dataclass(frozen=True, slots=True, order=True)
class RecordRef:
    """A record that must be read again: a resource of the manifest, and the id that ``lookup`` takes."""

    resource: str
    external_id: str


@dataclass(frozen=True, slots=True)
class PrivacyDemand:
    """What the law lets a person, or a shop that leaves, demand: that what is kept of them is told, or erased.

    ``everyone`` means all that is kept of the shop. Without that and without ids its details could not be read, or are
    not those of such a demand: it waits for a person. Ids are those that ``lookup`` takes, or the platform's own.
    """

    action: Literal["tell", "erase"]
    customer_id: str = ""
    order_ids: tuple[str, ...] = ()
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """What a message names; both may be empty."""

    records: tuple[RecordRef, ...] = ()
    demands: tuple[PrivacyDemand, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """An authentic message. ``delivery_id`` is the platform's own word for it, which need not be unique."""

    topic: str
    delivery_id: str
    contents: Contents = Contents()


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that is not believed; ``reason`` is a word for logs, and tells a forger nothing he does not know."""

    reason: Literal["no_secret", "unsigned", "malformed", "bad_signature", "too_old", "in_the_future"]


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a platform sends, unsigned, to see whether somebody answers: it is answered, not kept, not believed."""


Verdict: TypeAlias = Accepted | Refused | Greeting


class Webhooks(Protocol):
    """How one platform's messages are verified and read."""

    def verify(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> Verdict:
        """Judge a message as it came; header names in any case, secrets newest first."""
        ...

    def read(self, topic: str, body: bytes) -> Contents:
        """What a message names; nothing where its topic is unknown or its body cannot be read."""
        ...
