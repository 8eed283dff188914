"""What a mapping makes of one platform record, and what it must know of the connection to do so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from canonical.value import Value

JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"
"""A platform's value, as it goes into a request."""


@dataclass(frozen=True, slots=True)
class MappingContext:
    """The connection's own facts a mapping needs: its currency, and platform location id to location code."""

    currency: str = ""
    locations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Issue:
    """One field of a record that could not be mapped, with a reason code."""

    slot: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """One platform record in canonical terms.

    ``slots`` holds every mapped slot that was read; an absent one is NotRead. ``scopes`` gives, by slot text, the
    platform's own id of the slot's scope where one is needed to write it (a location id). ``version`` is an
    optimistic-lock token.
    """

    entity: str
    kind: str
    external_id: str
    parent_id: str
    sku: str
    gtin: str
    slots: Mapping[str, Value]
    scopes: Mapping[str, str]
    version: str
    issues: tuple[Issue, ...] = ()
