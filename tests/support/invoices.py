"""Real invoices of a retailer as orders of shops: codes become products, credit notes orders that give back."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from canonical.clock import Clock
from connectors.shipbob.simulator import ShipBobSimulator
from connectors.shipbob.simulator.loading import CENTERS
from connectors.shipbob.simulator.loading import load as load_shipbob
from connectors.shipbob.simulator.simulator import CHANNEL, TOKEN
from connectors.shipbob.simulator.switches import Switches as ShipBobSwitches
from connectors.shiphero.simulator import ShipHeroSimulator
from connectors.shiphero.simulator.access import REFRESH_TOKEN
from connectors.shiphero.simulator.loading import load as load_shiphero
from connectors.shopify.simulator import Bucket, ShopifySimulator
from connectors.shopify.simulator import cart as shopify_cart
from connectors.simulation import Simulator, serve
from connectors.simulation.catalog import CatalogItem
from connectors.tryton.simulator import TrytonSimulator
from connectors.woocommerce.simulator import WooSimulator
from connectors.woocommerce.simulator import checkout as woo_checkout
from tests.servers.tryton.catalog import WAREHOUSES
from tests.servers.tryton.server import PASSWORD, USER

CODES = {
    "United Kingdom": "GB",
    "France": "FR",
    "Germany": "DE",
    "Norway": "NO",
    "EIRE": "IE",
    "Australia": "AU",
    "Netherlands": "NL",
}
SECRETS = {
    "ERP_SECRET": PASSWORD,
    "EU_TOKEN": "shpat_invoices",
    "WOO_KEY": "ck_invoices",
    "WOO_SECRET": "cs_invoices",
    "TPL_A": TOKEN,
    "TPL_B": REFRESH_TOKEN,
}


@dataclass
class Invoice:
    """One invoice with its positions, in the order of the file: code, units, price of one."""

    number: str
    country: str
    customer: str
    lines: list[tuple[str, int, Decimal]] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        """What it comes to."""
        return sum((units * price for _, units, price in self.lines), Decimal(0))

    @property
    def units(self) -> Counter[str]:
        """Units by code."""
        found: Counter[str] = Counter()
        for code, units, _ in self.lines:
            found[code] += units
        return found

    @property
    def gives_back(self) -> bool:
        """Whether it is a credit note."""
        return self.number.startswith("C")


def read_invoices(folder: Path) -> list[Invoice]:
    """The invoices of the sample, in the order of the file."""
    found: dict[str, Invoice] = {}
    with (folder / "online-retail-orders.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            fresh = Invoice(row["InvoiceNo"], CODES[row["Country"]], row["CustomerID"])
            invoice = found.setdefault(fresh.number, fresh)
            invoice.lines.append((row["StockCode"], int(row["Quantity"]), Decimal(row["UnitPrice"])))
    return list(found.values())


def products(invoices: Iterable[Invoice]) -> list[CatalogItem]:
    """Every code as a product, postage and the like included, with more on the shelf than all of them take."""
    sold: Counter[str] = Counter()
    prices: dict[str, Decimal] = {}
    for invoice in invoices:
        for code, units, price in invoice.lines:
            sold[code] += max(0, units)
            prices.setdefault(code, price)
    return [
        CatalogItem(code, f"Product {code}", prices[code], {"WH1": units + 5, "WH2": units + 5})
        for code, units in sold.items()
    ]


_CONFIG = """\
database: "{database}"
connections:
  erp:
    connector: tryton
    allow_private_network: true
    settings: {{url: "{erp}", database: tryton, username: admin, password: "${{env:ERP_SECRET}}", web_shop: {shop},
      warehouse: {erp_1}}}
    currency: EUR
  shop_eu:
    connector: shopify
    allow_private_network: true
    settings: {{shop: demo.myshopify.com, url: "{shop_eu}", access_token: "${{env:EU_TOKEN}}"}}
    currency: EUR
  shop_web:
    connector: woocommerce
    allow_private_network: true
    settings: {{url: "{shop_web}", consumer_key: "${{env:WOO_KEY}}", consumer_secret: "${{env:WOO_SECRET}}"}}
    currency: EUR
  tpl_a:
    connector: shipbob
    allow_private_network: true
    settings: {{api_base: "{tpl_a}", token: "${{env:TPL_A}}"}}
    currency: EUR
  tpl_b:
    connector: shiphero
    allow_private_network: true
    settings: {{url: "{tpl_b}", refresh_token: "${{env:TPL_B}}"}}
    currency: EUR
locations:
  WH1: {{erp: "{erp_1}", shop_eu: "{eu_1}", tpl_a: "{tpl_a_1}"}}
  WH2: {{erp: "{erp_2}", shop_eu: "{eu_2}", tpl_b: "{tpl_b_2}"}}
ownership:
  variant.sku: erp
  inventory.stock[*]: erp
pools:
  main: {{locations: [WH1, WH2]}}
flows:
  inventory:
    kind: inventory
    source: erp
    targets: {{shop_eu: {{pool: main, locations: [WH1, WH2]}}, shop_web: {{pool: main}}}}
orders:
  shop_eu: {{go_live: "{go_live}", books: [erp]}}
  shop_web: {{go_live: "{go_live}", books: [erp]}}
routing:
  - {{name: domestic, to: tpl_a, locations: [WH1], countries: [GB]}}
  - {{name: abroad, to: tpl_b, locations: [WH2]}}
