"""Every request to ShipBob, and every answer of its simulator, is of the vendor's own description."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from canonical.errors import AmbiguousError, FatalError
from connectors.manifest import load_fields, load_manifest
from connectors.shipbob.documents import LINE_FIELDS, ORDER_FIELDS
from connectors.shipbob.simulator import ShipBobSimulator, Switches
from connectors.shipbob.simulator.access import Token
from connectors.shipbob.simulator.simulator import CHANNEL, OTHER_CHANNEL, VERSION
from connectors.shipbob.simulator.webhooks import TOPICS
from connectors.simulation import Fault, SimRequest, SimResponse, SimTransport, Ticker
from tests.unit.connectors.shipbob.openapi import Description
from tests.unit.connectors.shipbob.stage import Stage, made

MANIFEST, CATALOG = load_manifest("connectors.shipbob"), load_fields("connectors.shipbob")
OF_RESOURCE = {
    "products": "Products.VariantViewModelV5",
    "inventory": "Inventory.InventoryQuantityFcResponse",
    "orders": "Orders.OrderViewModel",
    "returns": "Returns.PublicReturnDto",
}
OURS = {
    "product": "Products.ProductViewModelV5",
    "goods": "",
    "last_update_at": "",
    "shipments[].products[].quantity": "",
}


class Recorder(ShipBobSimulator):
    """A simulator that keeps what was asked and answered."""

    def __init__(self, clock: Ticker, **more: Any) -> None:
        super().__init__(clock=clock, **more)
        self.seen: list[tuple[SimRequest, SimResponse]] = []

    def answer(self, request: SimRequest) -> SimResponse:
        response = super().answer(request)
        self.seen.append((request, response))
        return response


@pytest.fixture(scope="module")
def description(specs: Path) -> Description:
    return Description(specs / "shipbob" / f"openapi-{VERSION}.json")


@pytest.fixture(scope="module", params=["internal", "absolute", "relative"])
def lived(request: pytest.FixtureRequest) -> Recorder:
    """An account on which everything happened that there is a test for."""
    clock = Ticker()
    account = Recorder(clock, switches=Switches(next_form=request.param))
    stage = Stage(clock, account)
    _furnish(stage)
    _trade(stage)
    _go_wrong(stage)
    return account


def _furnish(stage: Stage) -> None:
    for number in range(25):
        stage.stock(f"S{number}", {8: 10, 20: 5}, gtin="4006381333931" if number else "")
    stage.account.admin.bundle("SET", {"S1": 2, "S2": 1})
    stage.account.admin.variant("S3").references[CHANNEL] = "SELLER-3"
    stage.settle()


def _trade(stage: Stage) -> None:
    admin = stage.account.admin
    orders = [made(stage.create({f"S{number}": 12, "SET": 1}, f"shop-{number}-1", note="🎂")) for number in range(4)]
    orders.append(made(stage.create({"SELLER-3": 1}, "shop-9-1", location="WH2", shipping_method="Express")))
    orders.append(admin.order("other-1", {"NEW": 1}, OTHER_CHANNEL))
    _read(stage)
    stage.settle()
    admin.ship(admin.shipments(orders[0])[0], "T1")
    admin.deliver(admin.shipments(orders[0])[0])
    admin.hold(admin.shipments(orders[1])[0])
    admin.miss(admin.shipments(orders[2])[0])
    admin.label(admin.shipments(orders[4])[0], "T2", carrier=None)
    _read(stage)
    assert stage.cancel("shop-3-1", str(orders[3])).message == ""
    assert stage.cancel("shop-0-1").reason == "cancel_refused"
    assert made(stage.create({"S1": 1}, "shop-1-1")) == orders[1]
    admin.process_return(admin.send_back(admin.shipments(orders[0])[0], {"S1": 1}))
    _read(stage)


def _read(stage: Stage) -> None:
    connector = stage.connect(orders_since="2026-01-01", page_size=10)
    connector.check()
    connector.locations()
    for resource, spec in MANIFEST.resources.items():
        pages = list(connector.pull(resource, ()))
        ids = [json.loads(bytes(record)) for page in pages for record in page.records]
        list(connector.lookup(resource, (), [str(one.get("inventory_id") or one["id"]) for one in ids]))
        if spec.timestamp:
            list(connector.changed_since(resource, (), str(pages[-1].cursor)))


def _go_wrong(stage: Stage) -> None:
    account = stage.account
    account.access.tokens["weak"] = Token(CHANNEL, frozenset({"channels_read"}))
    for token in ("weak", "nobody"):
        stage.connect(token=token).check()
        with pytest.raises(FatalError):
            stage.connect(token=token, channel_id="1").push(stage.compose({"S1": 1}, "x"))
    with pytest.raises(FatalError):
        stage.connect(channel_id=str(OTHER_CHANNEL)).push(stage.compose({"S1": 1}, "x"))
    account.throttle(1)
    account.faults.add(Fault("timeout_before", only="write"))
    with pytest.raises(AmbiguousError):
        stage.create({"S1": 1}, "y")
    with httpx.Client(transport=SimTransport(account), base_url="https://api.shipbob.com") as people:
        people.headers["authorization"] = "Bearer pat-simulated"
        for path in _visited(account):
            people.get(f"/{VERSION}/{path}")
        topics = sorted(TOPICS)
        people.post(f"/{VERSION}/webhook", json={"topics": topics, "url": "https://hook.example"})
        people.get(f"/{VERSION}/webhook")
        for body in (_order_without_name(), {**_order_without_name(), "location_id": 77}):
            people.post(f"/{VERSION}/order", headers={"shipbob_channel_id": str(CHANNEL)}, json=body)
        people.post(f"/{VERSION}/order/999999:cancel", headers={"shipbob_channel_id": str(CHANNEL)})


def _order_without_name() -> dict[str, Any]:
    """Well formed, for a product that nobody knows."""
    return {
        "reference_id": "nameless",
        "type": "DTC",
        "shipping_method": "Standard",
        "recipient": {"name": "Ada", "address": {"address1": "1 Main St", "city": "Chicago", "country": "US"}},
        "products": [{"reference_id": "NOBODY", "name": None, "quantity": 1}],
    }


def _visited(account: ShipBobSimulator) -> Iterator[str]:
    order = account.account.orders[next(iter(account.account.orders))]
    returned = next(iter(account.account.returns))
    product = next(iter(account.account.products))
    inventory = account.admin.variant("S1").inventory_id
    yield from (f"order/{order.id}", "order/1", f"shipment/{order.shipments[0]}", "shipment/1")
    yield from (f"product/{product}", f"inventory-level/{inventory}/locations", "return?Cursor=1&Limit=1")
    yield f"return/{returned}"


def test_every_exchange_is_of_the_vendors_description(description: Description, lived: Recorder) -> None:
    wrong = {problem for request, response in lived.seen for problem in description.problems(request, response)}
    assert wrong == set()


def test_everything_that_is_used_was_seen(lived: Recorder) -> None:
    paths = {f"{one.method} {re.sub(r'[0-9]+(?=$|/|:)', 'N', one.path)}" for one, _ in lived.seen}
    statuses = {response.status for _, response in lived.seen}
    assert {
        "GET /2026-N/channel",
        "GET /2026-N/location",
        "GET /2026-N/product",
        "GET /2026-N/inventory-level/locations",
        "GET /2026-N/order",
        "POST /2026-N/order",
        "POST /2026-N/order/N:cancel",
    } <= paths
    assert {200, 201, 401, 403, 404, 422, 429} <= statuses


def test_the_description_refuses_what_is_wrong(description: Description, lived: Recorder) -> None:
    """The check would see a field too many, a field too few, and one of another kind."""
    sent, answered = next((one, two) for one, two in lived.seen if one.method == "POST" and two.status == 201)
    body, order = json.loads(sent.body), json.loads(answered.body)
    broken = [{**body, "colour": "red"}, {**body, "type": "Gift"}, {**body, "products": []}]
    broken += [{name: value for name, value in body.items() if name != "recipient"}]
    for one in broken:
        request = SimRequest("POST", sent.path, headers=sent.headers, body=json.dumps(one).encode())
        assert list(description.problems(request, None))
    for wrong in ({**order, "status": "Sent"}, {**order, "id": "7"}, {**order, "stock": 1}):
        assert list(description.problems(sent, SimResponse(201, {}, json.dumps(wrong).encode())))
    bare = SimRequest("POST", sent.path, body=sent.body)
    assert list(description.problems(bare, None)) == [f"POST {sent.path}: the header shipbob_channel_id is missing"]


@pytest.mark.parametrize(
    ("resource", "path"), [(resource, path) for resource, paths in CATALOG.resources.items() for path in paths]
)
def test_every_readable_path_is_a_field(description: Description, resource: str, path: str) -> None:
    name, rest = OF_RESOURCE[resource], path
    if path in OURS:
        return
    head, _, inner = path.partition(".")
    if head in OURS:
        name, rest = OURS[head], inner
    assert _has(description.fit({"$ref": f"#/components/schemas/{name}"}), rest.replace("[]", "").split("."))


def _has(schema: dict[str, Any], steps: list[str]) -> bool:
    if not steps:
        return True
    found = False
    for one in schema.get("anyOf", [schema]):
        inner = one.get("items", one)
        if "anyOf" in inner:
            found = found or _has(inner, steps)
        elif steps[0] in inner.get("properties", {}):
            found = found or _has(inner["properties"][steps[0]], steps[1:])
    return found


def test_every_field_of_an_order_is_one_of_the_body(description: Description) -> None:
    body = description.fit({"$ref": "#/components/schemas/Orders.CreateOrderModel"})
    assert set(body["properties"]) == ORDER_FIELDS
    lines = [name for one in body["properties"]["products"]["items"]["anyOf"] for name in one["properties"]]
    assert set(lines) == LINE_FIELDS


def test_every_topic_is_one_of_the_vendors(description: Description) -> None:
    assert set(description.fit({"$ref": "#/components/schemas/Webhooks.Topics"})["enum"]) == TOPICS


def test_the_version_is_the_one_that_was_described(specs: Path) -> None:
    assert MANIFEST.default_version == VERSION
    for version in MANIFEST.versions:
        assert (specs / "shipbob" / f"openapi-{version}.json").is_file()


def test_no_read_of_ours_is_malformed(lived: Recorder) -> None:
    assert [one.path for one, two in lived.seen if one.method == "GET" and two.status == 400] == []
