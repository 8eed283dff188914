"""What is not verified, or differs from account to account: each a switch, the harsher way the default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Switches:
    """How this simulated account behaves; may be changed while it runs.

    ``charge_copies_metadata``: a charge takes over its payment intent's metadata when it is made. ``refund_status``:
    what a new refund starts as. ``early_items``: what the entries of a payout show before it is reconciled.
    ``should_retry``: what a 429 tells in ``stripe-should-retry``, if anything. ``dispute_fee_returned``: whether a
    won dispute also gives its fee back. ``listing_lag_seconds``: how long lists lack a new refund.
    """

    charge_copies_metadata: bool = False
    refund_status: Literal["succeeded", "pending", "requires_action"] = "succeeded"
    early_items: Literal["half", "all", "refused"] = "half"
    should_retry: Literal["", "true", "false"] = ""
    dispute_fee_returned: bool = False
    listing_lag_seconds: int = 0
    retention_seconds: int = 86_400
    event_days: int = 30
    payout_delay_days: int = 2
    date_header: bool = True
