"""Two shops and a 3PL over real HTTP, and a hub of a process of its own that is told by one of the shops.

The 3PL owns the stock, the WooCommerce shop the prices and the Shopify shop nothing. An order in the first shop lowers
the stock of the second, a price of the first becomes one of the second.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.shipbob.simulator.loading import CENTERS, load
from connectors.shipbob.simulator.simulator import TOKEN, ShipBobSimulator
from connectors.shipbob.simulator.switches import Switches
from connectors.shopify.simulator import Bucket, ShopifySimulator
from connectors.simulation import CatalogItem, serve
from connectors.woocommerce.simulator import WooSimulator
from crossdock.clock import SystemClock

SECRET = "what the shop signs with"
_ROOT = Path(__file__).resolve().parents[1]
_ENV = {"BOB": TOKEN, "WOO_KEY": "ck_simulated", "WOO": "cs_simulated", "HOOK": SECRET, "EU": "shpat_bench"}
_ENDING_SECONDS = 30
_STARTING = 1_000
_CONFIG = """\
database: sqlite:///hub.sqlite
connections:
  bob:
    connector: shipbob
    allow_private_network: true
    settings: {{token: "${{env:BOB}}", api_base: "{bob}"}}
  shop:
    connector: woocommerce
    allow_private_network: true
    settings: {{url: "{shop}", consumer_key: "${{env:WOO_KEY}}", consumer_secret: "${{env:WOO}}"}}
    currency: EUR
    webhook_secrets: ["${{env:HOOK}}"]
  eu:
    connector: shopify
    allow_private_network: true
    settings: {{shop: bench.myshopify.com, url: "{eu}", access_token: "${{env:EU}}"}}
    currency: EUR
locations:
  WH1: {{bob: "{center}", eu: "{place}"}}
ownership: {{variant.sku: bob, "variant.price[EUR]": shop, "inventory.stock[*]": bob}}
pools:
  main: {{locations: [WH1]}}
flows:
  stock:
    kind: inventory
    source: bob
    targets: {{shop: {{pool: main}}, eu: {{pool: main, locations: [WH1]}}}}
  prices: {{kind: state, source: shop, entity: variant, fields: [price], targets: {{eu: {{}}}}}}
orders:
  shop: {{go_live: "{live}"}}
routing:
  - {{to: bob, locations: [WH1]}}
webhooks: {{port: 0, max_per_second: 100000}}
"""


@dataclass
class Daemon:
    """A hub that runs."""

    process: subprocess.Popen[str]
    port: int

    def rss(self) -> float:
        """Its memory now, in MiB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise LookupError("VmRSS")

    def end(self) -> None:
        """Ask it to stop, and see that it does so well."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=_ENDING_SECONDS)
        assert self.process.returncode == 0, self.process.returncode


@dataclass
class Shops:
    """The platforms, and the folder of the hub."""

    folder: Path
    skus: Sequence[str]
    woo: WooSimulator
    eu: ShopifySimulator
    bob: ShipBobSimulator
    daemons: list[Daemon] = field(default_factory=list)

    def run(self, *arguments: str) -> None:
        """Run a command of the hub to its end."""
        done = subprocess.run(
            self._command(*arguments), cwd=self.folder, env=_environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 2), done.stdout + done.stderr

    def serve(self, *options: str) -> Daemon:
        """Start the hub as a process of its own."""
        with (self.folder / "serve.log").open("a") as log:
            process = subprocess.Popen(
                self._command("serve", "--format", "json", *options),
                cwd=self.folder,
                env=_environment(),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert process.stdout is not None
        begun = process.stdout.readline()
        assert begun, (self.folder / "serve.log").read_text()
        self.daemons.append(Daemon(process, int(json.loads(begun)["listening"].rpartition(":")[2])))
        return self.daemons[-1]

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database says."""
        with closing(sqlite3.connect(self.folder / "hub.sqlite", timeout=60)) as raw:
            return raw.execute(query, values).fetchall()

    def change(self, *statements: str) -> None:
        """Change the database behind the back of the hub."""
        with closing(sqlite3.connect(self.folder / "hub.sqlite", timeout=60)) as raw, raw:
            for one in statements:
                raw.execute(one)

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.ask(f"select count(*) from {table}")[0][0])

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "crossdock", "--config", "crossdock.yaml", *arguments]


def _environment() -> dict[str, str]:
    return {**os.environ, **_ENV, "PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1"}


@contextmanager
def shops(folder: Path, items: int) -> Iterator[Shops]:
    """The platforms with a catalog of so many things, and a hub that has adopted them; its processes end with it."""
    clock = SystemClock()
    woo = WooSimulator(clock=clock)
    eu = ShopifySimulator(
        clock=clock, tokens=(_ENV["EU"],), locations={"WH1": "Main"}, bucket=Bucket(maximum=1e6, restore_rate=1e6)
    )
    bob = ShipBobSimulator(clock=clock, switches=Switches(stock_lag_seconds=0, allocation_seconds=0))
    catalog = [
        CatalogItem(f"SKU-{at:05}", f"Thing {at}", Decimal("9.90"), {"WH1": _STARTING}) for at in range(1, items + 1)
    ]
    woo.load(catalog)
    eu.load(catalog)
    load(bob, catalog)
    with ExitStack() as stack:
        urls = {one.name: stack.enter_context(serve(one)).base_url for one in (woo, eu, bob)}
        live = (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="seconds")
        text = _CONFIG.format(
            bob=urls[bob.name],
            shop=urls[woo.name],
            eu=urls[eu.name],
            center=CENTERS["WH1"],
            place=eu.location_id("WH1"),
            live=live,
        )
        (folder / "crossdock.yaml").write_text(text)
        found = Shops(folder, [one.sku for one in catalog], woo, eu, bob)
        try:
            found.run("adopt", "--yes")
            found.run("sync")
            yield found
        finally:
            for one in found.daemons:
                if one.process.poll() is None:
                    one.process.kill()
                one.process.communicate(timeout=_ENDING_SECONDS)
