"""What `doctor` says of a shop."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx
import pytest

from connectors.base import Finding
from connectors.manifest import load_manifest
from connectors.shopify import health
from tests.unit.connectors.shopify.conftest import ScriptedShop, cost

MANIFEST = load_manifest("connectors.shopify")
ALL = [
    "write_products",
    "write_inventory",
    "read_locations",
    "write_orders",
    "read_all_orders",
    "read_customers",
    "read_returns",
    "write_merchant_managed_fulfillment_orders",
]


def answer(scopes: list[str] = ALL, **headers: str) -> httpx.Response:
    data: dict[str, Any] = {
        "shop": {"name": "Example", "myshopifyDomain": "example.myshopify.com", "currencyCode": "EUR"},
        "currentAppInstallation": {"accessScopes": [{"handle": scope} for scope in scopes]},
    }
    found = {"x-shopify-api-version": "2026-10", "date": "Mon, 02 Nov 2026 08:00:00 GMT", **headers}
    return httpx.Response(200, json={"data": data, "extensions": cost()}, headers=found)


def findings(shop: ScriptedShop, reply: httpx.Response, **settings: Any) -> dict[str, Finding]:
    shop.say(reply)
    return {finding.check: finding for finding in shop.connector(settings).check()}


def test_a_healthy_shop_has_nothing_to_complain_about(shop: ScriptedShop) -> None:
    found = findings(shop, answer())
    assert [check for check, finding in found.items() if not finding.ok or finding.warning] == []
    assert found["currency"].message == "EUR"


def test_a_missing_scope_is_named(shop: ScriptedShop) -> None:
    found = findings(shop, answer(["read_products", "write_inventory", "read_locations"]))
    assert found["scopes"].message == "missing: write_products"
    assert not found["scopes"].ok


@pytest.mark.parametrize("missing", ["read_all_orders", "write_orders"])
def test_what_orders_need_is_told_without_failing_a_shop_that_needs_none(shop: ScriptedShop, missing: str) -> None:
    found = findings(shop, answer([scope for scope in ALL if scope != missing]))["order_scopes"]
    assert (found.ok, found.warning) == (True, True)
    assert missing in found.message


def test_a_version_that_fell_forward_is_noticed(shop: ScriptedShop) -> None:
    found = findings(shop, answer(ALL, **{"x-shopify-api-version": "2026-07"}))
    assert not found["api_version"].ok
    assert "2026-07" in found["api_version"].message


@pytest.mark.parametrize(
    ("day", "ok", "warning"),
    [(date(2026, 6, 1), True, False), (date(2026, 11, 22), True, True), (date(2027, 1, 1), False, False)],
)
def test_the_end_of_a_version_is_announced(day: date, ok: bool, warning: bool) -> None:
    finding = health.version("2026-01", "2026-01", MANIFEST, day)
    assert (finding.ok, finding.warning) == (ok, warning)
    assert bool(finding.advice) is (warning or not ok)


def test_a_clock_that_is_off_is_noticed(shop: ScriptedShop) -> None:
    assert not findings(shop, answer(date="Mon, 02 Nov 2026 08:03:00 GMT"))["clock"].ok
    assert findings(shop, answer(date="Mon, 02 Nov 2026 08:00:01 GMT"))["clock"].ok


def test_another_currency_than_configured_is_noticed(shop: ScriptedShop) -> None:
    assert not findings(shop, answer(), currency="usd")["currency"].ok


def test_a_refused_token_is_a_finding_and_no_exception(shop: ScriptedShop) -> None:
    found = findings(shop, httpx.Response(401, json={"errors": "no"}))
    assert list(found) == ["token"]
    assert not found["token"].ok
    assert "access token" in found["token"].advice


def test_the_currency_is_read_once(shop: ScriptedShop) -> None:
    shop.say(answer())
    connector = shop.connector()
    assert [connector.currency(), connector.currency()] == ["EUR", "EUR"]
    assert shop.connector({"currency": "usd"}).currency() == "USD"
