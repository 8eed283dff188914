"""What is not verified, or differs from account to account: each a switch, the harsher way the default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Switches:
    """How this simulated account behaves; may be changed while it runs.

    ``reference_scope``: where an order's reference must be unique. ``reference_filter``: which orders the filter for
    references lets through. ``duplicate_words``: what is said of a reference that was used before. ``next_form``: how
    the address of the next page is written. ``allocation_seconds``: how long after its creation an order gets its
    goods. ``stock_lag_seconds``: how far the reported levels are behind. ``listing_lag_seconds``: how long lists lack a
    new order. ``splits``: whether an order is spread over centers when none of them has all of it.
    ``hold_keeps_inventory``: whether an order that is held keeps its goods. ``lists_canceled``: whether lists show
    canceled orders. ``date_header``: whether answers tell the time.
    ``return_status_spaced``: whether the status of a return that is awaited is written in two words.
    """

    reference_scope: Literal["account", "channel"] = "account"
    reference_filter: Literal["prefix", "exact", "ignored"] = "prefix"
    duplicate_words: str = "An order with this reference_id already exists."
    next_form: Literal["internal", "absolute", "relative"] = "internal"
    allocation_seconds: float = 30.0
    stock_lag_seconds: float = 60.0
    listing_lag_seconds: float = 0.0
    splits: bool = True
    hold_keeps_inventory: bool = False
    lists_canceled: bool = True
    date_header: bool = True
    return_status_spaced: bool = True
    calls_per_minute: int = 150
