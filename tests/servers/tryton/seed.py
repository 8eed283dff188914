"""Fill a fresh Tryton database from a JSON catalog; runs inside the server's own environment, never in ours.

Usage: ``python seed.py CONFIG DATABASE CATALOG.json``. The catalog holds ``company``, ``currency``, ``customer``,
``warehouses`` (code to name), ``templates``, each with its variants and their stock by warehouse code, and for sales
``shop``, ``currencies``, ``countries`` and ``taxes``.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from proteus import Model
from proteus import config as proteus_config
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, create_tax, get_accounts
from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences
from trytond.modules.company.tests.tools import create_company
from trytond.modules.currency.tests.tools import get_currency

GOODS = "Goods"
"""Category of everything that is sold, for its accounts."""


def main(config_file: str, database: str, catalog_file: str) -> None:
    """Seed one database."""
    catalog = json.loads(Path(catalog_file).read_text(encoding="utf-8"))
    config = proteus_config.set_trytond(f"sqlite:///{database}", user="admin", config_file=config_file)
    company = make_company(config, catalog)
    make_books(company, config, catalog)
    storages = make_warehouses(catalog["warehouses"])
    customer = Model.get("party.party")(name=catalog["customer"])
    customer.save()
    for code, lines in make_products(catalog["templates"]).items():
        take_stock(company, storages[code], lines)
    make_shop(company, catalog)


def make_company(config: Any, catalog: dict[str, Any]) -> Any:
    """The one company, with the administrator working in it."""
    party = Model.get("party.party")(name=catalog["company"])
    party.save()
    create_company(party=party, currency=get_currency(catalog["currency"], config=config), config=config)
    company = Model.get("company.company").find([])[0]
    user = Model.get("res.user").find([("login", "=", "admin")])[0]
    user.companies.append(Model.get("company.company")(company.id))
    user.company = company
    user.save()
    config._context = Model.get("res.user").get_preferences(True, {})
    return company


def make_books(company: Any, config: Any, catalog: dict[str, Any]) -> None:
    """A chart of accounts, an open year, taxes on sales, currencies, countries, and accounts for what is sold."""
    fiscal_year = set_fiscalyear_invoice_sequences(create_fiscalyear(company, config=config), config=config)
    fiscal_year.click("create_period")
    create_chart(company, config=config)
    configuration = Model.get("account.configuration")(1)
    accounts = get_accounts(company, config=config)
    configuration.default_category_account_revenue = accounts["revenue"]
    configuration.save()
    category = Model.get("product.category")(name=GOODS, accounting=True)
    category.account_revenue, category.account_expense = accounts["revenue"], accounts["expense"]
    category.save()
    for name, rate in catalog["taxes"].items():
        tax = create_tax(Decimal(rate), company=company, config=config)
        tax.name = tax.description = name
        tax.save()
    for code, name in catalog["countries"].items():
        Model.get("country.country")(code=code, name=name).save()
    for code, digits in catalog["currencies"].items():
        currency = get_currency(code, config=config)
        currency.digits, currency.rounding = digits, Decimal(1).scaleb(-digits)
        if not currency.rates:
            currency.rates.new(date=date.min, rate=Decimal(1))
        currency.save()


def make_shop(company: Any, catalog: dict[str, Any]) -> None:
    """The web shop that orders come from; its own guest may stand on drafts only."""
    guest = Model.get("party.party")(name="Guest of the shop")
    guest.save()
    shop = Model.get("web.shop")(name=catalog["shop"], company=company, guest_party=guest)
    shop.save()


def make_warehouses(warehouses: dict[str, str]) -> dict[str, Any]:
    """Storage zones by warehouse code; the warehouse that comes with the module becomes the first."""
    location = Model.get("stock.location")
    shipped = location.find([("type", "=", "warehouse")])
    lost_and_found = location.find([("type", "=", "lost_found")])[0]
    storages: dict[str, Any] = {}
    for code, name in warehouses.items():
        warehouse = shipped.pop() if shipped else new_warehouse(code, lost_and_found)
        warehouse.name, warehouse.code = name, code
        warehouse.save()
        storages[code] = warehouse.storage_location
    return storages


def new_warehouse(code: str, lost_and_found: Any) -> Any:
    """A warehouse with zones of its own; without a lost and found no count of it can be confirmed."""
    location = Model.get("stock.location")
    zones = {}
    for zone in ("input", "output", "storage"):
        zones[f"{zone}_location"] = location(name=f"{code} {zone}", code=f"{code}-{zone[:3].upper()}", type="storage")
        zones[f"{zone}_location"].save()
    return location(type="warehouse", lost_found_location=lost_and_found, **zones)


def make_products(templates: list[dict[str, Any]]) -> dict[str, list[tuple[Any, float]]]:
    """All templates with their variants; gives the stock to count, by warehouse code."""
    unit = Model.get("product.uom")
    units = {symbol: unit.find([("symbol", "=", symbol)])[0] for symbol in {item["unit"] for item in templates}}
    stock: dict[str, list[tuple[Any, float]]] = defaultdict(list)
    for item in templates:
        products = make_template(item, units[item["unit"]])
        for product, variant in zip(products, item["variants"], strict=True):
            for code, quantity in variant["stock"].items():
                stock[code].append((product, float(quantity)))
    return stock


def make_template(item: dict[str, Any], unit: Any) -> list[Any]:
    """One template; gives its variants."""
    template = Model.get("product.template")(
        name=item["name"],
        type=item["type"],
        default_uom=unit,
        list_price=Decimal(item["price"]),
        account_category=Model.get("product.category").find([("name", "=", GOODS)])[0],
        salable=True,
    )
    while len(template.products) < len(item["variants"]):
        template.products.new()
    for product, variant in zip(template.products, item["variants"], strict=True):
        product.suffix_code = variant["code"]
        product.description = variant["description"] or None
        if variant["ean"]:
            product.identifiers.new(type="ean", code=variant["ean"])
    template.save()
    products = list(template.products)
    if not item["active"]:
        template.active = False
        template.save()
    return products


def take_stock(company: Any, location: Any, lines: list[tuple[Any, float]]) -> None:
    """Bring a storage zone to these quantities by one confirmed inventory."""
    inventory = Model.get("stock.inventory")(company=company, location=location, empty_quantity="keep")
    for product, quantity in lines:
        inventory.lines.new(product=product).quantity = quantity
    inventory.save()
    inventory.click("confirm")


if __name__ == "__main__":
    main(*sys.argv[1:4])
