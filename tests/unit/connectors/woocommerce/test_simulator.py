"""Rules of the simulated shop that the contract tests do not reach."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from connectors.simulation import CatalogItem, Fault, NoAnswer, SimRequest, SimResponse, Ticker
from connectors.woocommerce.simulator import Switches, WooSimulator
from connectors.woocommerce.simulator.html import filter_html

API = "/wp-json/wc/v3"
Send = Callable[..., SimResponse]


@pytest.fixture
def shop(clock: Ticker) -> WooSimulator:
    made = WooSimulator(clock=clock, consumer_key="ck_x", consumer_secret="cs_x")
    made.load([
        CatalogItem("A", "Apple", Decimal("2.50"), {"WH1": 3}, tags=("red",)),
        CatalogItem("B", "Banana", Decimal("1.00"), {"WH1": 0}),
        CatalogItem("V1", "Shirt", Decimal(20), {"WH1": 4}, product="P", option="M"),
        CatalogItem("V2", "Shirt", Decimal(25), {"WH1": 0}, product="P", option="L"),
    ])  # fmt: skip
    return made


@pytest.fixture
def send(shop: WooSimulator) -> Send:
    def call(method: str, path: str, body: Any = None, **query: str) -> SimResponse:
        keys = {"consumer_key": "ck_x", "consumer_secret": "cs_x"}
        content = b"" if body is None else json.dumps(body).encode()
        found = tuple({**query, **keys}.items())
        return shop.handle(SimRequest(method, API + path, found, {}, content, "https", "shop"))

    return call


def skus(response: SimResponse) -> list[str]:
    return [record["sku"] for record in json.loads(response.body)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"orderby": "title", "order": "asc"}, ["A", "B", ""]),
        ({"orderby": "price", "order": "desc"}, ["", "A", "B"]),
        ({"type": "variable"}, [""]),
        ({"include": "11,10,999", "orderby": "include"}, ["B", "A"]),
        ({"exclude": "10", "type": "simple"}, ["B"]),
        ({"stock_status": "outofstock"}, ["B"]),
        ({"min_price": "2", "max_price": "3"}, ["A"]),
        ({"search": "banan"}, ["B"]),
        ({"tag": "1"}, ["A"]),
        ({"offset": "1", "per_page": "1", "orderby": "id", "order": "asc"}, ["B"]),
        ({"parent": "12", "sku": "V1,V2,A"}, ["V2", "V1"]),
        ({"status": "draft"}, []),
    ],
)
def test_lists_are_filtered_and_ordered(send: Send, query: dict[str, str], expected: list[str]) -> None:
    assert skus(send("GET", "/products", **query)) == expected


def test_parameters_of_the_wrong_shape_are_named_all_at_once(send: Send) -> None:
    wrong = {"per_page": "0", "page": "x", "order": "up", "include": "a", "modified_after": "now", "status": "on"}
    answer = send("GET", "/products", **wrong)
    assert answer.status == 400
    assert list(json.loads(answer.body)["data"]["params"]) == list(wrong)


def test_a_filter_it_cannot_do_is_refused_not_ignored(send: Send) -> None:
    assert send("GET", "/products", category="3").status == 501


def test_orderby_modified_may_be_refused(send: Send, shop: WooSimulator) -> None:
    shop.admin.set_stock("A", 9)
    assert skus(send("GET", "/products", orderby="modified"))[0] == "A"
    shop.switches.orderby_modified = False
    assert send("GET", "/products", orderby="modified").status == 400


def test_the_list_of_all_variations_came_with_10_3(send: Send, shop: WooSimulator) -> None:
    assert sorted(skus(send("GET", "/variations"))) == ["V1", "V2"]
    shop.switches.wc_version = "10.2.9"
    answer = send("GET", "/variations")
    assert (answer.status, json.loads(answer.body)["code"]) == (404, "rest_no_route")


def test_names_inside_a_list_empty_it(send: Send) -> None:
    shown = json.loads(send("GET", "/products", _fields="tags.name,dimensions.width", sku="A").body)
    assert shown == [{"dimensions": {"width": ""}, "tags": []}]


def test_a_variable_product_follows_its_variations(send: Send, shop: WooSimulator) -> None:
    def parent() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(send("GET", f"/products/{shop.parent_of('V1')}").body)
        return found

    assert (parent()["price"], parent()["stock_status"], parent()["stock_quantity"]) == ("20", "instock", None)
    shop.shop.sell("V1", 4)
    assert parent()["stock_status"] == "outofstock"
    assert [str(each) for each in parent()["variations"]] == [shop.id_of("V1"), shop.id_of("V2")]


def test_sales_reach_the_figure_that_counts_and_may_go_below_zero(shop: WooSimulator) -> None:
    shop.admin.count_at_parent("V1", 3)
    shop.shop.sell("V1", 5)
    assert (shop.quantity("V1"), shop.quantity("V2")) == (-2, 0)
    shop.shop.cancel("V1", 1)
    assert shop.quantity("V1") == -1


def test_a_sale_of_something_uncounted_changes_nothing(shop: WooSimulator) -> None:
    shop.admin.untrack("A")
    shop.shop.sell("A")
    assert shop.quantity("A") is None


@pytest.mark.parametrize("moves", [True, False])
def test_whether_a_sale_moves_the_date_is_a_switch(send: Send, shop: WooSimulator, moves: bool) -> None:
    shop.switches.sale_moves_modified = moves
    shop.shop.sell("A")
    found = skus(send("GET", "/products", modified_after="2026-11-02T00:00:00", dates_are_gmt="true"))
    assert found == (["A"] if moves else [])


def test_backorders_keep_a_product_sellable(send: Send, shop: WooSimulator) -> None:
    shown = json.loads(send("PUT", f"/products/{shop.id_of('B')}", {"backorders": "notify"}).body)
    assert (shown["stock_status"], shown["backordered"]) == ("onbackorder", True)


def test_a_relative_change_is_applied_to_what_is_held(send: Send, shop: WooSimulator) -> None:
    send("PUT", f"/products/{shop.id_of('A')}", {"inventory_delta": -2})
    assert shop.quantity("A") == 1


def test_trash_hides_with_all_variations_and_gives_them_back(send: Send, shop: WooSimulator) -> None:
    parent = shop.parent_of("V1")
    assert json.loads(send("DELETE", f"/products/{parent}").body)["status"] == "trash"
    assert skus(send("GET", "/variations")) == []
    assert skus(send("GET", "/products", status="trash")) == [""]
    with shop.turn():
        shop.store.restore(shop.store.products[int(parent)])
    assert sorted(skus(send("GET", "/variations"))) == ["V1", "V2"]


def test_delete_by_force_and_by_batch_is_for_good(send: Send, shop: WooSimulator) -> None:
    gone = [shop.id_of("A"), shop.id_of("B")]
    send("DELETE", f"/products/{gone[0]}", force="true")
    send("POST", "/products/batch", {"delete": [int(gone[1])]})
    assert [send("GET", f"/products/{each}").status for each in gone] == [404, 404]


def test_a_variation_is_not_written_as_a_product(send: Send, shop: WooSimulator) -> None:
    answer = send("PUT", f"/products/{shop.id_of('V1')}", {"regular_price": "1"})
    assert answer.status == 404
    wrong = send("POST", "/products/batch", {"update": [{"id": int(shop.id_of("V1")), "regular_price": "1"}]})
    assert "error" in json.loads(wrong.body)["update"][0]
    assert shop.price("V1") == 20


def test_a_sku_can_be_renamed_but_not_taken(send: Send, shop: WooSimulator) -> None:
    shop.admin.set_sku("A", "A2")
    assert shop.quantity("A2") == 3
    taken = send("PUT", f"/products/{shop.parent_of('V1')}/variations/{shop.id_of('V1')}", {"sku": "A2"})
    assert json.loads(taken.body)["code"] == "product_invalid_sku"
    assert send("PUT", f"/products/{shop.id_of('B')}", {"sku": "A"}).status == 200


def test_a_refused_create_leaves_nothing_behind(send: Send, shop: WooSimulator) -> None:
    before = shop.snapshot()
    assert send("POST", "/products", {"name": "Twin", "sku": "A"}).status == 400
    assert shop.snapshot() == before


@pytest.mark.parametrize(("effect", "saved"), [("fitted", 1), ("all", 2), ("none", 0)])
def test_a_slow_batch_gives_no_answer_and_saves_what_the_switch_says(
    send: Send, shop: WooSimulator, effect: Any, saved: int
) -> None:
    shop.switches.slow_batch_items, shop.switches.slow_batch_effect = 1, effect
    items = [{"id": int(shop.id_of(sku)), "stock_quantity": 9} for sku in ("A", "B")]
    with pytest.raises(NoAnswer):
        send("POST", "/products/batch", {"update": items})
    assert [shop.quantity("A"), shop.quantity("B")].count(9) == saved
    assert (len(shop.log.effects()), shop.log.writes()) == (saved, 1)


def test_without_validation_a_batch_cuts_what_does_not_fit(send: Send, shop: WooSimulator) -> None:
    shop.switches.batch_validates = False
    send("POST", "/products/batch", {"update": [{"id": int(shop.id_of("A")), "stock_quantity": 2.9}]})
    assert shop.quantity("A") == 2


def test_a_verb_in_the_query_counts(send: Send, shop: WooSimulator) -> None:
    path = f"/products/{shop.id_of('A')}"
    send("GET", path, _method="DELETE", force="true")
    assert (shop.log.writes(), send("GET", path).status) == (1, 404)


def test_pages_for_people_are_answered_outside_the_api(shop: WooSimulator) -> None:
    assert shop.handle(SimRequest("GET", "/")).headers["content-type"].startswith("text/html")
    shop.switches.pretty_permalinks = False
    assert shop.handle(SimRequest("GET", f"{API}/products")).status == 404
    plain = SimRequest("GET", "/", (("rest_route", "/wc/v3/products"),), scheme="https")
    assert json.loads(shop.handle(plain).body)["code"] == "woocommerce_rest_cannot_view"


def test_a_late_effect_comes_once_and_in_its_time(shop: WooSimulator, send: Send, clock: Ticker) -> None:
    shop.faults.add(Fault("late_effect", delay=10))
    with pytest.raises(NoAnswer):
        send("PUT", f"/products/{shop.id_of('A')}", {"stock_quantity": 8})
    assert shop.quantity("A") == 3
    clock.advance(10)
    assert shop.quantity("A") == 8
    assert len(shop.log.effects()) == 1


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain", "plain"),
        ("a & b", "a &amp; b"),
        ("<p>x</p>", "<p>x</p>"),
        ("<br/>", "<br />"),
        ("<script>alert(1)</script>", "alert(1)"),
        ('<a href="javascript:x" title="t">l</a>', '<a title="t">l</a>'),
        ("<b onclick=x>y</b>", "<b>y</b>"),
        ("&copy; &#8211;", "&copy; &#8211;"),
        ("<!-- c --><iframe src=x></iframe>", ""),
    ],
)
def test_texts_are_filtered_like_those_of_a_shop(text: str, kept: str) -> None:
    assert filter_html(text) == kept
    assert filter_html(kept) == kept


def test_switches_say_which_version_has_what() -> None:
    assert [Switches(wc_version=v).has_variations_route for v in ("9.9.5", "10.2.0", "10.3.0", "11.0.1")] == [
        False, False, True, True
    ]  # fmt: skip