"""


@dataclass(frozen=True)
class Retailer:
    """The retailer's platforms, served, and the file that configures a hub for them."""

    erp: TrytonSimulator
    shop_eu: ShopifySimulator
    shop_web: WooSimulator
    tpl_a: ShipBobSimulator
    tpl_b: ShipHeroSimulator
    config: Path

    def take(self, invoice: Invoice, *, web: bool) -> str:
        """A shop gets an invoice as an order, at the prices of the invoice; tells how its requests are called.

        Only WooCommerce takes an order that gives back without naming another, as tills behind it make them.
        """
        named = {"first_name": "Customer", "last_name": invoice.customer or "of the counter"}
        mail = f"{invoice.customer}@customers.example" if invoice.customer else ""
        if web or invoice.gives_back:
            place = {"address_1": "Road 1", "city": "Town", "postcode": "AB1 2CD", "country": invoice.country}
            lines = [woo_checkout.Goods(*one) for one in invoice.lines]
            return f"shop_web-{self.shop_web.checkout.place(lines, buyer={**named, **place, 'email': mail})}"
        place = {"address1": "Road 1", "city": "Town", "zip": "AB1 2CD", "countryCodeV2": invoice.country}
        goods = [shopify_cart.Goods(*one) for one in invoice.lines]
        buyer = {**shopify_cart.BUYER, **named, **place, "email": mail or None, "provinceCode": None, "phone": None}
        gid = self.shop_eu.checkout.place(goods, buyer=buyer, account=bool(invoice.customer))
        return f"shop_eu-{gid.rpartition('/')[2]}"

    def booked(self) -> dict[str, tuple[Decimal, Counter[str]]]:
        """The ERP's sales by order: what each comes to, and its units by code; two of one order are an error."""
        state = self.erp.snapshot()
        codes = {int(number): one["code"] for number, one in state["products"].items()}
        found: dict[str, tuple[Decimal, Counter[str]]] = {}
        for web_id, sale in state["sales"].items():
            name = web_id.rpartition("-")[0]
            assert name not in found, f"two sales of {name}"
            units: Counter[str] = Counter()
            for product, count, _ in sale["lines"]:
                if product:
                    units[codes[product]] += int(count)
            found[name] = (self.erp.clerk.total(web_id), units)
        return found

    def asked(self) -> dict[str, Counter[str]]:
        """What the 3PLs were asked for by order, units by code; two requests of one order are an error."""
        found: dict[str, Counter[str]] = {}
        for reference, units in [*self._of_a(), *self._of_b()]:
            name = reference.rpartition("-")[0]
            assert name not in found, f"two requests of {name}"
            found[name] = units
        return found

    def offered(self, code: str) -> tuple[int, int | None]:
        """What each shop has for sale of a code."""
        return sum(self.shop_eu.quantity(code, place) for place in WAREHOUSES), self.shop_web.quantity(code)

    def _of_a(self) -> Iterator[tuple[str, Counter[str]]]:
        state = self.tpl_a.snapshot()
        skus = {number: one["sku"] for number, one in state["variants"].items()}
        for order in state["orders"].values():
            units: Counter[str] = Counter()
            for variant, line in order["lines"]:
                units[skus[str(variant)]] += line["quantity"]
            if order["channel_id"] == CHANNEL:
                yield str(order["reference"]), units

    def _of_b(self) -> Iterator[tuple[str, Counter[str]]]:
        for order in self.tpl_b.snapshot()["Order"].values():
            units: Counter[str] = Counter()
            for line in order["line_items"]:
                units[line["sku"]] += line["quantity"]
            yield str(order["partner_order_id"]), units


@contextmanager
def retailer(folder: Path, items: Sequence[CatalogItem], clock: Clock) -> Iterator[Retailer]:
    """Serve the retailer's platforms with its products; orders are live since a minute ago."""
    erp = TrytonSimulator(clock=clock, username=USER, password=PASSWORD, warehouses=WAREHOUSES)
    erp.load(items)
    shop = erp.clerk.open_shop(countries={code: name for name, code in CODES.items()})
    bucket = Bucket(maximum=1_000_000, restore_rate=1_000_000)
    shop_eu = ShopifySimulator(clock=clock, tokens=(SECRETS["EU_TOKEN"],), locations=WAREHOUSES, bucket=bucket)
    shop_eu.load(items)
    shop_web = WooSimulator(clock=clock, consumer_key=SECRETS["WOO_KEY"], consumer_secret=SECRETS["WOO_SECRET"])
    shop_web.load(items)
    tpl_a = ShipBobSimulator(clock=clock, switches=ShipBobSwitches(calls_per_minute=1_000_000))
    load_shipbob(tpl_a, items)
    tpl_b = ShipHeroSimulator(clock=clock)
    load_shiphero(tpl_b, items)
    served: dict[str, Simulator] = {
        "erp": erp,
        "shop_eu": shop_eu,
        "shop_web": shop_web,
        "tpl_a": tpl_a,
        "tpl_b": tpl_b,
    }
    with ExitStack() as stack:
        urls = {name: stack.enter_context(serve(one)).base_url for name, one in served.items()}
        text = _CONFIG.format(
            **urls,
            database=f"sqlite:///{folder / 'hub.sqlite'}",
            shop=shop,
            erp_1=erp.location_id("WH1"),
            erp_2=erp.location_id("WH2"),
            eu_1=shop_eu.location_id("WH1"),
            eu_2=shop_eu.location_id("WH2"),
            tpl_a_1=CENTERS["WH1"],
            tpl_b_2=tpl_b.admin.warehouse_id("WH2"),
            go_live=(clock.now() - timedelta(minutes=1)).isoformat(timespec="seconds"),
        )
        file = folder / "crossdock.yaml"
        file.write_text(text, encoding="utf-8")
        yield Retailer(erp, shop_eu, shop_web, tpl_a, tpl_b, file)
