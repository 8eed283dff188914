from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.simulation import SimRequest, SimTransport, serve
from tests.servers.tryton.world import World


def _send(world: World, method: str, *params: Any, headers: dict[str, str] | None = None, **context: Any) -> Any:
    connector = world.connect()
    connector.locations()
    header = {"Authorization": connector._client.session().header, **(headers or {})}
    body = {"id": 1, "method": f"model.{method}", "params": [*params, context]}
    with httpx.Client(transport=SimTransport(world.simulator), base_url=world.url) as client:
        return client.post("/tryton/rpc/", json=body, headers=header)


def _forecast(world: World, end: date | None) -> float:
    context: dict[str, Any] = {"locations": [int(world.warehouse_ids["WH1"])]}
    if end is not None:
        context["stock_date_end"] = {"__class__": "date", "year": end.year, "month": end.month, "day": end.day}
    rows = _send(
        world, "product.product.read", [int(world.product_ids["MUG-01"])], ["forecast_quantity"], **context
    ).json()["result"]
    return float(rows[0]["forecast_quantity"])


def test_its_own_forecast_leaves_out_promises_that_are_overdue(world: World) -> None:
    for offset, units in ((0, 2), (1, 3), (-1, 4)):
        world.merchant.book_sale("MUG-01", "WH1", units, world.day(offset))
    assert _forecast(world, world.today()) == 101 - 2
    assert _forecast(world, world.day(1)) == 101 - 2 - 3
    assert _forecast(world, None) == 101 - 2 - 3


def test_a_price_moves_the_stamp_of_the_template_only(world: World) -> None:
    variant = world.simulator.state.variants[int(world.product_ids["BOOK"])]
    before = variant.token, world.simulator.state.templates[variant.template].token
    world.simulator.admin.set_price("BOOK", Decimal(7))
    assert variant.token == before[0]
    assert world.simulator.state.templates[variant.template].token != before[1]


def test_a_move_touches_neither_product_nor_template(world: World) -> None:
    variant = world.simulator.state.variants[int(world.product_ids["BOOK"])]
    before = variant.token, world.simulator.state.templates[variant.template].token
    world.simulator.admin.set_stock("BOOK", "WH1", 50)
    assert (variant.token, world.simulator.state.templates[variant.template].token) == before


def test_two_writes_at_one_instant_have_different_tokens(world: World) -> None:
    world.simulator.admin.set_price("BOOK", Decimal(7))
    first = world.simulator.state.template_of(int(world.product_ids["BOOK"])).token
    world.simulator.admin.set_price("BOOK", Decimal(7))
    assert world.simulator.state.template_of(int(world.product_ids["BOOK"])).token != first


def test_a_document_books_the_difference_to_what_it_found_when_it_was_made(world: World) -> None:
    place = world.simulator.admin.warehouse("WH1").zones["storage"]
    line = {"product": int(world.product_ids["BOOK"]), "quantity": 10.0}
    values = {"location": place, "company": 1, "lines": [["create", [line]]]}
    ids = _send(world, "stock.inventory.create", [values]).json()["result"]
    world.simulator.admin.set_stock("BOOK", "WH1", 100)
    _send(world, "stock.inventory.confirm", ids)
    assert world.simulator.quantity("BOOK", "WH1") == 100 + (10 - 3)


def test_long_answers_are_labeled_as_compressed_even_when_they_are_not(world: World) -> None:
    connector = world.connect()
    connector.locations()
    header = {"authorization": connector._client.session().header, "accept-encoding": "identity"}
    query = b'{"id":1,"method":"model.product.product.search_read","params":[[],0,LIMIT,null,["code","rec_name"],{}]}'
    short = world.simulator.handle(_request("/tryton/rpc/", query.replace(b"LIMIT", b"1"), header))
    long = world.simulator.handle(_request("/tryton/rpc/", query.replace(b"LIMIT", b"28"), header))
    assert "content-encoding" not in short.headers
    assert long.headers["content-encoding"] == "gzip"
    assert long.body.startswith(b'{"id":1')


def _request(path: str, body: bytes, headers: dict[str, str]) -> SimRequest:
    return SimRequest("POST", path, headers={"content-type": "application/json", **headers}, body=body)


def test_after_five_wrong_passwords_nobody_gets_in(world: World) -> None:
    login = {"id": 1, "method": "common.db.login", "params": ["admin", {"password": "wrong"}, "en"]}
    with httpx.Client(transport=SimTransport(world.simulator), base_url=world.url) as client:
        assert [client.post("/tryton/rpc/", json=login).status_code for _ in range(6)] == [401] * 5 + [429]


def test_effects_are_counted_not_requests(world: World) -> None:
    world.simulator.log.clear()
    _send(world, "product.template.write", [999999], {"name": "x"})
    assert world.simulator.log.writes() == 1
    assert world.simulator.log.effects() == []


def test_an_archived_product_is_only_found_when_asked_for(world: World) -> None:
    shown = _send(world, "product.product.search", [["code", "=", "OLD"]], 0, None, None).json()["result"]
    asked = _send(world, "product.product.search", [["code", "=", "OLD"]], 0, None, None, active_test=False)
    assert shown == []
    assert len(asked.json()["result"]) == 1


@pytest.mark.parametrize(
    ("domain", "skus"),
    [
        (["OR", ["code", "=", "BOOK"], ["code", "=", "CLOTH"]], {"BOOK", "CLOTH"}),
        ([["code", "in", ["BOOK", "WRAP"]], ["type", "!=", "service"]], {"BOOK"}),
        ([["code", "like", "SHIRT%"], ["id", ">", 0]], {"SHIRT-S", "SHIRT-M", "SHIRT-L"}),
        (["AND", ["template.name", "=", "Shirt"], ["code", "not in", ["SHIRT-S"]]], {"SHIRT-M", "SHIRT-L"}),
        ([["code", "=", "BOOK"], [["id", "<=", 0]]], set()),
    ],
)
def test_domains_are_evaluated(world: World, domain: list[Any], skus: set[str]) -> None:
    rows = _send(world, "product.product.search_read", domain, 0, None, None, ["code"]).json()["result"]
    assert {row["code"] for row in rows} == skus


def test_it_is_served_over_real_http(world: World) -> None:
    with serve(world.simulator) as served, httpx.Client(base_url=served.base_url, trust_env=False) as client:
        version = {"id": 7, "method": "common.server.version", "params": []}
        assert client.post("/rpc/", json=version).json() == {"id": 7, "result": "8.2"}


def test_numbers_of_deleted_documents_are_not_given_again(world: World) -> None:
    place = world.simulator.admin.warehouse("WH1").zones["storage"]
    values = {"location": place, "company": 1, "lines": []}
    first = _send(world, "stock.inventory.create", [values]).json()["result"]
    _send(world, "stock.inventory.delete", first)
    assert _send(world, "stock.inventory.create", [values]).json()["result"] == [first[0] + 1]
