"""What a target refused and the shop mended since: the next try says what the order says by now (R15)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from sync.orders import acts, store
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]
_RULE = Route("tpl", "tpl", ("WH1", "WH2"))


@pytest.fixture
def trading(desk_of: OpenDesk) -> Desk:
    """A shop, an ERP that keeps the books, a 3PL that ships."""
    return desk_of(others=("tpl",), routes=[_RULE])


def _refused(desk: Desk, who: str, **bad: Any) -> None:
    """An order that was refused, and whose target would take it by now."""
    desk.trade(who).refuses["requests.create"] = "invalid_value"
    desk.place(2, **bad)
    desk.sync()
    desk.trade(who).refuses.clear()
    desk.sync()
    assert (desk.standing(), desk.requests(who)) == (("blocked", "invalid_value"), {})


def _asked(desk: Desk, who: str) -> dict[str, Any]:
    [one] = desk.trade(who).requests.values()
    return dict(one["document"])


@pytest.mark.parametrize("who", ["tpl", "erp"])
@pytest.mark.parametrize(
    ("field", "bad", "good"),
    [("note", "BAD", "fine"), ("customer", {"email": "BAD"}, {"email": "ok@x.de"}), ("number", "BAD", "1001")],
)
def test_a_request_that_was_refused_is_sent_as_the_shop_mended_it(
    trading: Desk, who: str, field: str, bad: Any, good: Any
) -> None:
    _refused(trading, who, **{field: bad})
    trading.change("o1", **{field: good})
    trading.sync()
    sent = _asked(trading, who)["order_number" if field == "number" else field]
    assert (sent["email"] if field == "customer" else sent) in ("fine", "ok@x.de", "1001")
    trading.sync()
    assert trading.standing() == ("asked", "")
    with trading.database() as connection:
        told = {(one.state, one.reason) for one in connection.execute(store.REQUEST.select())}
    # Who keeps the books is told of another customer by another document.
    assert told - {("canceled", "")} == {("accepted", "")}


def test_a_release_sends_what_was_mended_before_it_was_looked_at(trading: Desk) -> None:
    _refused(trading, "tpl", note="BAD")
    trading.change("o1", note="fine")
    acts.release(trading.trading.hub, trading.row())
    trading.sync()
    assert _asked(trading, "tpl")["note"] == "fine"


def test_a_refused_request_that_nobody_mended_is_not_tried_again(trading: Desk) -> None:
    _refused(trading, "tpl", note="BAD")
    trading.change("o1", tags=["seen"])
    trading.sync()
    assert (trading.standing(), trading.requests("tpl")) == (("blocked", "invalid_value"), {})


def test_a_new_shipping_method_reaches_a_refused_request_by_the_name_its_place_has_for_it(desk_of: OpenDesk) -> None:
    rule = replace(_RULE, methods={"EXP": "express", "STD": "standard"})
    desk = desk_of(others=("tpl",), routes=[Route("other", "tpl", countries=frozenset({"XX"}), method="no"), rule])
    method = {"amount": "0", "title": "Post"}
    _refused(desk, "tpl", shipping=[{**method, "code": "EXP"}])
    desk.change("o1", shipping=[{**method, "code": "STD"}])
    desk.sync()
    assert _asked(desk, "tpl")["shipping_method"] == "standard"


def test_refused_parts_of_a_line_are_both_renewed_and_still_sum_to_it(trading: Desk) -> None:
    trading.trade("tpl").refuses["requests.create"] = "invalid_value"
    trading.place(13)
    trading.sync()
    trading.trade("tpl").refuses.clear()
    trading.change("o1", note="mended")
    trading.sync()
    parts = [one["document"] for one in trading.trade("tpl").requests.values()]
    shown = sum((Decimal(line["amount"]) for one in parts for line in one["lines"]), Decimal(0))
    [line] = trading.trade("shop").orders["o1"]["lines"]
    assert (len(parts), shown, {one["note"] for one in parts}) == (2, Decimal(str(line["amount"])), {"mended"})


def test_a_request_that_was_accepted_is_not_touched_by_a_note(trading: Desk) -> None:
    trading.place(2, note="old")
    trading.sync()
    trading.change("o1", note="new", number="1001")
    for _ in range(2):
        trading.sync()
    assert [trading.requests(who) for who in ("erp", "tpl")] == [{"shop-o1-1": "accepted"}] * 2
    assert _asked(trading, "tpl")["note"] == "old"
