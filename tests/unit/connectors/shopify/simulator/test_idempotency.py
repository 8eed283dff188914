"""A key stands for one call."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.connectors.shopify.simulator.conftest import Shop

BARE = """mutation($input: InventorySetQuantitiesInput!) {
  inventorySetQuantities(input: $input) { userErrors { code } } }"""


def given(shop: Shop) -> dict[str, object]:
    return {"input": {"name": "available", "reason": "correction", "quantities": [shop.row("MUG", 5, 3)]}}


def test_the_same_call_again_gets_the_first_answer_and_happens_once(shop: Shop) -> None:
    first = shop.set_stock(shop.row("MUG", 5, 3), key="one")
    shop.sim.admin.set_available("MUG", "WH1", 3)
    assert shop.set_stock(shop.row("MUG", 5, 3), key="one") == first
    assert shop.sim.quantity("MUG", "WH1") == 3
    assert len(shop.sim.log.effects()) == 1
    assert shop.sim.log.writes("inventorySetQuantities") == 2


def test_other_parameters_under_the_same_key_are_refused(shop: Shop) -> None:
    shop.set_stock(shop.row("MUG", 5, 3), key="one")
    payload = shop.set_stock(shop.row("MUG", 6, 5), key="one")
    assert payload["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    assert shop.sim.quantity("MUG", "WH1") == 5


def test_a_failed_call_burns_its_key(shop: Shop) -> None:
    shop.set_stock(shop.row("MUG", 5, 99), key="one")
    shop.sim.admin.set_available("MUG", "WH1", 99)
    payload = shop.set_stock(shop.row("MUG", 5, 99), key="one")
    assert payload["userErrors"][0]["code"] == "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"
    assert shop.set_stock(shop.row("MUG", 5, 99), key="two")["userErrors"] == []


def test_a_key_is_forgotten_after_a_while(make: Callable[..., Shop]) -> None:
    shop = make(idempotency_retention=60)
    shop.set_stock(shop.row("MUG", 5, None), key="one")
    shop.sim.admin.set_available("MUG", "WH1", 9)
    shop.clock.advance(61)
    shop.set_stock(shop.row("MUG", 5, None), key="one")
    assert shop.sim.quantity("MUG", "WH1") == 5


def test_keys_may_turn_out_not_to_be_honored(make: Callable[..., Shop]) -> None:
    shop = make(idempotency_honored=False)
    shop.set_stock(shop.row("MUG", 5, None), key="one")
    shop.sim.admin.set_available("MUG", "WH1", 9)
    shop.set_stock(shop.row("MUG", 5, None), key="one")
    assert len(shop.sim.log.effects()) == 2


@pytest.mark.parametrize("version", ["2026-04", "2026-07", "2026-10"])
def test_a_key_is_needed_since_2026_04(shop: Shop, version: str) -> None:
    shop.version = version
    assert "@idempotent" in shop.ask(BARE, given(shop))["errors"][0]["message"]
    assert shop.sim.quantity("MUG", "WH1") == 3


def test_the_oldest_version_and_a_lenient_platform_do_without(make: Callable[..., Shop]) -> None:
    shop = make()
    shop.version = "2026-01"
    assert shop.data(BARE, given(shop))["inventorySetQuantities"]["userErrors"] == []
    shop = make(idempotency_enforced=False)
    assert shop.data(BARE, given(shop))["inventorySetQuantities"]["userErrors"] == []


@pytest.mark.parametrize("key", [" ", "x" * 256])
def test_a_blank_or_endless_key_is_refused(shop: Shop, key: str) -> None:
    text = BARE.replace("(input: $input)", f'(input: $input) @idempotent(key: "{key}")')
    assert "idempotency key" in shop.ask(text, given(shop))["errors"][0]["message"]
