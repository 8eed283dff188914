"""What `doctor` asks of a shop: token, scopes, API version and its end, clock, currency."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from connectors.base import Finding
from connectors.http import Answer
from connectors.manifest import Manifest

SUNSET_WARNING_DAYS = 90
_CLOCK_TOLERANCE = 60.0
_NEEDED = ("read_products", "write_products", "read_inventory", "write_inventory", "read_locations")
_ALL_ORDERS = "read_all_orders"
_FOR_ORDERS = (
    "read_orders",
    "write_orders",
    "read_customers",
    "read_returns",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
    _ALL_ORDERS,
)


class Shop(msgspec.Struct, frozen=True, rename="camel"):
    """The shop as it names itself."""

    name: str
    currency_code: str
    myshopify_domain: str = ""


class _Scope(msgspec.Struct, frozen=True):
    handle: str


class _Installation(msgspec.Struct, frozen=True, rename="camel"):
    access_scopes: list[_Scope] = []


class Health(msgspec.Struct, frozen=True, rename="camel"):
    """The answer to the health query."""

    shop: Shop
    current_app_installation: _Installation | None = None


def scopes(health: Health) -> Finding:
    """Whether the app may do what this connector does; a granted write scope holds its read scope."""
    installation = health.current_app_installation
    granted = {scope.handle for scope in installation.access_scopes} if installation else set()
    granted |= {f"read_{handle.removeprefix('write_')}" for handle in granted if handle.startswith("write_")}
    missing = [scope for scope in _NEEDED if scope not in granted]
    if missing:
        return Finding(
            "scopes",
            ok=False,
            message=f"missing: {', '.join(missing)}",
            advice="grant them to the app and install it anew",
        )
    return Finding("scopes", ok=True, message=", ".join(_NEEDED))


def order_scopes(health: Health) -> Finding:
    """Whether orders can be read and told of shipments; only who maps orders needs it, so it is a warning."""
    installation = health.current_app_installation
    granted = {scope.handle for scope in installation.access_scopes} if installation else set()
    granted |= {f"read_{handle.removeprefix('write_')}" for handle in granted if handle.startswith("write_")}
    missing = [scope for scope in _FOR_ORDERS if scope not in granted]
    if not missing:
        return Finding("order_scopes", ok=True, message=", ".join(_FOR_ORDERS))
    if missing == [_ALL_ORDERS]:
        said = f"without {_ALL_ORDERS} only orders of the last 60 days are read"
        return Finding(
            "order_scopes", ok=True, message=said, advice="ask Shopify for it if older ones matter", warning=True
        )
    said, advice = f"to read orders: missing {', '.join(missing)}", "grant them to the app if it is to read orders"
    return Finding("order_scopes", ok=True, message=said, advice=advice, warning=True)


def version(asked: str, answered: str, manifest: Manifest, today: date) -> Finding:
    """Whether the version asked for is the one that answers, and how long it will."""
    newest = manifest.versions[-1]
    if answered and answered != asked:
        return Finding(
            "api_version",
            ok=False,
            message=f"asked for {asked}, Shopify answers with {answered}",
            advice=f"set api_version to {newest}",
        )
    end = manifest.sunsets.get(asked)
    if end is None:
        return Finding("api_version", ok=True, message=asked)
    left = (end - today).days
    if left <= 0:
        return Finding(
            "api_version", ok=False, message=f"{asked} ended on {end}", advice=f"set api_version to {newest}"
        )
    soon = left <= SUNSET_WARNING_DAYS
    later = f"set api_version to {newest}" if asked != newest else "install a newer Crossdock"
    advice = f"{later} before then" if soon else ""
    return Finding("api_version", ok=True, message=f"{asked}, supported until {end}", advice=advice, warning=soon)


def clock(answer: Answer) -> Finding:
    """How far our clock is from the platform's."""
    theirs = answer.server_date
    if theirs is None:
        return Finding("clock", ok=True, message="Shopify shows no time", warning=True)
    ours: datetime = answer.started
    skew = (theirs - ours).total_seconds()
    off = 0.0 if -1.0 <= skew <= answer.elapsed + 1.0 else abs(skew)
    if off > _CLOCK_TOLERANCE:
        return Finding(
            "clock",
            ok=False,
            message=f"this machine is {off:.0f} s off Shopify's clock",
            advice="switch on time synchronization",
        )
    return Finding("clock", ok=True, message=f"within {off:.0f} s of Shopify's clock")


def currency(configured: str, shop: Shop) -> Finding:
    """Whether prices are in the currency we take them for."""
    if configured and configured != shop.currency_code:
        return Finding(
            "currency",
            ok=False,
            message=f"configured {configured}, the shop sells in {shop.currency_code}",
            advice="correct or remove the setting currency",
        )
    return Finding("currency", ok=True, message=shop.currency_code)
