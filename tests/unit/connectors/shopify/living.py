"""What may happen to an order of a shop after it was placed, for properties."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from connectors.shopify.simulator import ShopifySimulator

flags = st.fixed_dictionaries(
    {
        name: st.booleans()
        for name in ("tips_as_lines", "edits_make_refunds", "plans_shrink", "partial_splits", "refund_lowers_total")
    }
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("refund"), st.integers(0, 4), st.sampled_from(["NO_RESTOCK", "CANCEL"])),
        st.tuples(st.just("remove"), st.integers(0, 4), st.sampled_from(["keep", "restock"])),
        st.tuples(st.just("add"), st.integers(0, 4), st.just("")),
        st.tuples(st.just("money"), st.integers(1, 3), st.just("")),
        st.tuples(st.just("shipping"), st.integers(0, 1), st.just("")),
        st.tuples(st.just("fulfill"), st.integers(0, 4), st.just("")),
    ),
    max_size=4,
)


def live(shop: ShopifySimulator, gid: str, happened: Any) -> None:
    """What people do to an order after it was placed."""
    order = shop.checkout.get(gid)
    for what, number, how in happened:
        line = number % len(order.lines)
        one = order.lines[line]
        if one.variant is None or (what in ("refund", "remove") and not one.current):
            continue
        sent = sum(part.quantity for done in order.fulfillments for part in done.lines if part.line is one)
        if what == "refund":
            shop.checkout.refund(gid, {line: 1}, restock=how, location="WH1")
        elif what == "remove" and one.current > sent:
            shop.checkout.remove(gid, line, 1, restock=how == "restock")
        elif what == "add":
            shop.checkout.add(gid, "S0", number + 1)
        elif what == "money":
            shop.checkout.refund(gid, amount=str(number))
        elif what == "shipping":
            shop.checkout.refund(gid, shipping="1" if number else "1000000")
        elif what == "fulfill":
            shop.checkout.fulfill(gid, {line: 1})
