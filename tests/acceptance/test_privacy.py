"""A customer is forgotten: a signed demand takes the person out of every file, and nothing brings them back."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import select

from connectors.shipbob.simulator.loading import CENTERS, load
from connectors.shipbob.simulator.simulator import TOKEN, ShipBobSimulator
from connectors.shipbob.simulator.switches import Switches
from connectors.shopify.simulator import ShopifySimulator
from connectors.shopify.simulator.messages import headers_of
from connectors.simulation import CatalogItem, serve
from crossdock.clock import SystemClock
from sync.orders.store import ORDER
from sync.store.database import open_database
from sync.store.inbox import Inbox
from sync.store.tables import table
from tests.support.commands import crossdock
from tests.support.hearing import Hearing, Serving
from tests.support.receiving import SECRET

pytestmark = pytest.mark.timeout(600)
PATIENCE = 60.0
CONFIG = """\
database: sqlite:///hub.sqlite
connections:
  bob:
    connector: shipbob
    allow_private_network: true
    settings: {{token: "${{env:BOB}}", api_base: "{bob}"}}
  shop:
    connector: shopify
    allow_private_network: true
    settings: {{shop: demo.myshopify.com, url: "{shop}", access_token: "${{env:SHOPIFY}}"}}
    currency: EUR
    webhook_secrets: ["${{env:HOOK}}"]
locations:
  WH1: {{bob: "{center}", shop: "{place}"}}
ownership: {{variant.sku: bob, "inventory.stock[*]": bob}}
pools:
  main: {{locations: [WH1]}}
flows:
  stock: {{kind: inventory, source: bob, targets: {{shop: {{pool: main, locations: [WH1]}}}}}}
orders:
  shop: {{go_live: "{live}"}}
routing:
  - {{to: bob, locations: [WH1]}}
webhooks: {{port: 0}}
"""
SECRETS = {"BOB": TOKEN, "SHOPIFY": "shpat_1", "HOOK": SECRET}
GRACE = {
    "first_name": "Gracia",
    "last_name": "Hoppenstedt",
    "email": "gracia@hoppenstedt.example",
    "phone": "+4915112345678",
    "address1": "Kirschgartenweg 77",
    "address2": None,
    "city": "Wermelskirchen",
    "zip": "42929",
    "provinceCode": None,
    "countryCodeV2": "DE",
}
HERS = ("Gracia", "Hoppenstedt", "hoppenstedt.example", "15112345678", "Kirschgartenweg", "Wermelskirchen")
INBOX = table(Inbox)


@dataclass
class World:
    """The shop, who ships for it, and the hub's folder."""

    folder: Path
    shop: ShopifySimulator
    bob: ShipBobSimulator
    hearing: Hearing

    def post(self, serving: Serving, topic: str, payload: object, number: int) -> int:
        """The shop tells something, signed with the app's secret."""
        body = msgspec.json.encode(payload)
        headers = headers_of(
            topic, body, SECRETS["HOOK"], shop="demo.myshopify.com", at=datetime.now(UTC), number=number
        )
        with httpx.Client(trust_env=False, timeout=30) as client:
            return serving.post(client, body, headers)

    def left(self) -> set[str]:
        """Which of her texts stand in any file of the folder."""
        files = [one.read_bytes() for one in self.folder.rglob("hub.sqlite*") if one.is_file()]
        return {text for text in HERS for held in files if text.encode() in held}

    def open_demands(self) -> int:
        database = open_database(f"sqlite:///{self.folder / 'hub.sqlite'}")
        with database.begin() as connection:
            rows = connection.execute(select(INBOX.c.id).where(INBOX.c.demand != "", INBOX.c.handled_at == "")).all()
        database.close()
        return len(rows)

    def numbers(self) -> list[str]:
        database = open_database(f"sqlite:///{self.folder / 'hub.sqlite'}")
        with database.begin() as connection:
            found = list(connection.execute(select(ORDER.c.number).order_by(ORDER.c.id)).scalars())
        database.close()
        return found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = SystemClock()
    shop = ShopifySimulator(clock=clock, tokens=(SECRETS["SHOPIFY"],), locations={"WH1": "First"})
    bob = ShipBobSimulator(clock=clock, switches=Switches(stock_lag_seconds=0, allocation_seconds=0))
    catalog = [CatalogItem(f"SKU-{at}", f"Thing {at}", Decimal("9.90"), {"WH1": 50}) for at in range(3)]
    shop.load(catalog)
    load(bob, catalog)
    with ExitStack() as stack:
        urls = {"shop": stack.enter_context(serve(shop)).base_url, "bob": stack.enter_context(serve(bob)).base_url}
        live = (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="seconds")
        text = CONFIG.format(**urls, center=CENTERS["WH1"], place=shop.location_id("WH1"), live=live)
        (tmp_path / "crossdock.yaml").write_text(text)
        hearing = Hearing(tmp_path, None, bob)  # type: ignore[arg-type]
        try:
            yield World(tmp_path, shop, bob, hearing)
        finally:
            for one in hearing.processes:
                one.process.kill()
                one.process.communicate(timeout=30)


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.2)


def _run(world: World, *arguments: str) -> int:
    done = crossdock("--config", "crossdock.yaml", *arguments, cwd=world.folder, env=SECRETS)
    assert done.returncode in (0, 2, 5), done.stdout + done.stderr
    return done.returncode


def test_a_signed_demand_takes_a_customer_out_of_every_file_for_good(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    _run(world, "adopt", "--yes")
    gid = world.shop.checkout.place({"SKU-1": 2}, buyer=GRACE)
    world.shop.checkout.place({"SKU-2": 1})
    number = int(gid.rsplit("/", 1)[1])
    customer = world.shop.checkout.get(gid).customer
    assert customer is not None
    serving = world.hearing.serve("--every", "3600")
    told = {
        "id": number,
        "admin_graphql_api_id": gid,
        "email": GRACE["email"],
        "customer": {"id": customer.number, **GRACE},
    }
    assert world.post(serving, "orders/create", told, 1) == 200
    _until(lambda: len(world.hearing.asked()) == 2 and not world.hearing.marked())
    assert serving.end(signal.SIGTERM) == 0
    assert world.left() == set(HERS)
    _run(world, "backup", "copy")
    before = world.hearing.asked()

    serving = world.hearing.serve("--every", "3600")
    demand = {
        "shop_domain": "demo.myshopify.com",
        "customer": {"id": customer.number, "email": GRACE["email"], "phone": GRACE["phone"]},
        "orders_to_redact": [number],
    }
    assert world.post(serving, "customers/redact", demand, 2) == 200
    _until(lambda: not world.open_demands())
    # A message that was delivered late brings her name once more.
    assert world.post(serving, "orders/create", {**told, "note": "late"}, 3) == 200
    _until(lambda: not world.hearing.marked())
    assert serving.end(signal.SIGTERM) == 0

    _run(world, "privacy", "erase", str(customer.number), "--connection", "shop", "--yes")
    assert world.left() == set()
    # Nothing follows from it: neither the books nor whoever ships hear of a change.
    _run(world, "replay")
    _run(world, "sync", "--read", "full")
    assert world.left() == set()
    assert (world.hearing.asked(), len(world.numbers())) == (before, 2)
    assert b"Parkweg 1" in (world.folder / "hub.sqlite").read_bytes()

    for _ in range(2):
        _run(world, "restore", "copy", "--yes")
        assert world.left() == set(HERS)
        _run(world, "sync")
        assert world.left() == set()
        assert world.hearing.asked() == before
