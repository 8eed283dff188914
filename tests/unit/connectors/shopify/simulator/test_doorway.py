"""Who may call, which version answers, and what a broken request gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import pytest

from connectors.shopify.simulator.access import ALL_SCOPES
from connectors.simulation import serve
from tests.unit.connectors.shopify.simulator.conftest import SET, TOKEN, Shop

FORM = {"content-type": "application/x-www-form-urlencoded"}
GRANT = {"client_id": "app", "client_secret": "shpss_secret", "grant_type": "client_credentials"}
NAME = "{ shop { name } }"


def granted(shop: Shop) -> str:
    answer = shop.send("POST", "/admin/oauth/access_token", urlencode(GRANT).encode(), FORM)
    assert answer.status == 200
    return str(msgspec.json.decode(answer.body)["access_token"])


def test_a_static_token_opens_the_door(shop: Shop) -> None:
    assert shop.data(NAME) == {"shop": {"name": "Demo Shop"}}


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_bad_token_gets_401_with_json(shop: Shop, token: str) -> None:
    shop.token = token
    answer = shop.post(NAME)
    assert answer.status == 401
    assert "Invalid API key or access token" in msgspec.json.decode(answer.body)["errors"]


def test_the_client_credentials_grant_gives_a_token_that_lasts_a_day(shop: Shop) -> None:
    shop.token = granted(shop)
    shop.clock.advance(24 * 3600 - 1)
    assert shop.post(NAME).status == 200
    shop.clock.advance(1)
    assert shop.post(NAME).status == 401


def test_the_grant_takes_json_too_and_tells_scopes_and_lifetime(shop: Shop) -> None:
    headers = {"content-type": "application/json"}
    answer = shop.send("POST", "/admin/oauth/access_token", msgspec.json.encode(GRANT), headers)
    body = msgspec.json.decode(answer.body)
    assert body["expires_in"] == 86_399
    assert "write_inventory" in body["scope"].split(",")


def test_tokens_can_be_ended_at_once_but_static_ones_stay(shop: Shop) -> None:
    shop.token = granted(shop)
    shop.sim.expire_tokens()
    assert shop.post(NAME).status == 401
    shop.token = TOKEN
    assert shop.post(NAME).status == 200


@pytest.mark.parametrize("wrong", [{"client_secret": "no"}, {"client_id": "other"}, {"grant_type": "password"}])
def test_a_wrong_credential_gets_no_token(shop: Shop, wrong: dict[str, str]) -> None:
    answer = shop.send("POST", "/admin/oauth/access_token", urlencode({**GRANT, **wrong}).encode(), FORM)
    assert answer.status == 400
    assert "access_token" not in msgspec.json.decode(answer.body)


@pytest.mark.parametrize(
    ("asked", "served"),
    [("2026-10", "2026-10"), ("2026-04", "2026-04"), ("2025-07", "2026-01"), ("2024-01", "2026-01")],
)
def test_an_expired_version_falls_forward_and_the_header_says_so(shop: Shop, asked: str, served: str) -> None:
    shop.version = asked
    answer = shop.post("{ __typename }")
    assert (answer.status, answer.headers["x-shopify-api-version"]) == (200, served)


@pytest.mark.parametrize("asked", ["2027-01", "2026-05", "latest"])
def test_an_unknown_version_is_not_found(shop: Shop, asked: str) -> None:
    shop.version = asked
    assert shop.post(NAME).status == 404


def test_an_old_document_fails_on_a_new_version(shop: Shop) -> None:
    old = "mutation($i: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $i) { userErrors { code } } }"
    row = {**shop.row("MUG", 1, 3), "compareQuantity": 3}
    given = {"i": {"name": "available", "reason": "correction", "quantities": [row]}}
    assert "compareQuantity" in shop.ask(old, given)["errors"][0]["message"]
    shop.version = "2026-01"
    assert shop.data(old, given)["inventorySetQuantities"]["userErrors"] == []


def test_a_body_that_is_no_request_gets_400(shop: Shop) -> None:
    headers = {"content-type": "application/json", "x-shopify-access-token": TOKEN}
    answer = shop.send("POST", "/admin/api/2026-10/graphql.json", b"{}", headers)
    assert answer.status == 400


@pytest.mark.parametrize("query", ["{ shop {", "{ shop { nonsense } }", "{ products { nodes { id } } }"])
def test_a_bad_document_gets_200_with_errors_and_no_effect(shop: Shop, query: str) -> None:
    answer = shop.post(query)
    body = msgspec.json.decode(answer.body)
    assert answer.status == 200
    assert body["errors"]
    assert not body.get("data")


def test_another_path_is_not_found(shop: Shop) -> None:
    assert shop.send("GET", "/admin/api/2026-10/products.json").status == 404


def test_fields_without_their_scope_are_denied(make: Callable[..., Shop]) -> None:
    shop = make()
    shop.sim.tokens.scopes = frozenset({"read_products"})
    answer = shop.ask(
        '{ shop { name } product(id: "gid://shopify/Product/7400001") { title } inventoryProperties '
        "{ quantityNames { name } } }"
    )
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert shop.data('{ product(id: "gid://shopify/Product/7400001") { title } }') == {"product": {"title": "Tee"}}


def test_a_write_without_its_scope_changes_nothing(shop: Shop) -> None:
    shop.sim.tokens.scopes = frozenset({"read_inventory", "read_products"})
    given = {"name": "available", "reason": "correction", "quantities": [shop.row("MUG", 1, 3)]}
    answer = shop.ask(SET, {"input": given, "key": "k"})
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert shop.sim.quantity("MUG", "WH1") == 3


def test_the_installation_lists_its_scopes_with_the_implied_reads(shop: Shop) -> None:
    found = shop.data("{ currentAppInstallation { accessScopes { handle } } }")
    handles = [scope["handle"] for scope in found["currentAppInstallation"]["accessScopes"]]
    assert handles == sorted(ALL_SCOPES)


def test_a_header_tells_of_deprecated_fields(shop: Shop) -> None:
    assert "x-shopify-api-deprecated-reason" not in shop.post(NAME).headers
    assert "x-shopify-api-deprecated-reason" in shop.post("{ currentBulkOperation { id } }").headers


def test_it_answers_over_real_http_and_names_its_own_address(shop: Shop) -> None:
    with serve(shop.sim) as served, httpx.Client(base_url=served.base_url) as client:
        client.headers["X-Shopify-Access-Token"] = TOKEN
        run = 'mutation { bulkOperationRunQuery(query: "{ products { nodes { id } } }") { userErrors { code } } }'
        assert client.post("/admin/api/2026-10/graphql.json", json={"query": run}).status_code == 200
        poll = {"query": "{ bulkOperations(first: 1) { nodes { url } } }"}
        body = client.post("/admin/api/2026-10/graphql.json", json=poll).json()
        url = body["data"]["bulkOperations"]["nodes"][0]["url"]
        assert url.startswith(served.base_url)
        assert len(client.get(url).text.splitlines()) == 2


def test_the_log_tells_reads_from_writes_and_names_the_fields(shop: Shop) -> None:
    shop.data("{ productVariants(first: 2) { nodes { id } } locations(first: 5) { nodes { id } } }")
    shop.set_stock(shop.row("MUG", 1, 3))
    log: Any = shop.sim.log
    assert [(call.operation, call.kind, call.rows) for call in log.entries] == [
        ("productVariants+locations", "read", 4),
        ("inventorySetQuantities", "write", 1),
    ]
    assert log.effects() == [f"inventory {shop.item_id('MUG')}/WH1 3->1"]
