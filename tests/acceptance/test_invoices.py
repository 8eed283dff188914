"""Real invoices, mess included: each ends in the ERP and in a 3PL, or waits with a reason; none is missing."""

from __future__ import annotations

import io
import json
from collections import Counter
from contextlib import redirect_stdout
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crossdock.cli.app import App
from crossdock.cli.main import run
from crossdock.cli.output import SilentProgress
from crossdock.cli.workspace import open_hub
from crossdock.demo.fastclock import FastClock
from sync import adopt
from sync.config import Baseline
from sync.hub import Hub
from sync.observe import ReadMode
from sync.run import end_run, lease, look, run_sync
from tests.support.invoices import SECRETS, Invoice, products, read_invoices, retailer


def call(config: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run a command; its exit code and its JSON."""
    out = io.StringIO()
    with redirect_stdout(out):
        code = run([*arguments, "--format", "json"], App(config=config))
    found: dict[str, Any] = json.loads(out.getvalue())
    return code, found


def sync(hub: Hub, mode: ReadMode = ReadMode.AUTO) -> Counter[str]:
    """What ``crossdock sync`` does; outcomes of all lines that were written."""
    with lease(hub, "sync") as run_id:
        report = run_sync(hub, mode, force=True)
        end_run(hub, run_id, "done", {})
    assert not report.look.incomplete, report.look
    assert not report.effects.failed, report.effects.failed
    return sum((one.outcomes for one in report.applied), Counter())


def adopt_all(hub: Hub) -> None:
    """First contact: everything is linked and approved."""
    with lease(hub, "adopt") as run_id:
        look(hub, ReadMode.FULL)
        for flow in hub.config.flows.values():
            for target in flow.targets:
                adopt.approve(hub, flow, target, Baseline.OWNER)
        end_run(hub, run_id, "done", {})


@pytest.mark.timeout(900)
def test_every_invoice_ends_in_erp_and_3pl_or_waits_with_its_reason(
    tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    invoices, clock = read_invoices(samples), FastClock()
    assert (len(invoices), sum(one.gives_back for one in invoices)) == (107, 6)
    assert max(len(one.lines) for one in invoices) == 527
    items = products(invoices)
    with retailer(tmp_path, items, clock) as shop:
        with open_hub(App(config=shop.config), SilentProgress(), clock=clock) as hub:
            adopt_all(hub)
            orders = {shop.take(one, web=number % 2 == 0): one for number, one in enumerate(invoices)}
            assert len(orders) == len(invoices)
            for _ in range(3):
                sync(hub)
                clock.sleep(120)
            before = (shop.booked(), shop.asked())
            assert sync(hub, ReadMode.FULL) == Counter()
            assert (shop.booked(), shop.asked()) == before
        code, listed = call(shop.config, "orders", "list", "--limit", "1000")
        assert (code, listed["counts"]) == (5, {"asked": 101, "blocked": 6})
        found = {f"{one['channel']}-{one['external_id'].rpartition('/')[2]}": one for one in listed["orders"]}
        judge(orders, found, *before)
        assert all(one["advice"] for one in found.values() if one["state"] == "blocked")
        for item in items:
            left = sum(item.stock.values()) - sum(one.units[item.sku] for one in invoices if not one.gives_back)
            assert shop.offered(item.sku) == (left, left), item.sku


def judge(
    orders: dict[str, Invoice],
    found: dict[str, dict[str, Any]],
    booked: dict[str, tuple[Decimal, Counter[str]]],
    asked: dict[str, Counter[str]],
) -> None:
    """Each invoice is where it belongs, with its units and to the cent, or it waits and says why."""
    assert found.keys() == orders.keys()
    for name, invoice in orders.items():
        state = (found[name]["state"], found[name]["reason"])
        if invoice.gives_back:
            assert state == ("blocked", "refund_without_order"), name
            assert name not in booked | asked
        else:
            assert state == ("asked", ""), (name, found[name])
            assert booked[name] == (invoice.total, invoice.units), name
            assert asked[name] == invoice.units, name
