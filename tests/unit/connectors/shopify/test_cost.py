"""What documents cost, and the bucket they are paid from."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from connectors.conformance.world import MemoryState
from connectors.http import Answer
from connectors.shopify.cost import CostBook, CostBudget
from connectors.simulation import Ticker
from tests.unit.connectors.shopify.conftest import cost


def answer(requested: float, available: float = 1000, maximum: float = 2000) -> Answer:
    content = msgspec.json.encode({"data": {}, "extensions": cost(requested, available, maximum)})
    return Answer(200, httpx.Headers(), content, Ticker().now(), 0.1, "any")


def test_a_document_is_expected_to_cost_what_it_cost_before() -> None:
    book = CostBook(MemoryState())
    assert book.expect("{ a }", 100) == 100
    book.learn("{ a }", 100, answer(150))
    assert book.expect("{ a }", 200) == 300
    assert book.expect("{ b }", 200) == 200


def test_what_was_learned_survives_a_restart() -> None:
    state = MemoryState()
    CostBook(state).learn("{ a }", 100, answer(150))
    assert CostBook(state).expect("{ a }", 100) == 150


def test_the_book_does_not_grow_for_ever() -> None:
    state = MemoryState()
    book = CostBook(state)
    for number in range(500):
        book.learn(f"{{ a{number} }}", 100, answer(150))
    assert len(state.values["shopify.costs"]) < 5_000


@pytest.mark.parametrize("content", [b"", b"<html>", b"{}", b'{"extensions":{}}', b'{"extensions":{"cost":{}}}'])
def test_an_answer_without_a_cost_teaches_nothing(content: bytes) -> None:
    silent = Answer(200, httpx.Headers(), content, Ticker().now(), 0.1, "any")
    book, budget = CostBook(MemoryState()), CostBudget()
    book.learn("{ a }", 100, silent)
    budget.observe(silent, Ticker().now())
    assert book.expect("{ a }", 100) == 100
    assert budget.maximum is None


def test_the_budget_follows_what_the_platform_reports(clock: Ticker) -> None:
    budget = CostBudget()
    budget.observe(answer(100, available=40), clock.now())
    assert budget.maximum == 2000
    assert budget.wait_for(100, clock.now()) == pytest.approx(0.6)
    clock.advance(0.6)
    assert budget.wait_for(100, clock.now()) == 0.0
