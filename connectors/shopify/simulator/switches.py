"""What is not known for sure about the platform, as switches; the harsher reading is the default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Switches:
    """Behaviors that no primary source settles, and limits that tests want smaller.

    ``throttle_status``: HTTP status of a throttled answer. ``single_query_max``: most points one query may cost, 0 for
    no limit. ``paging_limit``: after so many objects a list looks finished. ``stale_rejects_all``: one stale row
    rejects the whole call; otherwise the others are applied. ``report_all_rows``: every bad row gets a user error,
    otherwise only the first. ``name_rows``: user errors name the row. ``idempotency_enforced``: from 2026-04 a call
    without a key fails. ``idempotency_honored``: a known key is recognized; otherwise the call is executed again.
    ``idempotency_retention``: seconds a key is remembered. ``exact_sku_search``: a SKU filter matches whole SKUs only;
    otherwise also longer ones that start with the same words. ``search_delay``: seconds until a change is seen by time
    filters. ``bulk_polls`` and ``bulk_seconds``: an operation is finished once it was polled so often and so many
    seconds passed. ``bulk_order``: where an ungrouped child stands: right after its parent, after the parents of its
    page, or after all parents. ``bulk_concurrent``: how many operations of one kind run at once, and of how many the
    results are kept. ``tips_as_lines``: a tip stands among the lines as well. ``edits_make_refunds``: units that an
    edit removes are told by a refund without money; otherwise only the line's present units tell. ``plans_shrink``: a
    fulfillment order forgets units that are not wanted any more. ``partial_splits``: what a place did not send goes on
    under the id of a new fulfillment order. ``refund_lowers_total``: money given back beyond what units are worth
    lowers the present total. ``refunds_by_hand``: money given back elsewhere can be noted under the gateway
    ``manual``. ``customer_data``: the app may see who bought. ``stuck_cursor``: a broken platform that answers every
    page with the first one.
    """

    throttle_status: Literal[200, 429] = 200
    single_query_max: int = 1000
    paging_limit: int = 25_000
    stale_rejects_all: bool = True
    report_all_rows: bool = True
    name_rows: bool = True
    idempotency_enforced: bool = True
    idempotency_honored: bool = True
    idempotency_retention: float = 3600.0
    exact_sku_search: bool = False
    search_delay: float = 0.0
    bulk_polls: int = 1
    bulk_seconds: float = 0.0
    bulk_order: Literal["adjacent", "page", "end"] = "page"
    bulk_concurrent: int = 5
    tips_as_lines: bool = True
    edits_make_refunds: bool = False
    plans_shrink: bool = True
    partial_splits: bool = True
    refund_lowers_total: bool = True
    refunds_by_hand: bool = True
    customer_data: bool = True
    stuck_cursor: bool = False
