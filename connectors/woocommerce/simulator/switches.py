"""What differs from shop to shop, or is not verified: each a switch, the harsher way the default."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(slots=True)
class Switches:
    """How this simulated shop behaves; may be changed while it runs.

    ``variation_extras``: variation answers carry type, name and parent_id, also in versions before 10.3.
    ``slow_batch_items``: a batch with more items runs into the time limit of the host; ``slow_batch_effect`` says
    how many of its items were saved by then: those that fitted, all (PHP went on alone) or none.
    ``price_decimals``: how many decimals the shop shows and rounds totals to.
    ``refund_keeps_meta``: meta data sent along with a refund is stored. ``restock_tally``: a line tells how many of its
    units refunds have put back on the shelf. ``drafts_listed``: lists of any status show drafts of the checkout.
    ``refunds_of_nothing``: refunds of an order that is gone are an empty list, not an error.
    ``hold_minutes``: how long an unpaid order keeps its units from other shoppers.
    ``ignored_params``: query parameters that this shop acts as if it did not know, as one with an odd plugin does.
    """

    wc_version: str = "11.0.1"
    wp_version: str = "7.1"
    site_utc_offset_hours: float = 2.0
    pretty_permalinks: bool = True
    trust_forwarded_proto: bool = True
    strip_authorization: bool = False
    oauth_window_seconds: int = 900
    nonce_once: bool = True
    orderby_modified: bool = True
    batch_limit: int = 100
    batch_validates: bool = True
    slow_batch_items: int | None = None
    slow_batch_effect: Literal["fitted", "all", "none"] = "fitted"
    variation_extras: bool = True
    parent_stock_as_text: bool = True
    sale_moves_modified: bool = True
    trash_moves_modified: bool = False
    price_decimals: int = 2
    refund_keeps_meta: bool = False
    restock_tally: bool = True
    drafts_listed: bool = True
    refunds_of_nothing: bool = True
    hold_minutes: int = 60
    total_headers: bool = True
    date_header: bool = True
    ignored_params: frozenset[str] = field(default_factory=frozenset)

    @property
    def has_variations_route(self) -> bool:
        """Whether all variations can be listed at once: WooCommerce 10.3 and later."""
        major, minor = (int(part) for part in self.wc_version.split(".")[:2])
        return (major, minor) >= (10, 3)
