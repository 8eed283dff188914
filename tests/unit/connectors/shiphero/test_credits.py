"""Credits: nothing is assumed of the bucket, everything is learned, and what is too dear is asked for in halves."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from canonical.errors import ThrottledError
from connectors.base import RowStatus
from connectors.http import Answer
from connectors.shiphero.credits import CreditBudget
from connectors.shiphero.shapes import Problem, Quota, seconds_of
from connectors.simulation import Ticker
from tests.unit.connectors.shiphero.stage import EVERY_ORDER_FIELD, records_of, stage


def answered(clock: Ticker, body: Any) -> Answer:
    return Answer(200, httpx.Headers(), json.dumps(body).encode(), clock.now(), 0.1, "orders")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (7, 7.0),
        (1.5, 1.5),
        ("7", 7.0),
        ("7 seconds", 7.0),
        ("1 second", 1.0),
        ("2 minutes, 3 seconds", 123.0),
        ("1 hour", 3600.0),
        ("0:01:30", 90.0),
        ("01:30", 90.0),
        ("soon", None),
        ("", None),
        (None, None),
        (True, None),
        ([7], None),
    ],
)
def test_the_time_remaining_is_read_however_it_is_written(said: object, seconds: float | None) -> None:
    assert seconds_of(said) == seconds


def test_a_refusal_tells_its_figures_in_fields_or_in_its_text() -> None:
    fields = Problem("no", 30, 1301, 263, "18 seconds")
    text = Problem(
        "not enough credits, it requires 1301 credits, but there are only 263 left. In 18 seconds it can run"
    )
    for problem in (fields, text):
        assert problem.throttles
        assert (problem.required, problem.remaining, problem.pause) == (1301, 263, 18)
    bare = Problem("There are not enough credits", 30)
    assert bare.throttles
    assert (bare.required, bare.remaining, bare.pause) == (None, None, None)
    assert not Problem("Order not found", 5).throttles


@pytest.mark.parametrize("tells", ["nothing", "text", "fields"])
@pytest.mark.parametrize("charges_asked", [True, False])
def test_a_small_bucket_slows_a_read_down_and_loses_nothing(clock: Ticker, tells: str, charges_asked: bool) -> None:
    scene = stage(clock, 120, throttle_tells=tells, charges_asked=charges_asked, credits=120.0, credits_per_second=20.0)
    pages = scene.pull("inventory", "sku", "warehouse_products[].available")
    assert len(records_of(pages)) == 120
    assert pages[-1].complete
    assert sum(clock.slept) > 0


def test_what_was_learned_keeps_from_being_refused_again(clock: Ticker) -> None:
    scene = stage(clock, 200, throttle_tells="fields", credits=200.0, credits_per_second=20.0)
    scene.pull("inventory", "sku", "warehouse_products[].available")
    refusals = scene.hero.bucket.refusals
    scene.pull("inventory", "sku", "warehouse_products[].available")
    assert scene.hero.bucket.refusals - refusals <= 1


def test_the_pause_that_is_asked_for_is_kept(clock: Ticker) -> None:
    scene = stage(clock, throttle_tells="fields", credits=2002.0, credits_per_second=1.0)
    scene.connector.check()
    scene = stage(clock, throttle_tells="fields", credits=2002.0, credits_per_second=1.0)
    scene.hero.throttle(1)
    before = clock.now()
    scene.pull("products", "sku")
    cost = 1 + 50
    assert clock.now() - before >= timedelta(seconds=cost)


def test_a_page_that_no_bucket_holds_is_asked_for_in_halves(clock: Ticker) -> None:
    scene = stage(clock, 30, throttle_tells="fields", credits=40.0, credits_per_second=10.0, tells_quota=True)
    scene.connector.check()
    pages = scene.pull("products", "sku")
    assert len(records_of(pages)) == 30
    assert pages[-1].complete
    assert len(pages) > 1


def test_a_record_that_no_bucket_holds_ends_the_read(clock: Ticker) -> None:
    scene = stage(clock, 3, credits=1.0, credits_per_second=0.1)
    with pytest.raises(ThrottledError):
        scene.pull("products", "sku")


@pytest.mark.parametrize("tells", ["nothing", "text", "fields"])
def test_an_order_is_made_though_others_spent_everything_and_little_comes_back(clock: Ticker, tells: str) -> None:
    scene = stage(clock, throttle_tells=tells, credits_per_second=4.0)
    call = scene.order("R-1")
    scene.hero.bucket.drain(clock.now())
    assert scene.connector.push(call)[0].status is RowStatus.APPLIED
    scene.hero.bucket.drain(clock.now())
    assert [one.status for one in (scene.connector.resolve(call) or {}).values()] == [RowStatus.APPLIED]


@pytest.mark.parametrize("tells", ["nothing", "text", "fields"])
def test_records_that_are_looked_up_together_wait_for_as_many_credits_as_a_bucket_holds(
    clock: Ticker, tells: str
) -> None:
    scene = stage(clock, throttle_tells=tells)
    orders = [scene.connector.push(scene.order(f"R-{at}"))[0].record for at in range(10)]
    ids = [json.loads(bytes(order or b""))["id"] for order in orders]
    scene.hero.bucket.drain(clock.now())
    found = scene.connector.lookup("orders", EVERY_ORDER_FIELD, ids)
    assert len(records_of(found)) == 10


def test_a_status_429_is_waited_out(clock: Ticker) -> None:
    from connectors.simulation import Fault

    scene = stage(clock)
    scene.hero.faults.add(Fault("status", times=2, status=429, retry_after=7.0))
    assert len(records_of(scene.pull("products", "sku"))) == 3
    assert sum(clock.slept) >= 14


def test_before_anything_is_known_nothing_waits(clock: Ticker) -> None:
    budget = CreditBudget()
    assert [budget.wait_for(10_000, clock.now()) for _ in range(3)] == [0.0] * 3
    assert budget.size is None


def test_a_level_is_waited_for_and_restored(clock: Ticker) -> None:
    budget = CreditBudget()
    assert budget.take(Quota(100, 10, 200), clock.now())
    assert budget.size == 200
    assert budget.wait_for(100, clock.now()) == 0.0
    assert budget.wait_for(50, clock.now()) == 5.0
    clock.advance(5)
    assert budget.wait_for(50, clock.now()) == 0.0


def test_what_a_request_did_not_cost_is_given_back(clock: Ticker) -> None:
    budget = CreditBudget()
    budget.take(Quota(100, 1, 100), clock.now())
    budget.wait_for(90, clock.now())
    budget.observe(answered(clock, {"data": {"orders": {"complexity": 20}}}), clock.now())
    assert budget.wait_for(80, clock.now()) == 0.0


def test_a_request_dearer_than_all_that_was_ever_spoken_of_goes_when_the_bucket_is_full(clock: Ticker) -> None:
    budget = CreditBudget()
    budget.take(Quota(50, 10, None), clock.now())
    assert budget.wait_for(500, clock.now()) == 0.0


def test_a_refusal_teaches_how_fast_credits_come_back(clock: Ticker) -> None:
    budget = CreditBudget()
    budget.wait_for(300, clock.now())
    error = {"message": "no", "required_credits": 300, "remaining_credits": 100, "time_remaining": "10 seconds"}
    budget.observe(answered(clock, {"errors": [error], "data": {"orders": None}}), clock.now())
    assert budget.wait_for(300, clock.now()) == pytest.approx(10.0)


@pytest.mark.parametrize("body", ["[]", "null", "{", '{"errors": 5}', '{"extensions": {"throttling": 3}, "data": {}}'])
def test_an_answer_that_says_nothing_of_credits_changes_nothing(clock: Ticker, body: str) -> None:
    budget = CreditBudget()
    budget.take(Quota(10, 1, 10), clock.now())
    budget.wait_for(5, clock.now())
    budget.observe(Answer(200, httpx.Headers(), body.encode(), clock.now(), 0.1, "orders"), clock.now())
    assert budget.wait_for(5, clock.now()) == 0.0
