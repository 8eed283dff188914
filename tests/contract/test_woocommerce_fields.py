"""Every field, parameter and answer of WooCommerce stands in the vendor's own list of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Environment, WriteRow
from connectors.conformance.world import MemoryState
from connectors.manifest import load_fields, load_manifest
from connectors.simulation import CatalogItem, SimRequest, SimResponse, SimTransport, Ticker
from connectors.woocommerce.connector import connect
from connectors.woocommerce.reading import PRODUCT_FIELDS, VARIATION_FIELDS
from connectors.woocommerce.simulator import Switches, WooSimulator
from mappings.compiled import FieldRule
from mappings.compiler import compile_mapping
from mappings.loader import load_mappings
from mappings.model import MappingContext

KEY, SECRET = "ck_1234567890", "cs_1234567890"
Table = Mapping[str, Mapping[str, Any]]

CATALOG = load_fields("connectors.woocommerce")
OPERATIONS = {"products/batch": "product", "variations/batch": "product_variation"}
OF_WORDPRESS = {"_fields"}
OF_ACCESS = {"consumer_key", "consumer_secret"}
# Documented beside the list: variations answer with them although their schema does not name them.
VARIATION_EXTRAS = {"name": "string", "parent_id": "integer"}
# The text `parent` is documented for variations whose product counts the stock; an image may be missing.
MAY_ALSO_BE = {"manage_stock": ("parent",), "image": (None,), "stock_quantity": (None,)}
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


def test_every_write_operation_is_declared_and_no_other() -> None:
    assert set(load_manifest("connectors.woocommerce").writes) == set(CATALOG.writes) == set(OPERATIONS)


def test_what_the_connector_reads_for_itself_is_in_the_list(table: Any) -> None:
    resources = table["resources"]
    assert [name for name in PRODUCT_FIELDS if name not in resources["product"]] == []
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
    return shop


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
    }
    lists = 0
    for request, _ in everything_once(wc_version=version).passed:
        route = request.path.removeprefix("/wp-json/wc/v3/").rpartition("/")[2]
        names = {name for name, _ in request.query} - OF_WORDPRESS - OF_ACCESS
        assert names <= known.get(route, set()), request.path
        lists += route in known
    assert lists > 4


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


@pytest.mark.parametrize("resource", ["product", "product_variation"])
def test_the_simulator_shows_every_field_of_the_list(table: Any, resource: str) -> None:
    shop = Recorded(Ticker())
    shop.load(CATALOG_ITEMS)
    record = shop.snapshot()[shop.id_of("V1" if "_v" in resource else "A")]
    only_in_edit = {"permalink_template", "generated_slug"}
    stamps = {"date_modified", "date_modified_gmt"}
    assert set(table["resources"][resource]) - set(record) - only_in_edit - stamps == set()
