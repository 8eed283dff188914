"""What WooCommerce is documented or seen to do, asked of the simulator over real HTTP by clients that are not ours."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from typing import Any

import httpx
import pytest

from connectors.base import Environment
from connectors.conformance.world import MemoryState
from connectors.simulation import CatalogItem, Fault, Served, Ticker, serve
from connectors.woocommerce.connector import WooCommerceConnector, connect
from connectors.woocommerce.simulator import WooSimulator

KEY, SECRET = "ck_stranger_0001", "cs_stranger_0001"
ITEMS = [
    CatalogItem("A & B", "Salt & pepper", Decimal("12.50"), {"WH1": 3, "WH2": 2}),
    CatalogItem("C/D", "Cup", Decimal(3), {"WH1": 1}),
    CatalogItem("V1", "Shirt", Decimal(20), {"WH1": 4}, product="P", option="M"),
]


@pytest.fixture
def shop(clock: Ticker) -> WooSimulator:
    simulator = WooSimulator(clock=clock, consumer_key=KEY, consumer_secret=SECRET)
    simulator.load(ITEMS)
    return simulator


@pytest.fixture
def served(shop: WooSimulator) -> Iterator[Served]:
    with serve(shop) as where:
        yield where


@pytest.fixture
def plain(served: Served) -> Iterator[httpx.Client]:
    """A client behind a proxy that ends TLS."""
    headers = {"X-Forwarded-Proto": "https"}
    with httpx.Client(base_url=f"{served.base_url}/wp-json/wc/v3/", auth=(KEY, SECRET), headers=headers) as client:
        yield client


@pytest.fixture
def connector(served: Served, clock: Ticker) -> Iterator[WooCommerceConnector]:
    settings = {"url": served.base_url, "consumer_key": KEY, "consumer_secret": SECRET}
    made = connect(settings, Environment("shop", clock, MemoryState(), allow_private_network=True))
    yield made
    made.close()


def test_the_vendors_own_client_reads_and_writes(served: Served, shop: WooSimulator, clock: Ticker) -> None:
    """Its signatures and its way with parameters are its own; it shares only the documented protocol with us."""
    api = import_module("woocommerce").API(served.base_url, KEY, SECRET, version="wc/v3", timeout=10)
    shop.switches.oauth_window_seconds = 10**9  # this client takes the time from the system
    found = api.get("products", params={"per_page": 1, "orderby": "id", "order": "asc", "search": "salt & pepper"})
    assert found.status_code == 200
    assert [product["sku"] for product in found.json()] == ["A & B"]
    assert found.headers["X-WP-Total"] == "1"
    product_id = found.json()[0]["id"]
    answer = api.post("products/batch", {"update": [{"id": product_id, "stock_quantity": 8}]})
    assert answer.json()["update"][0]["stock_quantity"] == 8
    assert shop.quantity("A & B") == 8
    created = api.post("products", {"name": "New", "sku": "N", "regular_price": "1.00"})
    assert (created.status_code, created.json()["status"]) == (201, "publish")
    assert api.delete(f"products/{created.json()['id']}").json()["status"] == "trash"
    assert api.get(f"products/{created.json()['id']}").json()["status"] == "trash"


def test_a_signature_for_another_request_is_refused(served: Served, shop: WooSimulator) -> None:
    shop.switches.oauth_window_seconds = 10**9
    oauth = import_module("woocommerce.oauth").OAuth
    url = f"{served.base_url}/wp-json/wc/v3/products"
    signed = oauth(url, KEY, SECRET, version="wc/v3", method="GET").get_oauth_url()
    assert httpx.get(signed).status_code == 200
    assert "nonce" in httpx.get(signed).json()["message"]
    other = oauth(url, KEY, SECRET, version="wc/v3", method="GET").get_oauth_url()
    assert "signature" in httpx.get(f"{other}&per_page=100").json()["message"]
    assert "signature" in httpx.post(other).json()["message"]


def test_plain_http_takes_no_password(served: Served) -> None:
    answer = httpx.get(f"{served.base_url}/wp-json/wc/v3/products", auth=(KEY, SECRET))
    assert (answer.status_code, answer.json()["code"]) == (401, "woocommerce_rest_cannot_view")


def test_a_batch_with_a_bad_item_is_200_with_the_error_in_its_place(plain: httpx.Client, shop: WooSimulator) -> None:
    first, second = int(shop.id_of("A & B")), int(shop.id_of("C/D"))
    body = {"update": [
        {"id": first, "regular_price": "10.999"}, {"id": 999999, "regular_price": "1"},
        {"id": second, "regular_price": 5}, {"id": second, "stock_quantity": -4, "no_such_field": True},
    ]}  # fmt: skip
    answer = plain.post("products/batch", json=body)
    items = answer.json()["update"]
    assert answer.status_code == 200
    assert items[0]["regular_price"] == "10.999"
    assert (items[1]["id"], items[1]["error"]["code"]) == (999999, "woocommerce_rest_product_invalid_id")
    assert items[2]["error"]["code"] == "rest_invalid_param"
    assert (items[3]["stock_quantity"], items[3]["stock_status"]) == (-4, "outofstock")
    assert "no_such_field" not in items[3]


def test_101_items_are_413_and_change_nothing(plain: httpx.Client, shop: WooSimulator) -> None:
    product_id = int(shop.id_of("C/D"))
    body = {"update": [{"id": product_id, "stock_quantity": n} for n in range(100)], "delete": [product_id]}
    answer = plain.post("products/batch", json=body)
    assert (answer.status_code, answer.json()["code"]) == (413, "woocommerce_rest_request_entity_too_large")
    assert shop.quantity("C/D") == 1


def test_101_a_page_is_refused_and_a_page_past_the_end_is_empty(plain: httpx.Client) -> None:
    refused = plain.get("products", params={"per_page": 101})
    assert (refused.status_code, refused.json()["code"]) == (400, "rest_invalid_param")
    past = plain.get("products", params={"page": 9})
    assert (past.status_code, past.json(), past.headers["X-WP-Total"]) == (200, [], "3")


def test_links_lead_through_all_pages(plain: httpx.Client) -> None:
    answer = plain.get("products", params={"per_page": 1, "_fields": "id", "orderby": "id", "order": "asc"})
    seen = [answer.json()[0]["id"]]
    while "next" in answer.links:
        answer = plain.get(answer.links["next"]["url"].replace("https:", "http:", 1))  # no proxy stands here
        seen.append(answer.json()[0]["id"])
    assert seen == sorted(set(seen))
    assert len(seen) == int(answer.headers["X-WP-Total"])


def test_a_sku_list_finds_products_and_variations(plain: httpx.Client) -> None:
    found = plain.get("products", params={"sku": "V1,C/D", "_fields": "sku,type"}).json()
    assert sorted((each["sku"], each["type"]) for each in found) == [("C/D", "simple"), ("V1", "variation")]


def test_unknown_parameters_are_ignored_so_a_filter_may_return_strangers(plain: httpx.Client) -> None:
    assert len(plain.get("products", params={"meta_key": "_hub", "meta_value": "none"}).json()) == 3


def test_a_second_record_with_a_sku_is_refused_naming_the_first(plain: httpx.Client, shop: WooSimulator) -> None:
    answer = plain.post("products", json={"name": "Twin", "sku": "C/D"})
    assert (answer.status_code, answer.json()["code"]) == (400, "product_invalid_sku")
    assert answer.json()["data"]["resource_id"] == int(shop.id_of("C/D"))


def test_dates_have_no_zone_and_the_filter_is_strict(plain: httpx.Client, shop: WooSimulator) -> None:
    shop.admin.set_stock("C/D", 7)
    asked = {"sku": "C/D", "_fields": "date_modified,date_modified_gmt"}
    (record,) = plain.get("products", params=asked).json()
    assert record == {"date_modified": "2026-11-02T10:00:00", "date_modified_gmt": "2026-11-02T08:00:00"}

    def after(stamp: str, gmt: str) -> int:
        return len(plain.get("products", params={"modified_after": stamp, "dates_are_gmt": gmt}).json())

    assert (after("2026-11-02T08:00:00", "true"), after("2026-11-02T07:59:59", "true")) == (0, 1)
    assert (after("2026-11-02T10:00:00", "false"), after("2026-11-02T09:59:59", "false")) == (0, 1)


def test_a_save_that_changes_nothing_moves_the_date_and_is_an_effect(
    plain: httpx.Client, shop: WooSimulator, clock: Ticker
) -> None:
    clock.advance(5)
    before = shop.snapshot()
    answer = plain.put(f"products/{shop.id_of('C/D')}", json={"stock_quantity": 1})
    assert answer.json()["date_modified_gmt"] == "2026-11-02T08:00:05"
    assert shop.snapshot() == before
    assert len(shop.log.effects()) == 1


def test_switching_counting_off_forgets_the_figure(plain: httpx.Client, shop: WooSimulator) -> None:
    url = f"products/{shop.id_of('C/D')}"
    off = plain.put(url, json={"manage_stock": False, "stock_quantity": 9}).json()
    assert (off["stock_quantity"], off["stock_status"]) == (None, "instock")
    still = plain.put(url, json={"stock_quantity": 9}).json()
    assert still["stock_quantity"] is None


def test_a_variation_counted_by_its_product_says_parent(plain: httpx.Client, shop: WooSimulator) -> None:
    shop.admin.count_at_parent("V1", 6)
    (variation,) = plain.get("variations", params={"include": shop.id_of("V1")}).json()
    assert (variation["manage_stock"], variation["stock_quantity"]) == ("parent", 6)


def test_a_read_only_key_cannot_write(plain: httpx.Client, shop: WooSimulator) -> None:
    shop.admin.add_key(KEY, SECRET, "read")
    answer = plain.post("products/batch", json={"update": []})
    assert (answer.status_code, answer.json()["code"]) == (401, "woocommerce_rest_authentication_error")


def test_a_sale_between_read_and_write_is_seen_by_the_check_before_the_write(
    connector: WooCommerceConnector, shop: WooSimulator
) -> None:
    ids = [shop.id_of("A & B"), shop.id_of("V1")]
    before = b"".join(bytes(r) for page in connector.lookup("products", ("stock_quantity",), ids) for r in page.records)
    shop.shop.sell("A & B", 2)
    after = b"".join(bytes(r) for page in connector.lookup("products", ("stock_quantity",), ids) for r in page.records)
    assert (b'"stock_quantity":5' in before, b'"stock_quantity":3' in after) == (True, True)


def test_the_connector_works_over_real_http(connector: WooCommerceConnector, shop: WooSimulator) -> None:
    shop.faults.add(Fault("html", status=503))
    shop.faults.add(Fault("drop", only="read"))
    pages: list[Any] = list(connector.pull("products", ("sku", "stock_quantity")))
    assert pages[-1].complete
    assert sum(len(page.records) for page in pages) == 4
