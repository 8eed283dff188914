"""Every field, parameter and answer of WooCommerce stands in the vendor's own list of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from canonical.fulfillment import ShippedLine, Tracking
from canonical.request import RefundNotice, ShipmentNotice
from connectors.base import Effect, Environment, WriteRow
from connectors.conformance.world import MemoryState
from connectors.manifest import load_fields, load_manifest
from connectors.simulation import CatalogItem, SimRequest, SimResponse, SimTransport, Ticker
from connectors.woocommerce.completing import DETAILS, NEEDED, ROUNDING
from connectors.woocommerce.connector import WooCommerceConnector, connect
from connectors.woocommerce.orders import ORDER_FIELDS
from connectors.woocommerce.reading import PRODUCT_FIELDS, VARIATION_FIELDS
from connectors.woocommerce.shipments import META
from connectors.woocommerce.simulator import Switches, WooSimulator
from mappings.compiled import FieldRule
from mappings.compiler import compile_mapping
from mappings.documents import compile_document, load_documents
from mappings.loader import load_mappings
from mappings.model import MappingContext

KEY, SECRET = "ck_1234567890", "cs_1234567890"
Table = Mapping[str, Mapping[str, Any]]

CATALOG = load_fields("connectors.woocommerce")
OPERATIONS = {"products/batch": "product", "variations/batch": "product_variation"}
DOCUMENTS = {spec.document: compile_document(spec, MappingContext("EUR", {})) for spec in load_documents("woocommerce")}
OURS_IN_REFUNDS = {"of_line", "restocked", "kept_off"}
OF_WORDPRESS = {"_fields"}
OF_ACCESS = {"consumer_key", "consumer_secret"}
# Documented beside the list: variations answer with them although their schema does not name them.
VARIATION_EXTRAS = {"name": "string", "parent_id": "integer"}
# The text `parent` is documented for variations whose product counts the stock; an image may be missing.
MAY_ALSO_BE = {"manage_stock": ("parent",), "image": (None,), "stock_quantity": (None,)}
# Documented as texts, and null for a product without a parent, and for one that is gone.
NULL_IN_LINES = {"line_items.parent_name is None, not string", "line_items.sku is None, not string"}
LINKS = "_links"


@pytest.fixture(scope="module")
def table(specs: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((specs / "woocommerce" / "rest-v3-fields.json").read_text(encoding="utf-8"))
    return found


def steps(path: str) -> list[str]:
    return [part.partition("[")[0] for part in re.sub(r"\[[^\]]*\]", "[]", path).split(".")]


def definition(fields: Table, path: str) -> Mapping[str, Any] | None:
    """What the list says of a path, or None when it is not there."""
    names = steps(path)
    found: Mapping[str, Any] | None = fields.get(names[0])
    for name in names[1:]:
        inner = (found or {}).get("properties") or (found or {}).get("items", {}).get("properties", {})
        found = inner.get(name)
    return found


@pytest.mark.parametrize("path", CATALOG.resources["products"])
def test_every_readable_path_is_a_field_of_products_or_variations(table: Any, path: str) -> None:
    resources = table["resources"]
    assert definition(resources["product"], path) or definition(resources["product_variation"], path)


@pytest.mark.parametrize(
    ("operation", "path"), [(operation, path) for operation, paths in CATALOG.writes.items() for path in paths]
)
def test_every_writable_path_is_a_writable_field(table: Any, operation: str, path: str) -> None:
    found = definition(table["resources"][OPERATIONS[operation]], path)
    assert found is not None
    assert not found.get("readonly")


@pytest.mark.parametrize("path", CATALOG.resources["orders"])
def test_every_readable_path_of_an_order_is_a_field_of_orders_or_refunds(table: Any, path: str) -> None:
    first, _, rest = path.partition("[].")
    if first == ROUNDING or rest.rpartition(".")[2] in OURS_IN_REFUNDS:
        return  # what the connector adds
    if path.startswith(f"meta_data[key={META}].value"):
        assert definition(table["resources"]["order"], "meta_data[].value")
        return
    kind = "order_refund" if first == DETAILS else "order"
    assert definition(table["resources"][kind], rest if first == DETAILS else path)


def test_every_path_the_order_mapping_reads_is_in_the_catalog_and_no_other() -> None:
    assert set(DOCUMENTS["order"].read_paths) == set(CATALOG.resources["orders"])


def test_every_write_operation_is_declared_and_no_other() -> None:
    assert set(load_manifest("connectors.woocommerce").writes) == set(CATALOG.writes) == set(OPERATIONS)


def test_what_the_connector_reads_for_itself_is_in_the_list(table: Any) -> None:
    resources = table["resources"]
    assert [name for name in PRODUCT_FIELDS if name not in resources["product"]] == []
    needed = {name for names in NEEDED.values() for name in names}
    assert {*ORDER_FIELDS, *needed} - set(resources["order"]) == set()
    own = {*resources["product_variation"], *VARIATION_EXTRAS}
    assert [name for name in VARIATION_FIELDS if name not in own] == []


def problems(fields: Table, record: Mapping[str, Any], extras: Mapping[str, str]) -> Iterator[str]:
    """Everything in a record that the list does not know, or knows as another type."""
    for name, value in record.items():
        if name == LINKS or value in MAY_ALSO_BE.get(name, ()):
            continue
        kind = extras.get(name) or fields.get(name, {}).get("type")
        if kind is None:
            yield f"{name} is not in the list"
        elif not fits(kind, value):
            yield f"{name} is {value!r}, not {kind}"
        inner = fields.get(name, {}).get("items", {}).get("properties") or fields.get(name, {}).get("properties")
        for part in value if isinstance(value, list) else [value]:
            if inner and isinstance(part, dict):
                yield from (f"{name}.{found}" for found in problems(inner, part, {}))


def fits(kind: Any, value: Any) -> bool:
    if isinstance(kind, dict):
        kind = ["integer", "number"]
    kinds = kind if isinstance(kind, list) else [kind]
    return any(is_a(each, value) for each in kinds)


def is_a(kind: str, value: Any) -> bool:
    if kind == "date-time":
        return value is None or bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", value))
    types = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "null": type(None)}
    if kind == "mixed":
        return True
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, types[kind]) and (kind != "integer" or not isinstance(value, bool))


class Recorded(WooSimulator):
    """A shop that keeps what passed."""

    def __init__(self, clock: Ticker, **switches: Any) -> None:
        super().__init__(clock=clock, consumer_key=KEY, consumer_secret=SECRET, switches=Switches(**switches))
        self.passed: list[tuple[SimRequest, SimResponse]] = []

    def answer(self, request: SimRequest) -> SimResponse:
        response = super().answer(request)
        self.passed.append((request, response))
        return response


CATALOG_ITEMS = [
    CatalogItem("A", "Mug", Decimal("12.50"), {"WH1": 3}, gtin="4006381333931", description="x", tags=("b", "a")),
    CatalogItem("B", "Bowl", Decimal(9), {"WH1": 0}),
    CatalogItem("V1", "Shirt", Decimal(20), {"WH1": 4}, product="P", option="M"),
    CatalogItem("V2", "Shirt", Decimal(21), {"WH1": 0}, product="P", option="L"),
]


def everything_once(**switches: Any) -> Recorded:
    """A shop that was read and written in every way the connector can."""
    clock = Ticker()
    shop = Recorded(clock, **switches)
    shop.load(CATALOG_ITEMS)
    shop.admin.count_at_parent("V2", 5)
    settings = {"url": "https://shop.example", "consumer_key": KEY, "consumer_secret": SECRET}
    connector = connect(settings, Environment("shop", clock, MemoryState(), http_transport=SimTransport(shop)))
    paths = tuple(CATALOG.resources["products"])
    assert all(finding.ok for finding in connector.check())
    pages = list(connector.pull("products", paths))
    list(connector.changed_since("products", paths, pages[0].as_of.replace(year=2020, tzinfo=None).isoformat()))
    skus = ("A", "B", "V1", "V2")
    list(connector.lookup("products", paths, [shop.id_of(sku) for sku in skus] + ["999999"]))
    context = MappingContext(currency="EUR")
    number = 0
    rows = []
    for spec in load_mappings("woocommerce", None):
        mapping = compile_mapping(spec, context)
        for sku in skus:
            kind = "product" if shop.parent_of(sku) == "0" else "variation"
            for values in mapping.encode(written(mapping.fields, kind), kind).values():
                number += 1
                rows.append(WriteRow(number, "products", shop.id_of(sku), values, parent_id=shop.parent_of(sku)))
    for call in connector.pack(rows, str):
        connector.push(call)
    trade(shop, connector)
    return shop


def trade(shop: Recorded, connector: WooCommerceConnector) -> None:
    """Orders of every kind that were read, shipped and refunded in every way the connector can."""
    checkout = shop.checkout
    parts = [("DHL", "flat_rate", Decimal("4.90"))]
    first = checkout.place(
        {"A": 2, "V1": 1}, tax_rate="0.19", prices_include_tax=True, coupon="10", shipping=parts, fees=parts
    )
    checkout.add_custom(first, 1, "3.33")
    shop.checkout.set_meta(first, "_plugin", {"any": [1, None]})
    checkout.refund(checkout.place({"A": 1, "B": 1}), "1.00", {0: 1}, restock=True)
    checkout.trash(checkout.place({"B": 1}, status="pending"))
    line = str(checkout.get(first).lines[0].id)
    shipped = ShipmentNotice(
        reference="s-1",
        order_id=str(first),
        lines=(ShippedLine(quantity=2, line_id=line, sku="A"),),
        tracking=(Tracking(carrier="DHL", number="1"),),
        location="WH1",
    )
    refunded = RefundNotice(
        reference="r-1", order_id=str(first), amount=Decimal("2.00"), currency="EUR", lines=shipped.lines, reason="x"
    )
    for notice, name in ((shipped, "shipment_notice"), (refunded, "refund_notice")):
        mapping = DOCUMENTS[name]
        connector.push(connector.compose(Effect(mapping.operation, "s-1", mapping.encode(notice), str(first)), str))
    paths = DOCUMENTS["order"].read_paths
    pages = list(connector.pull("orders", paths))
    list(connector.changed_since("orders", paths, pages[0].as_of.replace(year=2020, tzinfo=None).isoformat()))
    list(connector.lookup("orders", paths, [str(first), "999999"]))


VALUES: Mapping[str, Any] = {"stock": 4, "price[EUR]": "11.25", "title": "New", "description": "<p>New</p>"}


def written(fields: Mapping[str, FieldRule], kind: str) -> dict[str, Any]:
    """A value for every slot the shipped mapping can write of this kind; a slot without one is a gap in this test."""
    writable = {name for name, rule in fields.items() if rule.operation(kind)}
    assert writable <= {slot.partition("[")[0] for slot in VALUES}
    return {slot: value for slot, value in VALUES.items() if slot.partition("[")[0] in writable}


@pytest.mark.parametrize("version", ["11.0.1", "9.9.5"])
def test_every_request_uses_documented_parameters_only(table: Any, version: str) -> None:
    layers = table["collection_params"]
    known = {
        "products": {*layers["crud(v3 base)"], *layers["products v2 layer"], *layers["products v3 layer"]},
        "variations": {*layers["crud(v3 base)"], *layers["variations v3 layer"]},
        "orders": {*layers["crud(v3 base)"], *layers["orders v2 layer"], *layers["orders v3 layer"]},
        "refunds": {*layers["crud(v3 base)"], "dp"},
    }
    lists = 0
    for request, _ in everything_once(wc_version=version).passed:
        route = request.path.removeprefix("/wp-json/wc/v3/").rpartition("/")[2]
        names = {name for name, _ in request.query} - OF_WORDPRESS - OF_ACCESS
        assert names <= known.get(route, set()), request.path
        lists += route in known
    assert lists > 12


@pytest.mark.parametrize("version", ["11.0.1", "9.9.5"])
def test_every_batch_writes_documented_fields_in_their_documented_type(table: Any, version: str) -> None:
    batches = 0
    for request, response in everything_once(wc_version=version).passed:
        if not request.path.endswith("/batch") or request.body == b"{}":
            continue
        fields = table["resources"]["product_variation" if "/variations/" in request.path else "product"]
        for item in json.loads(request.body)["update"]:
            assert list(problems(fields, item, {})) == []
            assert [name for name in item if name != "id" and fields[name].get("readonly")] == []
        assert not any("error" in item for item in json.loads(response.body)["update"])
        batches += 1
    assert batches == 2


@pytest.mark.parametrize("version", ["11.0.1", "9.9.5"])
@pytest.mark.parametrize("extras", [True, False])
def test_every_record_the_simulator_answers_fits_the_list(table: Any, version: str, extras: bool) -> None:
    seen = {"product": 0, "product_variation": 0}
    for request, response in everything_once(wc_version=version, variation_extras=extras).passed:
        route = request.path.removeprefix("/wp-json/wc/v3/")
        if response.status != 200 or not route.startswith(("products", "variations")):
            continue
        body = json.loads(response.body)
        records = body if isinstance(body, list) else body["update"]
        kind = "product_variation" if "variations" in route else "product"
        for record in records:
            assert list(problems(table["resources"][kind], record, VARIATION_EXTRAS if "_v" in kind else {})) == []
            seen[kind] += 1
    assert min(seen.values()) >= 8


def test_every_save_of_an_order_and_every_refund_writes_documented_fields_in_their_documented_type(table: Any) -> None:
    saves = {"order": 0, "order_refund": 0}
    for request, response in everything_once().passed:
        if request.method == "GET" or "/orders/" not in request.path:
            continue
        kind = "order_refund" if request.path.endswith("/refunds") else "order"
        fields, body = table["resources"][kind], json.loads(request.body)
        assert response.status < 300
        assert list(problems(fields, {**body, "line_items": []}, {})) == []
        # Lines of a refund are read only in the list, but documented beside it as what a refund is made of.
        assert [name for name in body if name != "line_items" and fields[name].get("readonly")] == []
        if kind == "order_refund":
            assert (body["api_refund"], body["api_restock"]) == (False, False)
            assert {name for line in body["line_items"] for name in line} == {"id", "quantity", "refund_total"}
        saves[kind] += 1
    assert saves == {"order": 1, "order_refund": 1}


def test_every_order_and_refund_the_simulator_answers_fits_the_list(table: Any) -> None:
    seen = {"order": 0, "order_refund": 0}
    for request, response in everything_once().passed:
        if "/orders" not in request.path or response.status >= 300:
            continue
        body = json.loads(response.body)
        kind = "order_refund" if "/refunds" in request.path else "order"
        for record in body if isinstance(body, list) else [body]:
            assert set(problems(table["resources"][kind], record, {})) <= NULL_IN_LINES
            seen[kind] += 1
    assert min(seen.values()) >= 3


def test_the_simulator_shows_every_field_of_orders_and_refunds(table: Any) -> None:
    shop = Recorded(Ticker())
    shop.load(CATALOG_ITEMS)
    parts = [("DHL", "flat_rate", Decimal("4.90"))]
    number = shop.checkout.place({"A": 2}, tax_rate="0.19", coupon="10", shipping=parts, fees=parts)
    shop.checkout.refund(number, "1.00", {0: 1}, restock=True)
    (record,) = shop.orders().values()
    resources = table["resources"]
    stamps = {"date_modified", "date_modified_gmt"}
    only_in_edit = {"set_paid", "manual_update", "api_refund", "api_restock", "refund_total"}
    assert set(resources["order"]) - set(record) - only_in_edit - stamps == set()
    assert set(resources["order_refund"]) - set(record["refunds"][0]) - only_in_edit == set()
    for name in ("line_items", "tax_lines", "shipping_lines", "fee_lines", "coupon_lines"):
        documented = set(resources["order"][name]["items"]["properties"])
        assert documented - set(record[name][0]) == set()
    documented = set(resources["order_refund"]["line_items"]["items"]["properties"])
    assert documented - set(record["refunds"][0]["line_items"][0]) - only_in_edit == set()


@pytest.mark.parametrize("resource", ["product", "product_variation"])
def test_the_simulator_shows_every_field_of_the_list(table: Any, resource: str) -> None:
    shop = Recorded(Ticker())
    shop.load(CATALOG_ITEMS)
    record = shop.snapshot()[shop.id_of("V1" if "_v" in resource else "A")]
    only_in_edit = {"permalink_template", "generated_slug"}
    stamps = {"date_modified", "date_modified_gmt"}
    assert set(table["resources"][resource]) - set(record) - only_in_edit - stamps == set()
