"""Shops, an ERP and a 3PL over real HTTP on this machine, with orders that flow: what the judge counts is theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from connectors.shipbob.simulator import ShipBobSimulator
from connectors.shipbob.simulator.loading import CENTERS
from connectors.shipbob.simulator.loading import load as load_shipbob
from connectors.shipbob.simulator.simulator import CHANNEL, TOKEN
from connectors.shipbob.simulator.switches import Switches as ShipBobSwitches
from connectors.simulation import Simulator, serve
from connectors.simulation.catalog import CatalogItem
from connectors.woocommerce.simulator import WooSimulator
from crossdock.clock import SystemClock

PLACES = ("WH1", "WH2")
SECRETS = {"ERP_SECRET": "", "WOO_KEY": "ck_market", "WOO_SECRET": "cs_market", "TPL_TOKEN": TOKEN}
_CONFIG = """\
database: "{database}"
connections:
  erp:
    {erp}
    currency: EUR
    write_settle_seconds: {settle}
  shop_web:
    connector: woocommerce
    allow_private_network: true
    settings: {{url: "{woo}", consumer_key: "${{env:WOO_KEY}}", consumer_secret: "${{env:WOO_SECRET}}"}}
    currency: EUR
    write_settle_seconds: {settle}
  tpl:
    connector: shipbob
    allow_private_network: true
    settings: {{api_base: "{tpl}", token: "${{env:TPL_TOKEN}}"}}
    currency: EUR
    write_settle_seconds: {settle}
locations:
  WH1: {{erp: "{erp_1}", tpl: "{tpl_1}"}}
  WH2: {{erp: "{erp_2}", tpl: "{tpl_2}"}}
ownership:
  variant.sku: erp
  inventory.stock[*]: erp
pools:
  main: {{locations: [WH1, WH2]}}
flows:
  inventory: {{kind: inventory, source: erp, targets: {{shop_web: {{pool: main}}}}}}
orders:
  shop_web: {{go_live: "{go_live}", books: [erp]}}
routing:
  - {{to: tpl, locations: [WH1, WH2]}}
"""


class LaterClock(SystemClock):
    """The time of day, so many seconds later."""

    def __init__(self, later: float = 0) -> None:
        self.later = later

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.later)


class Books(Protocol):
    """The ERP of a market, whichever server it is."""

    secret: str
    line: Simulator | None
    """What faults are given to, if anything: the simulator, or what stands before the real server."""

    def settings(self) -> str:
        """Its connector and settings, as the configuration has them."""
        ...

    def place_id(self, code: str) -> str:
        """Its own id of a warehouse."""
        ...

    def sales(self) -> dict[str, tuple[str, int]]:
        """Its sales by our reference: the state in its own words, and the units. Doubled references are an error."""
        ...

    def told(self) -> Counter[str]:
        """How often each shipment was told, by the reference it was told under."""
        ...

    def lying(self, code: str) -> dict[str, int]:
        """Units that lie in a warehouse, by SKU."""
        ...


@dataclass(frozen=True)
class Market:
    """The platforms, served, and the file that configures a hub for them."""

    woo: WooSimulator
    erp: Books
    tpl: ShipBobSimulator
    clock: LaterClock
    config: Path
    secrets: dict[str, str]

    def jobs(self) -> Counter[str]:
        """The 3PL's orders of ours by reference; a canceled one counts too."""
        orders = self.tpl.snapshot()["orders"].values()
        return Counter(str(one["reference"]) for one in orders if one["channel_id"] == CHANNEL)

    def ship_all(self) -> None:
        """Everything that the 3PL has in hand leaves."""
        self.tpl.run_due()
        for number, one in self.tpl.snapshot()["orders"].items():
            if one["channel_id"] == CHANNEL:
                self.tpl.admin.ship_all(int(number))

    def lying(self, code: str) -> dict[str, int]:
        """Units that lie at a place of the 3PL, by SKU."""
        snapshot = self.tpl.snapshot()
        levels = snapshot["levels"]
        found = {one.sku: f"{one.inventory_id}@{CENTERS[code]}" for one in self.tpl.account.variants.values()}
        return {sku: levels[key]["on_hand"] for sku, key in found.items() if key in levels}

    def notices(self, order: int) -> list[str]:
        """The references of the shipments that the shop was told of."""
        meta = self.woo.orders()[str(order)]["meta_data"]
        return [
            str(one["reference"]) for entry in meta if entry["key"] == "_crossdock_shipments" for one in entry["value"]
        ]


@contextmanager
def market(
    folder: Path, items: Sequence[CatalogItem], database: str, erp: Books, clock: LaterClock, *, settle: float
) -> Iterator[Market]:
    """Serve a shop and a 3PL with a catalog beside an ERP; orders are live since a minute ago."""
    woo = WooSimulator(clock=clock, consumer_key=SECRETS["WOO_KEY"], consumer_secret=SECRETS["WOO_SECRET"])
    woo.load(items)
    prompt = ShipBobSwitches(allocation_seconds=0, stock_lag_seconds=0, calls_per_minute=1_000_000)
    tpl = ShipBobSimulator(clock=clock, switches=prompt)
    load_shipbob(tpl, items)
    with ExitStack() as stack:
        text = _CONFIG.format(
            database=database,
            erp=erp.settings(),
            settle=settle,
            woo=stack.enter_context(serve(woo)).base_url,
            tpl=stack.enter_context(serve(tpl)).base_url,
            erp_1=erp.place_id("WH1"),
            erp_2=erp.place_id("WH2"),
            tpl_1=CENTERS["WH1"],
            tpl_2=CENTERS["WH2"],
            go_live=(datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="seconds"),
        )
        file = folder / "crossdock.yaml"
        file.write_text(text, encoding="utf-8")
        yield Market(woo, erp, tpl, clock, file, {**SECRETS, "ERP_SECRET": erp.secret})
