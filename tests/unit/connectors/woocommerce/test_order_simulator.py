"""What the simulated shop does with orders: stock by status, unpaid ones, edits, refunds, the trash, the routes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.simulation import CatalogItem, SimTransport
from connectors.woocommerce.simulator import WooSimulator
from connectors.woocommerce.simulator.checkout import SoldOutError
from tests.unit.connectors.woocommerce.trading import open_shop

Ask = Callable[..., httpx.Response]


@pytest.fixture
def shop() -> WooSimulator:
    return open_shop()


@pytest.fixture
def ask(shop: WooSimulator) -> Ask:
    client = httpx.Client(
        base_url="https://shop.example/wp-json/wc/v3/",
        auth=("ck_simulated", "cs_simulated"),
        transport=SimTransport(shop),
    )
    return client.request


def left(shop: WooSimulator, sku: str = "S1") -> int:
    return shop.quantity(sku) or 0


def reduced(ask: Ask, order: int) -> list[str]:
    """What the shop notes at the lines of an order that it took off for them."""
    lines = ask("GET", f"orders/{order}").json()["line_items"]
    return [entry["value"] for line in lines for entry in line["meta_data"] if entry["key"] == "_reduced_stock"]


def test_units_are_taken_off_once_a_line_and_given_back_when_an_order_is_called_off(
    shop: WooSimulator, ask: Ask
) -> None:
    order = shop.checkout.place({"S1": 3}, status="pending")
    assert (left(shop), reduced(ask, order)) == (20, [])
    shop.checkout.pay(order, "ch_1")
    assert (left(shop), reduced(ask, order)) == (17, ["3"])
    for status in ("completed", "on-hold", "failed", "packed", "processing"):
        shop.checkout.enter(order, status)
        assert left(shop) == 17
    shop.checkout.cancel(order)
    assert (left(shop), reduced(ask, order)) == (20, [])
    shop.checkout.enter(order, "on-hold")
    assert left(shop) == 17
    shop.checkout.enter(order, "pending")
    assert left(shop) == 20


def test_an_order_moves_the_date_of_its_products_where_the_shop_does(shop: WooSimulator, ask: Ask) -> None:
    def stamp() -> str:
        found: str = ask("GET", f"products/{shop.id_of('S1')}").json()["date_modified_gmt"]
        return found

    before = stamp()
    shop.checkout.place({"S1": 1}, status="pending")
    assert stamp() == before
    shop.checkout.place({"S1": 1})
    after = stamp()
    assert after > before
    shop.switches.sale_moves_modified = False
    shop.clock.sleep(60)
    shop.checkout.place({"S1": 1})
    assert stamp() == after
    assert left(shop) == 18


def test_an_order_of_a_variation_takes_off_where_its_stock_is_counted(shop: WooSimulator) -> None:
    shop.checkout.place({"V1": 2})
    assert (left(shop, "V1"), left(shop, "V2")) == (18, 20)
    shop.admin.count_at_parent("V1", 9)
    shop.checkout.place({"V1": 4})
    assert left(shop, "V1") == 5


def test_unpaid_orders_keep_their_units_from_other_shoppers_for_an_hour(shop: WooSimulator) -> None:
    shop.checkout.buy({"S1": 18}, status="pending")
    assert (left(shop), shop.checkout.held("S1")) == (20, 18)
    with pytest.raises(SoldOutError, match="3 wanted, 2 to be had"):
        shop.checkout.buy({"S1": 3})
    shop.clock.sleep(61 * 60)
    assert shop.checkout.held("S1") == 0
    shop.checkout.buy({"S1": 3})
    assert left(shop) == 17


def test_the_timer_calls_off_what_was_not_paid_for_in_time(shop: WooSimulator) -> None:
    late, paid = (shop.checkout.place({"S1": 2}, status="pending") for _ in range(2))
    shop.checkout.pay(paid)
    assert shop.checkout.cancel_unpaid() == []
    shop.clock.sleep(61 * 60)
    assert shop.checkout.cancel_unpaid() == [late]
    assert left(shop) == 18


def test_an_order_past_the_checkout_sells_what_is_not_there(shop: WooSimulator) -> None:
    shop.checkout.place({"S1": 25})
    assert left(shop) == -5


def test_edits_of_lines_move_the_shelf_less_what_refunds_put_back(shop: WooSimulator, ask: Ask) -> None:
    order = shop.checkout.place({"S1": 3}, tax_rate="0.19")
    shop.checkout.edit(order, 0, 5)
    assert left(shop) == 15
    shop.checkout.refund(order, "1.00", {0: 2}, restock=True)
    assert (left(shop), reduced(ask, order)) == (17, ["3"])
    shop.checkout.edit(order, 0, 4)
    assert (left(shop), reduced(ask, order)) == (18, ["2"])
    shop.checkout.add(order, "S2", 2)
    assert left(shop, "S2") == 18
    shop.checkout.remove(order, 1)
    assert left(shop, "S2") == 20
    shown = ask("GET", f"orders/{order}").json()
    assert (shown["total"], shown["line_items"][0]["subtotal"], shown["total_tax"]) == ("47.55", "39.96", "7.59")


def test_a_refund_by_the_api_pays_out_and_restocks_unless_it_is_told_not_to(shop: WooSimulator, ask: Ask) -> None:
    order = shop.checkout.place({"S1": 4}, transaction_id="ch_1")
    line = shop.checkout.get(order).lines[0].id
    body: dict[str, Any] = {"amount": "1.00", "line_items": [{"id": line, "quantity": 1}]}
    made = ask("POST", f"orders/{order}/refunds", json=body)
    assert (made.status_code, made.json()["refunded_payment"], left(shop)) == (201, True, 17)
    made = ask("POST", f"orders/{order}/refunds", json={**body, "api_refund": False, "api_restock": False})
    assert (made.status_code, made.json()["refunded_payment"], left(shop)) == (201, False, 17)
    line_items = made.json()["line_items"]
    assert (line_items[0]["quantity"], line_items[0]["meta_data"][0]["value"]) == (-1, str(line))
    shown = ask("GET", f"orders/{order}").json()
    assert [one["total"] for one in shown["refunds"]] == ["-1.00", "-1.00"]
    assert {entry["key"]: entry["value"] for entry in shown["line_items"][0]["meta_data"]} == {
        "_reduced_stock": "3",
        "_restock_refunded_items": "1",
    }


def test_a_refund_without_an_amount_is_what_its_lines_come_to(shop: WooSimulator, ask: Ask) -> None:
    order = shop.checkout.place({"S1": 2}, tax_rate="0.19")
    line = shop.checkout.get(order).lines[0].id
    row = {"id": line, "quantity": 1, "refund_total": 9.99, "refund_tax": [{"id": 1, "refund_total": "1.90"}]}
    body = {"line_items": [row], "api_refund": False}
    assert ask("POST", f"orders/{order}/refunds", json=body).json()["amount"] == "11.89"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"amount": "-1", "api_refund": False}, "woocommerce_rest_invalid_order_refund"),
        ({"amount": "99", "api_refund": False}, "woocommerce_rest_cannot_create_order_refund"),
        ({"amount": "1"}, "woocommerce_rest_cannot_create_order_refund"),  # its gateway cannot pay out
    ],
)
def test_a_refund_that_cannot_be_made_answers_with_500_and_a_bare_number(
    shop: WooSimulator, ask: Ask, body: dict[str, Any], code: str
) -> None:
    order = shop.checkout.place({"S1": 2})
    answer = ask("POST", f"orders/{order}/refunds", json=body)
    assert (answer.status_code, answer.json()["code"]) == (500, code)
    assert isinstance(answer.json()["data"], int)
    assert shop.checkout.get(order).refunds == []


def test_an_order_is_refunded_by_its_last_refund_or_refunds_what_is_left_when_it_is_called_that(
    shop: WooSimulator,
) -> None:
    first, second = shop.checkout.place({"S1": 2}), shop.checkout.place({"S1": 2})
    shop.checkout.refund(first, "10.00", restock=False)
    assert shop.checkout.get(first).status == "processing"
    shop.checkout.refund(first, "9.98", restock=False)
    assert shop.checkout.get(first).status == "refunded"
    shop.checkout.enter(second, "refunded")
    assert [one.amount for one in shop.checkout.get(second).refunds] == [Decimal("19.98")]
    assert left(shop) == 16


def test_the_trash_hides_orders_from_lists_and_keeps_their_stock(shop: WooSimulator, ask: Ask) -> None:
    order, other = shop.checkout.place({"S1": 2}), shop.checkout.place({"S1": 1})
    assert ask("DELETE", f"orders/{order}").json()["status"] == "trash"
    assert ask("DELETE", f"orders/{order}").status_code == 410
    assert [one["id"] for one in ask("GET", "orders").json()] == [other]
    assert [one["id"] for one in ask("GET", "orders?status=trash").json()] == [order]
    assert ask("GET", f"orders/{order}").json()["status"] == "trash"
    assert left(shop) == 17
    shop.checkout.restore(order)
    assert ask("GET", f"orders/{order}").json()["status"] == "processing"
    assert ask("DELETE", f"orders/{order}?force=true").status_code == 200
    assert ask("GET", f"orders/{order}").json()["code"] == "woocommerce_rest_shop_order_invalid_id"


def test_lists_are_filtered_by_what_the_shop_knows_and_by_nothing_else(shop: WooSimulator, ask: Ask) -> None:
    first = shop.checkout.place({"S1": 1}, customer_id=7)
    second = shop.checkout.place({"S2": 1}, status="on-hold")

    def found(query: str) -> list[int]:
        return sorted(one["id"] for one in ask("GET", f"orders?{query}").json())

    both = [first, second]
    assert found("meta_key=_ours&meta_value=none&sku=X&type=strange") == both
    assert found("status=on-hold") == [second]
    assert found("status=on-hold,processing") == both
    assert found("customer=7") == [first]
    assert found(f"product={shop.id_of('S2')}") == [second]
    assert found(f"include={first},999") == [first]
    assert found(f"exclude={first}") == [second]
    assert found(f"search={second}") == [second]
    assert found("search=_plugin") == []
    for query in ("status=eaten", "per_page=101", "customer=x", "dp=9"):
        answer = ask("GET", f"orders?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "rest_invalid_param")
    assert ask("GET", "orders?dp=4").json()[0]["total"] == "9.9900"
    assert found("page=9") == []


def test_drafts_of_the_checkout_are_listed_where_the_shop_does(shop: WooSimulator, ask: Ask) -> None:
    shop.checkout.place({"S1": 1}, status="checkout-draft")
    assert [one["status"] for one in ask("GET", "orders").json()] == ["checkout-draft"]
    shop.switches.drafts_listed = False
    assert ask("GET", "orders").json() == []


def test_dates_have_no_zone_and_filters_take_the_sites_own_unless_they_are_told_otherwise(
    shop: WooSimulator, ask: Ask
) -> None:
    order = shop.checkout.place({"S1": 1})
    shown = ask("GET", f"orders/{order}").json()
    local, utc = shown["date_modified"], shown["date_modified_gmt"]
    assert (int(local[11:13]) - int(utc[11:13])) % 24 == 2
    assert ask("GET", f"orders?modified_after={utc}&dates_are_gmt=true").json() == []
    before = f"{utc[:-2]}{int(utc[-2:]) - 1:02d}" if utc[-2:] != "00" else "2000-01-01T00:00:00"
    assert len(ask("GET", f"orders?modified_after={before}&dates_are_gmt=true").json()) == 1
    assert len(ask("GET", f"orders?modified_after={utc}").json()) == 1
    assert ask("GET", f"orders?modified_after={local}").json() == []


def test_saves_of_an_order_take_what_they_know(shop: WooSimulator, ask: Ask) -> None:
    order = shop.checkout.place({"S1": 1}, status="pending")
    body = {"customer_note": "ring", "eaten": True, "meta_data": [{"key": "a", "value": 1}, {"key": "b", "value": [2]}]}
    shown = ask("PUT", f"orders/{order}", json=body).json()
    assert (shown["customer_note"], [entry["value"] for entry in shown["meta_data"]]) == ("ring", [1, [2]])
    entry = shown["meta_data"][1]["id"]
    body = {"meta_data": [{"key": "a", "value": 3}, {"id": entry, "key": "b", "value": None}]}
    assert [one["value"] for one in ask("PUT", f"orders/{order}", json=body).json()["meta_data"]] == [3]
    shop.clock.sleep(5)
    assert ask("PUT", f"orders/{order}", json={}).json()["date_modified_gmt"] > shown["date_modified_gmt"]
    assert ask("PUT", f"orders/{order}", json={"set_paid": True}).json()["status"] == "processing"
    assert ask("PUT", f"orders/{order}", json={"status": "eaten"}).json()["code"] == "rest_invalid_param"
    assert ask("PUT", "orders/9", json={}).status_code == 400
    assert ask("POST", "orders", json={}).status_code == 501
    assert ask("PUT", f"orders/{order}", json={"line_items": []}).status_code == 501


def test_refunds_can_be_listed_read_and_withdrawn_and_put_nothing_back_then(shop: WooSimulator, ask: Ask) -> None:
    order = shop.checkout.place({"S1": 3})
    numbers = [shop.checkout.refund(order, "1.00", {0: 1}, restock=True).id for _ in range(2)]
    assert [one["id"] for one in ask("GET", f"orders/{order}/refunds").json()] == numbers[::-1]
    assert ask("GET", f"orders/{order}/refunds/{numbers[0]}").json()["amount"] == "1.00"
    assert ask("DELETE", f"orders/{order}/refunds/{numbers[0]}").status_code == 501
    assert ask("DELETE", f"orders/{order}/refunds/{numbers[0]}?force=true").status_code == 200
    assert ask("GET", f"orders/{order}/refunds/{numbers[0]}").status_code == 404
    assert left(shop) == 19


def test_prices_that_have_their_tax_in_them_are_told_net(ask: Ask, shop: WooSimulator) -> None:
    included = shop.checkout.place({"S1": 1}, tax_rate="0.19", prices_include_tax=True)
    on_top = shop.checkout.place({"S1": 1}, tax_rate="0.19")
    shown = [ask("GET", f"orders/{order}").json() for order in (included, on_top)]
    assert [(one["prices_include_tax"], one["total"], one["line_items"][0]["subtotal"]) for one in shown] == [
        (True, "9.99", "8.39"),
        (False, "11.89", "9.99"),
    ]
    assert ask("GET", f"orders/{included}?_fields=id,total").json() == {"id": included, "total": "9.99"}


def test_coupons_lower_lines_and_are_told_beside_them(shop: WooSimulator, ask: Ask) -> None:
    shown = ask("GET", f"orders/{shop.checkout.place({'S1': 2}, coupon='10')}").json()
    line = shown["line_items"][0]
    assert (line["subtotal"], line["total"], shown["discount_total"]) == ("19.98", "17.98", "2.00")
    assert [(one["code"], one["discount"]) for one in shown["coupon_lines"]] == [("less", "2.00")]


def test_what_nobody_counts_is_sold_without_a_figure() -> None:
    shop = open_shop([CatalogItem("A", "Thing", Decimal(1), {"WH1": 1})])
    shop.admin.untrack("A")
    shop.checkout.buy({"A": 99})
    assert shop.quantity("A") is None
