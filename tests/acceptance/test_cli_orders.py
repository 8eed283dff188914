"""The commands about orders as an operator calls them, over in-memory platforms; each exit code by a real cause."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from connectors.memory.simulator.markets import trade
from connectors.memory.simulator.world import WORLDS, world
from crossdock.cli.app import App
from crossdock.cli.main import run

CONFIG = """\
database: sqlite:///hub.sqlite
connections:
  erp: {connector: memory, settings: {world: NAME-erp}, currency: EUR}
  shop: {connector: memory, settings: {world: NAME-shop}, currency: EUR}
locations:
  WH1: {erp: WH1, shop: WH1}
  WH2: {erp: WH2, shop: WH2}
ownership:
  variant.sku: erp
  inventory.stock[*]: erp
pools:
  main: {locations: [WH1, WH2]}
flows:
  stock: {kind: inventory, source: erp, targets: {shop: {pool: main}}}
orders:
  shop: {go_live: "LIVE", books: [erp]}
"""


@dataclass
class Office:
    """A folder with a configuration, and the worlds it leads to."""

    folder: Path
    name: str = field(default_factory=lambda: uuid4().hex)

    def call(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """Run a command; its JSON, which tells the same exit code."""
        out = io.StringIO()
        with redirect_stdout(out):
            ended = run([*arguments, "--format", "json"], App(config=self.folder / "crossdock.yaml"))
        document: dict[str, Any] = json.loads(out.getvalue())
        assert (ended, document["exit_code"]) == (code, code), document
        return document

    def shows(self, *arguments: str, code: int = 0) -> str:
        """Run a command; what it prints for a person."""
        out = io.StringIO()
        with redirect_stdout(out):
            assert run(arguments, App(config=self.folder / "crossdock.yaml")) == code
        return out.getvalue()

    def fails(self, *arguments: str) -> str:
        """Run a command that is refused; what it says on stderr."""
        said = io.StringIO()
        with redirect_stdout(io.StringIO()), redirect_stderr(said):
            assert run(arguments, App(config=self.folder / "crossdock.yaml")) != 0
        return said.getvalue()

    def place(self, lines: dict[str, int], *, days_ago: int = 0, **more: Any) -> str:
        """A shopper orders, now or some days ago."""
        return trade(f"{self.name}-shop").place(lines, datetime.now(UTC) - timedelta(days=days_ago), **more)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Office]:
    """An ERP and a shop that were never looked at, and orders that are live since a minute ago."""
    found = Office(tmp_path)
    live = (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="seconds")
    (tmp_path / "crossdock.yaml").write_text(CONFIG.replace("NAME", found.name).replace("LIVE", live))
    for name in ("erp", "shop"):
        for number in (1, 2, 3):
            world(f"{found.name}-{name}").add(f"SKU-{number}", price="10.00", stock={"WH1": 10, "WH2": 5})
    yield found
    for name in ("erp", "shop"):
        WORLDS.pop(f"{found.name}-{name}")


@pytest.fixture
def office(fresh: Office) -> Office:
    """An ERP and a shop that agree."""
    fresh.call("adopt", "--yes")
    return fresh


def test_an_order_is_listed_asked_for_and_shown_with_everything_about_it(office: Office) -> None:
    office.place({"SKU-1": 2})
    office.call("sync")
    listed = office.call("orders", "list")
    assert [(one["number"], one["state"], one["payment"]) for one in listed["orders"]] == [("#o1", "asked", "paid")]
    assert listed["counts"] == {"asked": 1}
    shown = office.call("orders", "show", "o1")
    (line,) = shown["lines"]
    assert (line["sku"], line["quantity"], line["booked"], line["asked"], line["shipped"]) == ("SKU-1", 2, 2, 0, 0)
    (request,) = shown["requests"]
    assert (request["reference"], request["state"], request["units"]) == ("shop-o1-1", "accepted", {"SKU-1": 2})
    assert [(one["kind"], one["state"]) for one in shown["effects"]] == [("request", "done")]
    assert {one["part"]: one["amount"] for one in shown["money"]} == {"goods": "20.00", "total": "20.00"}
    assert "shop-o1-1" in office.shows("orders", "show", "#o1")
    [kept] = office.call("explain", "SKU-1")["kept_off"]
    assert (kept["units"], kept["cause"], kept["next"]) == (2, "order #o1", "crossdock orders show o1")


def test_a_blocked_order_is_told_with_what_to_do_and_goes_on_when_it_is_released(office: Office) -> None:
    erp = trade(f"{office.name}-erp")
    erp.refuses["requests.create"] = "unmatched_line"
    office.place({"SKU-1": 1})
    office.place({"SKU-2": 1, "NOBODY-KNOWS": 1})
    office.call("sync", code=5)
    listed = office.call("orders", "list", "--state", "blocked", code=5)
    assert {(one["number"], one["reason"]) for one in listed["orders"]} == {
        ("#o1", "unmatched_line"),
        ("#o2", "unknown_sku"),
    }
    assert all(one["advice"] for one in listed["orders"])
    assert office.call("orders", "show", "o1", code=5)["next"] == ["crossdock orders release o1"]
    erp.refuses.clear()
    assert office.call("orders", "release", "o1")["released"][0]["number"] == "#o1"
    office.call("sync", code=5)
    assert list(erp.requests) == ["shop-o1-1"]
    said = office.fails("orders", "release", "o1")
    assert "o1 has nothing to release: it is asked" in said
    assert "crossdock orders show o1" in said


def test_a_release_counts_the_calls_that_are_tried_again(office: Office) -> None:
    erp = trade(f"{office.name}-erp")
    erp.refuses["requests.create"] = "unmatched_line"
    office.place({"SKU-1": 1})
    office.place({"NOBODY-KNOWS": 1})
    office.call("sync", code=5)
    released = [office.call("orders", "release", order)["released"][0]["text"] for order in ("o1", "o2")]
    assert released == ["order #o1 is looked at again; 1 refused call is tried again", "order #o2 is looked at again"]


def test_an_order_that_is_over_cannot_be_dropped_and_stays_what_it_is(office: Office) -> None:
    numbers = [office.place({"SKU-1": 1}) for _ in range(2)]
    office.call("sync")
    trade(f"{office.name}-erp").ship("shop-o1-1")
    trade(f"{office.name}-shop").cancel(numbers[1])
    office.call("sync")
    for order, state in (("o1", "done"), ("o2", "canceled")):
        assert f"nothing more is wanted of order #{order}: it is {state}" in office.fails("orders", "drop", order)
    office.call("sync")
    assert office.call("orders", "list")["counts"] == {"canceled": 1, "done": 1}


def test_an_order_of_before_the_go_live_waits_for_a_word_and_needs_it_once(fresh: Office) -> None:
    office = fresh
    for sku in ("SKU-1", "SKU-2"):
        office.place({sku: 1}, days_ago=3)
        world(f"{office.name}-erp").set_stock(sku, "WH1", 9)
    office.call("adopt", "--yes", code=5)
    assert office.call("orders", "list", code=5)["counts"] == {"undeclared": 2}
    assert "give --known or --export" in office.fails("orders", "declare", "o1")
    office.call("orders", "declare", "o1", "--known")
    assert office.call("orders", "declare", "o2", "--export")["next"] == ["crossdock sync"]
    said = office.fails("orders", "declare", "o1", "--known")
    assert "o1 needs no declaration: it is known" in said
    assert "--state undeclared" in said
    office.call("sync")
    assert list(trade(f"{office.name}-erp").requests) == ["shop-o2-1"]
    assert office.call("orders", "list")["counts"] == {"known": 1, "asked": 1}


@pytest.mark.parametrize("report", ["orders", "reservations", "payments"])
def test_a_report_that_has_no_flows_refuses_one_instead_of_ignoring_it(office: Office, report: str) -> None:
    assert "leave --flow out" in office.fails("audit", report, "--flow", "stock")


def test_the_audits_tell_what_stands_where_and_what_is_promised(office: Office) -> None:
    office.place({"SKU-1": 3}, paid=False)
    office.call("sync")
    held = office.call("audit", "reservations")
    assert [(one["order"], one["sku"], one["units"], one["reason"]) for one in held["reservations"]] == [
        ("#o1", "SKU-1", 3, "unpaid")
    ]
    assert held["counts"]["units"] == 3
    audit = office.call("audit", "orders")
    assert (audit["states"], audit["counts"]["waiting"]) == ([{"state": "waiting", "count": 1}], 0)
    assert office.call("audit", "payments")["counts"]["exceptions"] == 0
    assert "no payment processor is configured" in office.shows("audit", "payments")


def test_goods_that_left_for_a_canceled_order_are_an_incident_of_the_audit(office: Office) -> None:
    number = office.place({"SKU-1": 1})
    office.call("sync")
    trade(f"{office.name}-erp").ship("shop-o1-1")
    office.call("sync")
    trade(f"{office.name}-shop").cancel(number)
    office.call("sync")
    assert "what left\n" in office.shows("orders", "show", number)
    audit = office.call("audit", "orders", code=5)
    assert [one["kind"] for one in audit["incidents"]] == ["shipped_though_canceled"]


def test_the_status_claims_no_number_of_orders_where_it_counts_the_records_of_a_read(office: Office) -> None:
    office.place({"SKU-1": 1})
    office.call("sync")
    found = office.call("status", code=2)
    records = {(one["connection"], one["resource"]): one["records"] for one in found["reads"]}
    assert (records["shop", "orders"], records["shop", "items"]) == (None, 3)
    assert found["orders"] == [{"state": "asked", "count": 1}]


def test_a_channel_that_is_none_is_refused_and_not_told_to_have_no_orders(office: Office) -> None:
    office.place({"SKU-1": 1})
    assert office.call("orders", "list", "--channel", "shop")["orders"] == []
    office.call("sync")
    assert [one["number"] for one in office.call("orders", "list", "--channel", "shop")["orders"]] == ["#o1"]
    said = office.fails("orders", "list", "--channel", "shpo")
    assert "no orders of shpo are known" in said
    assert "did you mean 'shop'?" in said


def test_names_that_mean_no_order_or_two_are_refused_with_what_to_say_instead(office: Office) -> None:
    assert "there is no order 77" in office.fails("orders", "show", "77")
    assert "`crossdock orders list` shows" in office.fails("explain", "#77")
    office.place({"SKU-1": 1}, id="a/1", number="#1")
    office.place({"SKU-1": 1}, id="b/1", number="#2")
    office.call("sync")
    said = office.fails("orders", "show", "1")
    assert "a/1 (shop)" in said
    assert "b/1 (shop)" in said
    assert "has no unknown outcome" in office.fails("orders", "resolve", "99", "--done")


def test_a_plan_shows_what_would_be_asked_for_and_sends_nothing_until_it_is_applied(
    office: Office, tmp_path: Path
) -> None:
    office.place({"SKU-1": 1})
    office.call("plan", "-o", str(tmp_path / "a.plan"), code=2)
    assert trade(f"{office.name}-erp").requests == {}
    office.place({"SKU-2": 1})
    office.call("apply", str(tmp_path / "a.plan"))
    assert list(trade(f"{office.name}-erp").requests) == ["shop-o1-1"]
    office.call("apply")
    assert list(trade(f"{office.name}-erp").requests) == ["shop-o1-1", "shop-o2-1"]


def test_a_refund_without_an_order_is_listed_until_a_person_says_what_it_is_for(office: Office) -> None:
    config = office.folder / "crossdock.yaml"
    pay = f"  pay: {{connector: memory, settings: {{world: {office.name}-pay}}, currency: EUR}}\nlocations:"
    payments = "payments:\n  pay: {channels: [shop], gateways: [pay], refunds: processor}\n"
    config.write_text(config.read_text().replace("locations:", pay, 1) + payments)
    processor = trade(f"{office.name}-pay")
    for number in ("1", "2"):
        processor.charge(f"ch_{number}", "20.00", datetime.now(UTC))
        processor.give_back(f"re_{number}", f"ch_{number}", "5.00", datetime.now(UTC))
    order = office.place({"SKU-1": 2})
    office.call("sync")
    listed = office.call("orders", "list", code=5)["refunds"]
    assert [(one["external_id"], one["amount"]) for one in listed] == [("re_1", "5.00"), ("re_2", "5.00")]
    assert "orders match 1 ORDER" in office.shows("orders", "list", code=5)
    office.call("orders", "match", "1", order)
    office.call("orders", "match", "2", "--none")
    assert office.call("orders", "list")["refunds"] == []
    assert "waits for no order" in office.fails("orders", "match", "2", "--none")
    office.call("sync")
    assert [one["amount"] for one in office.call("orders", "show", order)["refunds"]] == ["5.00"]
    note = {"reference": "n", "order_id": order, "amount": "5.00", "currency": "EUR"}
    trade(f"{office.name}-shop").note_refund(note)
    office.call("sync")
    shown = office.call("orders", "show", order)
    [booked, noted] = shown["refunds"]
    assert (booked["connection"], booked["same_as"]) == ("pay", noted["id"])
    assert (noted["connection"], noted["same_as"]) == ("shop", None)
    assert {one["part"]: one["amount"] for one in shown["money"]}["refunded"] == "-5.00"


def test_what_is_refused_while_a_saved_plan_is_applied_is_told_by_that_exit_code(
    office: Office, tmp_path: Path
) -> None:
    office.place({"SKU-1": 1})
    office.call("plan", "-o", str(tmp_path / "a.plan"), code=2)
    trade(f"{office.name}-erp").refuses["requests.create"] = "unmatched_line"
    assert office.call("apply", str(tmp_path / "a.plan"), code=5)["next"] == ["crossdock orders list"]
