"""What an answer says of each row of a write."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from canonical.errors import AmbiguousError
from connectors.base import Call, CallOutcome, RowStatus, WriteRow
from connectors.http import Answer
from connectors.shopify.outcomes import judge
from connectors.shopify.packing import pack
from connectors.simulation import Ticker

APPLIED, STALE, REJECTED, UNTOUCHED = RowStatus.APPLIED, RowStatus.STALE, RowStatus.REJECTED, RowStatus.UNTOUCHED
GROUP = {"id": "gid://shopify/InventoryAdjustmentGroup/1"}


def stock_call(rows: int = 3) -> Call:
    items = [
        WriteRow(
            10 + n, "inventoryItems", f"gid://shopify/InventoryItem/{n}", {"quantity": 1}, {"quantity": 2}, scope_id="L"
        )
        for n in range(rows)
    ]
    return pack(items, lambda: "key")[0]


def price_call(rows: int = 2) -> Call:
    variants = [
        WriteRow(20 + n, "productVariants", f"gid://shopify/ProductVariant/{n}", {"price": "1.00"}, parent_id="P")
        for n in range(rows)
    ]
    return pack(variants, lambda: "key")[0]


def error(code: str, *field: str) -> dict[str, Any]:
    return {"code": code, "message": "because", "field": list(field) or None}


def stale(position: int) -> dict[str, Any]:
    return error("CHANGE_FROM_QUANTITY_STALE", "input", "quantities", str(position), "changeFromQuantity")


def judged(call: Call, payload: dict[str, Any] | None) -> CallOutcome:
    content = msgspec.json.encode({"data": {"written": payload}})
    return judge(call, Answer(200, httpx.Headers(), content, Ticker().now(), 0.1, call.operation))


def statuses(call: Call, *errors: dict[str, Any], group: dict[str, str] | None = None) -> list[RowStatus]:
    outcome = judged(call, {"inventoryAdjustmentGroup": group, "userErrors": list(errors)})
    assert tuple(outcome) == call.rows
    return [outcome[number].status for number in call.rows]


def test_without_complaints_every_row_is_applied() -> None:
    assert statuses(stock_call(), group=GROUP) == [APPLIED] * 3


def test_a_set_that_changes_nothing_has_no_group_and_is_applied() -> None:
    assert statuses(stock_call()) == [APPLIED] * 3


def test_one_stale_row_leaves_the_others_untouched_when_nothing_was_done() -> None:
    assert statuses(stock_call(), stale(1)) == [UNTOUCHED, STALE, UNTOUCHED]


def test_one_stale_row_leaves_the_others_applied_when_the_platform_did_them() -> None:
    assert statuses(stock_call(), stale(1), group=GROUP) == [APPLIED, STALE, APPLIED]


@pytest.mark.parametrize(
    "code",
    [
        "INVALID_INVENTORY_ITEM",
        "INVALID_LOCATION",
        "INVALID_QUANTITY_NEGATIVE",
        "NON_MUTABLE_INVENTORY_ITEM",
        "ITEM_NOT_STOCKED_AT_LOCATION",
    ],
)
def test_a_bad_row_is_rejected_with_the_reason(code: str) -> None:
    call = stock_call()
    payload = {"inventoryAdjustmentGroup": None, "userErrors": [error(code, "input", "quantities", "2")]}
    outcome = judged(call, payload)
    assert [outcome[number].status for number in call.rows] == [UNTOUCHED, UNTOUCHED, REJECTED]
    assert code in outcome[12].message


def test_a_complaint_that_names_no_row_leaves_all_untouched() -> None:
    assert statuses(stock_call(), error("INVALID_REASON", "input", "reason")) == [UNTOUCHED] * 3


def test_a_complaint_that_names_no_row_hits_the_only_one() -> None:
    assert statuses(stock_call(1), error("INVALID_REASON", "input", "reason")) == [REJECTED]
    assert statuses(stock_call(1), error("CHANGE_FROM_QUANTITY_STALE")) == [STALE]


def test_a_position_beyond_the_rows_accuses_nobody() -> None:
    assert statuses(stock_call(), stale(9)) == [UNTOUCHED] * 3


@pytest.mark.parametrize("rows", [1, 3])
def test_a_failed_earlier_attempt_asks_for_a_new_call(rows: int) -> None:
    assert statuses(stock_call(rows), error("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED")) == [UNTOUCHED] * rows


def test_a_key_used_for_another_call_leaves_the_effect_open() -> None:
    with pytest.raises(AmbiguousError):
        statuses(stock_call(), error("IDEMPOTENCY_KEY_PARAMETER_MISMATCH"))


def test_an_answer_without_a_result_leaves_the_effect_open() -> None:
    with pytest.raises(AmbiguousError):
        judged(stock_call(), None)


def test_updated_variants_come_back_as_they_are_held_now() -> None:
    call = price_call()
    held = [{"id": f"gid://shopify/ProductVariant/{n}", "price": "1.00"} for n in (1, 0)]
    outcome = judged(call, {"productVariants": held, "userErrors": []})
    assert [outcome[number].status for number in call.rows] == [APPLIED, APPLIED]
    records = [msgspec.json.decode(outcome[number].record or b"") for number in call.rows]
    assert records == [held[1], held[0]]


def test_a_variant_missing_from_the_answer_leaves_the_effect_open() -> None:
    held = [{"id": "gid://shopify/ProductVariant/0", "price": "1.00"}]
    with pytest.raises(AmbiguousError, match="ProductVariant/1"):
        judged(price_call(), {"productVariants": held, "userErrors": []})


def test_one_bad_price_leaves_the_product_untouched() -> None:
    payload = {"productVariants": None, "userErrors": [error("NEGATIVE_PRICE_VALUE", "variants", "1", "price")]}
    outcome = judged(price_call(), payload)
    assert [outcome[number].status for number in (20, 21)] == [UNTOUCHED, REJECTED]


def test_a_product_that_is_gone_rejects_all_its_rows() -> None:
    payload = {"productVariants": None, "userErrors": [error("PRODUCT_DOES_NOT_EXIST", "productId")]}
    outcome = judged(price_call(), payload)
    assert [outcome[number].status for number in (20, 21)] == [REJECTED, REJECTED]
