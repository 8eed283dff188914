"""The three platforms over real HTTP on this machine, and a configuration file that leads to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from connectors.shopify.simulator import ShopifySimulator
from connectors.shopify.simulator.cost import Bucket
from connectors.simulation import serve
from connectors.simulation.catalog import CatalogItem
from connectors.tryton.simulator import TrytonSimulator
from connectors.woocommerce.simulator import WooSimulator
from crossdock.clock import SystemClock
from crossdock.settings.hub import hub_config
from crossdock.settings.lint import checked
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.secrets import Resolver
from sync import adopt
from sync.config import Baseline, HubConfig
from sync.hub import Hub
from sync.observe import ReadMode
from sync.run import end_run, lease, look, run_sync
from sync.store.database import Database, open_database
from tests.support.trade import PLACES, SECRETS, config_text, open_shops

WAREHOUSES = ("WH1", "WH2")


@dataclass(frozen=True)
class Platforms:
    """The simulators, served, and the file that configures a hub for them."""

    erp: TrytonSimulator
    shopify: ShopifySimulator
    woo: WooSimulator
    config: Path

    def listed(self, sku: str) -> tuple[int, int | None]:
        """What both shops list of a SKU in total."""
        return sum(self.shopify.quantity(sku, code) for code in WAREHOUSES), self.woo.quantity(sku)

    def prices(self, sku: str) -> tuple[Decimal, Decimal | None]:
        """What both shops ask for a SKU."""
        return self.shopify.price(sku), self.woo.price(sku)

    def clear_logs(self) -> None:
        """Forget the calls so far."""
        for simulator in (self.erp, self.shopify, self.woo):
            with simulator.turn():
                simulator.log.clear()


@contextmanager
def served(folder: Path, items: Sequence[CatalogItem], database: str, *, settle: float) -> Iterator[Platforms]:
    """Serve the three platforms with a catalog; ``settle`` is how late, in seconds, a lost write may take effect."""
    clock = SystemClock()
    erp = TrytonSimulator(clock=clock, warehouses=PLACES)
    erp.load(items)
    shops = open_shops(clock, items, bucket=Bucket(maximum=1_000_000, restore_rate=1_000_000))
    with ExitStack() as stack:
        urls = {one.name: stack.enter_context(serve(one)).base_url for one in (erp, shops.shopify, shops.woo)}
        places = {code: erp.location_id(code) for code in PLACES}
        text = config_text(urls[erp.name], places, shops, database, (urls[shops.shopify.name], urls[shops.woo.name]))
        file = folder / "crossdock.yaml"
        file.write_text(text.replace("currency: EUR", f"currency: EUR\n    write_settle_seconds: {settle}"))
        yield Platforms(erp, shops.shopify, shops.woo, file)


_known: dict[Path, tuple[HubConfig, Database]] = {}


def open_served(file: Path, database: str) -> Hub:
    """A hub of one's own on a configuration file, in real time.

    The file is read and the database set up once a process; a forked child inherits both, without open connections.
    """
    if file not in _known:
        settings = checked(file, InstalledPlatforms())
        config = hub_config(settings, Resolver(SECRETS, file.parent, set()))
        _known[file] = (config, open_database(database))
    return Hub(*_known[file], SystemClock())


def adopt_all(file: Path, database: str) -> None:
    """Read, link, approve every flow, bring the shops to the owner's values, and leave nothing open."""
    hub = open_served(file, database)
    with lease(hub, "adopt") as run_id:
        look(hub, ReadMode.FULL)
        for flow in hub.config.flows.values():
            for target in flow.targets:
                adopt.approve(hub, flow, target, Baseline.OWNER)
        run_sync(hub, ReadMode.FULL)
        end_run(hub, run_id, "in_sync", {})
    hub.close()
    hub.database.close()
