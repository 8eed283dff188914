"""Reason codes: why a record or a line is not in sync, with what to do about it."""

from __future__ import annotations

REASONS: dict[str, str] = {
    "missing_sku": "the record has no SKU; give it one on the platform, or map another match key",
    "duplicate_sku": "several records of one connection carry this SKU; make it unique there",
    "sku_case_differs": "a SKU differs only in case; make the two equal, SKUs are case-sensitive",
    "unmatched": "no canonical record carries this key; create it at the owner or remove it here",
    "ambiguous_match": "several canonical records fit; link by hand or make the keys unique",
    "deleted_there": "a linked record is gone without our write; restore it there or resolve the conflict",
    "gone_at_owner": "the owner no longer has the record, so there is nothing to compare with",
    "fraction": "the figure is not a whole number of stock items; set a unit factor or correct it at the owner",
    "negative_stock": "the owner reports stock below zero; 0 is listed until it is corrected",
    "invalid_value": "the value cannot be read as the mapping says; correct it or the mapping",
    "redacted": "the platform hides this value from us; grant the access it needs",
    "unknown_location": "the location is not in the configuration; add it under locations",
    "untracked": "the platform does not count this item; switch tracking on there",
    "conflict": "someone who does not own this field changed it; resolve the conflict",
    "held": "an open conflict holds this field",
    "adopted": "their value was adopted until the owner's value next changes",
    "moved": "the record or its inputs changed since the plan; it is planned anew",
    "stale": "the platform refused because its value had changed; it is read and planned anew",
    "rejected": "the platform refused this write; see the message",
    "not_converging": "the same value was written three times and does not stick; look for another writer",
    "unaccounted_drop": "stock fell on the channel without a known order; raises wait for the owner's figure",
    "stock_raised_by_other": "someone raised stock on the channel; it was lowered to the owner's figure",
    "owner_not_read": "the owner's value was not read since the last change of ownership",
    "stock_unread": "a channel of the pool was not read after the owner's figure; raises wait",
    "unconfirmed_write": "a write's outcome is not known yet; the record is read again after the settle time",
    "unknown_outcome": "a write's outcome cannot be found out; look at the platform, then resolve",
    "guard_changed": "too large a share of the records would change; check the source, then approve",
    "guard_zero": "too large a share of the stock would go to zero; check the source, then approve",
    "guard_price": "the price moves further than the guard allows; check it, then approve",
    "guard_shrunk": "the source returned far fewer records than last time; check it, then approve",
    "not_adopted": "this flow has not been adopted on this connection; run `crossdock adopt`",
    "clear_not_allowed": "the owner's value is empty and the mapping does not say `clear: true`",
    "incomplete": "the read did not finish; nothing is concluded from what was not seen",
    "not_writable": "the connector cannot write this field",
    "kit_component_missing": "a component of the kit is not known; correct the kit in the configuration",
    "orders_unread": "the channel's orders were not read after the owner's figure; raises wait",
    "totals_differ": "the parts of the order do not sum to its total; correct the order mapping",
    "unknown_sku": "a line names no known record; create it at the owner or link it, then release the order",
    "missing_address": "the order has no address to ship to; complete it on the channel",
    "unpaid": "the money is not there yet; it is asked for once it is",
    "on_hold": "the channel holds the order; release it there",
    "out_of_stock": "no place has the goods; it is asked for when one does",
    "no_route": "no routing rule takes it; add one under routing",
    "cancel_refused": "the target did not cancel; stop it there by hand, or let it ship",
    "reference_taken": "the reference belongs to an order of another channel there; look at it, then release this one",
    "unknown_order": "no such order is there; look at the platform, then resolve",
    "reference_canceled": "the target holds a canceled document of this name; a new one is made",
    "unmatched_line": "the target does not know a product of the order; create it there, then release the order",
}


def advice(reason: str) -> str:
    """What to do about a reason code; codes may carry a detail behind a colon."""
    return REASONS.get(reason.partition(":")[0], "")
