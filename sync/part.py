"""A stock item that selling one unit of something takes so many of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A component of a kit, or the item itself with its unit factor."""

    item_id: int
    units: int
