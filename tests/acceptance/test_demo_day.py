"""The demo's trading day: its figures are those of the platforms, and each kind of promise can be broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from crossdock.cli.app import App
from crossdock.cli.main import run
from crossdock.demo import beginning, chapters
from crossdock.demo.day import money, proof, shipping
from crossdock.demo.day.scene import Day
from sync.orders import notices

Chapter = Callable[[Day], None]
_PARTS = {"orders to be shipped", "units ordered, booked, shipped", "shipments", "EUR paid by buyers", "EUR given back"}


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the first act only what the day needs."""
    monkeypatch.setattr(
        chapters, "CHAPTERS", (beginning.three_systems, beginning.adopt_and_link, beginning.plan_and_apply)
    )


def tell(capsys: pytest.CaptureFixture[str], code: int) -> dict[str, Any]:
    ended = run(["demo", "--format", "json"], App())
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert ended == code, [one for step in document["steps"] for one in step["promises"] if not one["kept"]]
    return document


def broken(document: dict[str, Any]) -> list[str]:
    return [one["text"] for step in document["steps"] for one in step["promises"] if not one["kept"]]


@pytest.mark.usefixtures("short")
def test_a_day_of_orders_ends_with_every_side_counting_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    document = tell(capsys, 0)
    told = {step["title"]: step["figures"] for step in document["steps"]}
    assert told["Orders go live at 08:00"] == {"undeclared": 2, "exported": 1}
    assert told["Shoppers buy"] == {"orders": 11, "requests": 11}
    assert told["One is paid for late"] == {"sales": 1, "requests": 1}
    assert told["One is edited before it ships"] == {"canceled": 1, "requests": 1}
    assert told["The same webhook arrives twice, and once late"] == {"write_calls": 0, "requests": 1}
    assert told["The 3PLs ship"] == {"shipments": 12, "lost": 1}
    assert told["The rest leaves"] == {"shipments": 13, "told": 13}
    assert told["A chargeback"] == {"exceptions": 1}
    assert told["Payouts"] == {"payouts": 2, "explained": 2, "matched": 13}
    rows = {row["what"]: row for row in document["proof"]}
    assert rows.keys() >= _PARTS
    assert not any(Decimal(str(row["difference"])) for row in rows.values())
    assert (rows["orders to be shipped"]["shops"], rows["shipments"]["erp"]) == (11, 13)
    assert Decimal(str(rows["EUR paid by buyers"]["pay"])) > 1000
    assert document["counts"]["oversold"] == 0
    assert {row["connection"] for row in document["platforms"]} >= {"tpl_a", "tpl_b", "pay"}


def paid_back_on_one_side(day: Day) -> None:
    """Someone gives money back in the processor's dashboard, and the shop does not know."""
    day.pay.admin.refund(day.orders["basket"].charge, 100)


def doubled_and_raised_by_hand(day: Day) -> None:
    """Someone keys in at a 3PL what was asked for already, and raises a figure in a shop; nobody syncs."""
    job = next(job for job in day.floors[1].jobs() if not job.canceled)
    day.story.world.others["tpl_b"].admin.order(job.reference, job.units)  # type: ignore[attr-defined]
    sku = day.goods.taken[-1]
    day.story.world.shop_web.admin.set_stock(sku, day.erp.free(sku) + 3)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("trouble", "before", "said"),
    [
        (paid_back_on_one_side, money.charged_back, {"it is told as what it is, and nothing else is"}),
        (
            doubled_and_raised_by_hand,
            proof.all_sides_agree,
            {
                "orders, parcels, money and stock are the same on every side",
                "not one unit was oversold",
                "nothing was done twice, though answers were lost and news doubled",
            },
        ),
    ],
)
def test_trouble_that_the_hub_did_not_prevent_breaks_a_promise_and_ends_with_an_error(
    trouble: Chapter,
    before: Chapter,
    said: set[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = chapters.DAY.index(before)
    monkeypatch.setattr(chapters, "DAY", (*chapters.DAY[:at], trouble, *chapters.DAY[at:]))
    document = tell(capsys, 1)
    assert said <= set(broken(document))
    assert document["counts"]["broken"] == len(broken(document))


@pytest.mark.usefixtures("short")
def test_a_hub_that_forgets_to_tell_the_shops_of_shipments_is_found_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "tell", lambda *_: None)
    document = tell(capsys, 1)
    assert "every shop shows every shipment of its orders, once" in broken(document)
    assert document["steps"][-1]["title"] == "The 3PLs ship"
    assert shipping.rest_leaves in chapters.DAY
