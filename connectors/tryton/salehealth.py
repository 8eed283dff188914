"""Looking at what orders need of a server: its modules, the web shop, and every record that the settings name."""

from __future__ import annotations

from collections.abc import Iterator

from canonical.errors import AuthenticationError, FatalError
from connectors.base import Finding
from connectors.tryton.client import TrytonClient
from connectors.tryton.options import STATES, SaleOptions
from connectors.tryton.reads import ARCHIVED_TOO
from connectors.tryton.wire import Row

_READ = ("sale.sale", "stock.shipment.out", "account.invoice", "party.party", "party.contact_mechanism")


def check_sales(client: TrytonClient, options: SaleOptions) -> Iterator[Finding]:
    """Whether orders can become sales; nothing is asked of a connection that takes none and has no web shops."""
    try:
        shops = _rows(client, "web.shop", [], ["name", "guest_party", "company"])
    except AuthenticationError:
        raise
    except FatalError:
        if options.web_shop:
            advice = "activate the modules web_shop and sale in Tryton"
            yield Finding("sales", ok=False, message="the server has no web shops", advice=advice)
        return
    named = ", ".join(f"{row['id']} {row['name']}" for row in shops)
    if not options.web_shop:
        if shops:
            advice = f"to take orders, set web_shop to one of: {named}"
            yield Finding("sales", ok=True, message="orders are not taken", advice=advice)
        return
    shop = next((row for row in shops if row["id"] == options.web_shop), None)
    if shop is None:
        advice = f"set web_shop to one of: {named}" if named else "create a web shop in Tryton"
        yield Finding("sales", ok=False, message=f"there is no web shop {options.web_shop}", advice=advice)
        return
    for model in _READ:
        client.read(f"model.{model}.search", [], 0, 1, None)
    yield Finding("sales", ok=True, message=f"orders become sales of {shop['name']}")
    yield from _shop(client, shop, options)
    yield from _warehouse(client, options)
    yield from _products(client, options)
    yield from _taxes(client, options)


def _shop(client: TrytonClient, shop: Row, options: SaleOptions) -> Iterator[Finding]:
    if options.guest_party and options.guest_party == shop["guest_party"]:
        advice = "create another party for guests, and name that one"
        text = "guest_party is the guest of the web shop, which Tryton refuses on anything but drafts"
        yield Finding("guests", ok=False, message=text, advice=advice)
    elif options.guest_party and not _rows(client, "party.party", [["id", "=", options.guest_party]], []):
        yield Finding(
            "guests", ok=False, message=f"there is no party {options.guest_party}", advice="correct guest_party"
        )
    if shop["company"] != client.session().context["company"]:
        text = f"the web shop is one of company {shop['company']}"
        yield Finding("web shop", ok=False, message=text, advice="set company, or take another web shop")
    if options.reach != STATES[-1]:
        text = f"sales are left as {options.reach}: their goods are not promised in the stock figures"
        advice = "let people process them soon, or set sale_state to processing"
        yield Finding("sale state", ok=True, message=text, advice=advice, warning=True)


def _warehouse(client: TrytonClient, options: SaleOptions) -> Iterator[Finding]:
    """Tryton chooses the warehouse of a sale itself only where there is but one."""
    rows = _rows(client, "stock.location", [["type", "=", "warehouse"]], ["name"])
    if options.warehouse and options.warehouse not in {row["id"] for row in rows}:
        text = f"there is no warehouse {options.warehouse}"
        yield Finding("sale warehouse", ok=False, message=text, advice="correct the setting warehouse")
    elif not options.warehouse and len(rows) > 1:
        named = ", ".join(f"{row['id']} {row['name']}" for row in rows)
        text = "Tryton refuses a sale whose warehouse neither the routing nor the setting warehouse names"
        advice = f"set warehouse to one of: {named}"
        yield Finding("sale warehouse", ok=True, message=text, advice=advice, warning=True)


def _products(client: TrytonClient, options: SaleOptions) -> Iterator[Finding]:
    wanted = sorted(set(options.charges.values()))
    if wanted:
        rows = _rows(client, "product.product", [["id", "in", wanted]], ["salable"])
        good = {row["id"] for row in rows if row["salable"]}
        bad = [str(one) for one in wanted if one not in good]
        text = f"not there, or not salable: {', '.join(bad)}" if bad else "all there"
        yield Finding("charge products", ok=not bad, message=text, advice="correct charge_products" if bad else "")


def _taxes(client: TrytonClient, options: SaleOptions) -> Iterator[Finding]:
    wanted = sorted(set(options.taxes.values()))
    if not wanted:
        text = "the taxes of orders become lines of their own"
        advice = "to have Tryton book them as taxes, set taxes"
        yield Finding("taxes", ok=True, message=text, advice=advice, warning=True)
        return
    rows = _rows(client, "account.tax", [["id", "in", wanted]], ["rate"])
    rates = {row["id"]: row["rate"]["decimal"] if row["rate"] else "none" for row in rows}
    bad = [
        f"{number} is {rates.get(number, 'not there')}"
        for rate, number in options.taxes.items()
        if not _is_rate(rates.get(number), str(rate))
    ]
    text = f"tax {'; tax '.join(bad)}" if bad else "all there, with these rates"
    yield Finding("taxes", ok=not bad, message=text, advice="correct the setting taxes" if bad else "")


def _is_rate(found: str | None, wanted: str) -> bool:
    return found is not None and found != "none" and float(found) == float(wanted)


def _rows(client: TrytonClient, model: str, domain: list[object], names: list[str]) -> list[Row]:
    rows: list[Row] = client.read(
        f"model.{model}.search_read", domain, 0, None, [["id", "ASC"]], names, context=ARCHIVED_TOO
    ).result
    return rows
