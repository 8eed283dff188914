"""Real invoices, mess included: each ends in the ERP and in a 3PL, or waits with a reason; none is missing."""

from __future__ import annotations

import io
import json
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from connectors.simulation import Ticker
from crossdock.clock import SystemClock
from crossdock.cli.app import App
from crossdock.cli.main import run
from tests.support.invoices import SECRETS, products, read_invoices, retailer


def call(config: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run a command; its exit code and its JSON."""
    out = io.StringIO()
    with redirect_stdout(out):
        code = run([*arguments, "--format", "json"], App(config=config))
    found: dict[str, Any] = json.loads(out.getvalue())
    return code, found


@pytest.mark.timeout(900)
def test_every_invoice_ends_in_erp_and_3pl_or_waits_with_its_reason(
    tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    invoices = read_invoices(samples)
    assert (len(invoices), sum(one.gives_back for one in invoices)) == (107, 6)
    with retailer(tmp_path, products(invoices), SystemClock()) as shop:
        code, adopted = call(shop.config, "adopt", "--yes")
        assert code == 0, adopted
        orders = {shop.take(one, web=number % 2 == 0): one for number, one in enumerate(invoices)}
        assert len(orders) == len(invoices)
        code, synced = call(shop.config, "sync")
        code, again = call(shop.config, "sync")
        code, listed = call(shop.config, "orders", "list", "--limit", "1000")
        print(code, listed["counts"], Counter((o["state"], o["reason"]) for o in listed["orders"]))
        for o in listed["orders"]:
            if o["state"] not in ("asked",): print(o)
        booked, asked = shop.booked(), shop.asked()
        print(len(booked), len(asked))
