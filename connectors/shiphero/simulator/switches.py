"""What is not known for sure about the platform, as switches; the harsher reading is the default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Switches:
    """Behaviors that no primary source settles, and limits that tests want smaller.

    ``credits`` and ``credits_per_second``: the bucket. ``throttle_tells``: what a refusal for lack of credits holds:
    only that it is one, the figures in its text, or fields of their own. ``charges_asked``: credits are taken for the
    rows that were asked for; otherwise for those that came. ``tells_quota``: every answer holds the quota.
    ``aliases``: one request may ask for a root several times. ``absent``: what a record that is not there gives: an
    error and its field null, an error and no data at all, or null without a word. ``expired``: an expired token gets
    status 401, or 200 with an error. ``login``: what the user is called at the login. ``token_seconds``: how long an
    access token lasts, ``tells_lifetime`` whether the answer says so. ``rotates``: a refresh gives a new refresh token
    and ends the old one. ``sorts``: lists can be sorted; otherwise the newest change comes first. ``stable_cursors``: a
    cursor names a record; otherwise a position. ``exact_reference``: the filter by partner_order_id finds whole values
    only; otherwise also what begins with it. ``filters_dates``: updated_from is heeded. ``filters_customer``:
    customer_account_id is heeded. ``listing_lag_seconds``: until a new order is in lists. ``unique_numbers``: an order
    number of a shop is taken once. ``unknown_sku``: what a line without a product gives. ``allocates_at_once``: a new
    order gets its stock at once, otherwise when the warehouse gives it. ``shipping_moves_order``: a parcel moves the
    date of its order. ``zone``: dates say that they are UTC.
    """

    credits: float = 2002.0
    credits_per_second: float = 30.0
    throttle_tells: Literal["nothing", "text", "fields"] = "nothing"
    charges_asked: bool = True
    tells_quota: bool = False
    aliases: bool = True
    absent: Literal["field", "answer", "silent"] = "answer"
    expired: Literal["status", "errors"] = "status"
    login: Literal["username", "email"] = "username"
    token_seconds: float = 2_419_200.0
    tells_lifetime: bool = False
    rotates: bool = False
    sorts: bool = False
    stable_cursors: bool = False
    exact_reference: bool = False
    filters_dates: bool = False
    filters_customer: bool = True
    listing_lag_seconds: float = 5.0
    unique_numbers: bool = False
    unknown_sku: Literal["taken", "refused"] = "taken"
    allocates_at_once: bool = False
    shipping_moves_order: bool = False
    zone: bool = False
