"""Budgets: the platform never has to say no, and what it allows is used."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.errors import FatalError
from connectors.http import Answer, NoBudget, Outgoing, PointsBudget, RetryPolicy, WindowBudget
from connectors.simulation import Ticker
from tests.support.web import READ, Site, ok, transport


class Bucket:
    """The platform's side: a leaky bucket that starts full and refuses what does not fit."""

    def __init__(self, clock: Ticker, maximum: float, rate: float, latency: float = 0.0) -> None:
        self.clock, self.maximum, self.rate, self.latency = clock, maximum, rate, latency
        self.level, self.at, self.begun = maximum, clock.now(), clock.now()
        self.refused, self.used = 0, 0.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.clock.advance(self.latency / 2)
        now = self.clock.now()
        self.level = min(self.maximum, self.level + (now - self.at).total_seconds() * self.rate)
        self.at = now
        cost = float(request.headers["x-cost"])
        fits = cost <= self.level
        if fits:
            self.level -= cost
            self.used += cost
        else:
            self.refused += 1
        self.clock.advance(self.latency / 2)
        return ok(
            {"maximum": self.maximum, "available": int(self.level), "rate": self.rate}, status=200 if fits else 429
        )

    def allowed(self) -> float:
        """Points that could have been spent until now."""
        return self.maximum + (self.clock.now() - self.begun).total_seconds() * self.rate


def reporting(budget: PointsBudget, clock: Ticker):  # type: ignore[no-untyped-def]
    """A platform's verdict that hands on what each answer says of the bucket."""

    def verdict(answer: Answer) -> None:
        said = answer.json()
        budget.report(said["maximum"], said["available"], said["rate"], clock.now())

    return verdict


@settings(max_examples=25)
@given(
    maximum=st.sampled_from([1000.0, 2000.0, 20000.0]),
    rate=st.sampled_from([50.0, 100.0, 1000.0]),
    latency=st.sampled_from([0.0, 0.1, 1.0]),
    costs=st.lists(st.integers(1, 900), min_size=150, max_size=150),
)
def test_a_run_of_queries_is_never_throttled_and_spends_what_it_may(
    maximum: float, rate: float, latency: float, costs: list[int]
) -> None:
    clock = Ticker()
    bucket = Bucket(clock, maximum, rate, latency)
    budget = PointsBudget()
    sender = transport(Site(bucket), clock, budget=budget, verdict=reporting(budget, clock))
    for cost in costs:
        sender.send(Outgoing("GET", "q", cost=float(cost), headers={"x-cost": str(cost)}))
    assert bucket.refused == 0
    if sum(clock.slept) > 60:
        assert bucket.used >= 0.98 * (bucket.allowed() - max(costs))


def test_the_wait_is_exactly_what_the_bucket_lacks(clock: Ticker) -> None:
    budget = PointsBudget()
    assert budget.wait_for(500, clock.now()) == 0.0
    budget.report(2000, 300, 100, clock.now())
    assert budget.wait_for(500, clock.now()) == pytest.approx(2.0)
    assert budget.wait_for(500, clock.now() + timedelta(seconds=2)) == 0.0


def test_points_are_booked_when_a_request_goes(clock: Ticker) -> None:
    budget = PointsBudget()
    budget.report(1000, 1000, 50, clock.now())
    assert budget.wait_for(600, clock.now()) == 0.0
    assert budget.wait_for(600, clock.now()) == pytest.approx(4.0)


def test_a_bucket_never_holds_more_than_its_size(clock: Ticker) -> None:
    budget = PointsBudget()
    budget.report(1000, 10, 50, clock.now())
    later = clock.now() + timedelta(hours=1)
    assert budget.wait_for(1000, later) == 0.0
    assert budget.wait_for(1, later) == pytest.approx(0.02)


def test_a_query_dearer_than_the_bucket_can_never_run_and_says_so(clock: Ticker) -> None:
    budget = PointsBudget()
    budget.report(1000, 1000, 50, clock.now())
    with pytest.raises(FatalError, match=r"1200 points can never run: the bucket holds 1000") as caught:
        budget.wait_for(1200, clock.now())
    assert "fewer fields" in caught.value.hint


def test_points_under_way_in_another_thread_are_not_spent_twice(clock: Ticker) -> None:
    budget = PointsBudget()
    budget.report(1000, 1000, 100, clock.now())
    other = threading.Thread(target=lambda: budget.wait_for(700, clock.now()))
    other.start()
    other.join()
    budget.report(1000, 1000, 100, clock.now())
    assert budget.wait_for(400, clock.now()) == pytest.approx(1.0)


def test_an_answer_that_comes_late_does_not_bring_back_points_spent_meanwhile(clock: Ticker) -> None:
    budget = PointsBudget()
    budget.report(1000, 1000, 100, clock.now())
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as two:
        one.submit(budget.wait_for, 300, clock.now()).result()
        two.submit(budget.wait_for, 600, clock.now()).result()
        two.submit(budget.report, 1000, 100, 100, clock.now()).result()
        one.submit(budget.report, 1000, 700, 100, clock.now()).result()
    assert budget.wait_for(200, clock.now()) == pytest.approx(1.0)


def test_points_given_back_by_an_answer_can_be_spent(clock: Ticker) -> None:
    budget = PointsBudget()
    budget.report(1000, 1000, 100, clock.now())
    assert budget.wait_for(900, clock.now()) == 0.0
    budget.report(1000, 950, 100, clock.now())
    assert budget.wait_for(950, clock.now()) == 0.0


def test_a_thread_that_never_reports_is_forgotten_after_a_while(clock: Ticker) -> None:
    budget = PointsBudget()
    lost = threading.Thread(target=lambda: budget.wait_for(900, clock.now()))
    lost.start()
    lost.join()
    clock.advance(600)
    budget.report(1000, 1000, 100, clock.now())
    assert budget.wait_for(900, clock.now()) == 0.0


def test_the_level_outlives_the_process(clock: Ticker) -> None:
    before = PointsBudget()
    assert before.saved() == ""
    before.report(1000, 100, 50, clock.now())
    after = PointsBudget(before.saved())
    assert after.maximum == 1000
    assert after.wait_for(200, clock.now()) == pytest.approx(2.0)


@pytest.mark.parametrize("saved", ["", "not json", '{"maximum": 1}'])
def test_a_saved_level_that_cannot_be_read_is_an_unknown_level(saved: str, clock: Ticker) -> None:
    assert PointsBudget(saved).wait_for(1e9, clock.now()) == 0.0


def test_many_threads_share_one_bucket_without_being_throttled(clock: Ticker, monkeypatch: pytest.MonkeyPatch) -> None:
    # The clock leaps with every wait: a thread that the machine holds up must not look lost after a few leaps.
    monkeypatch.setattr("connectors.http.budget._STALE_SECONDS", 1e6)
    bucket = Bucket(clock, 1000, 100)
    guard = threading.Lock()
    budget = PointsBudget()

    def site(request: httpx.Request) -> httpx.Response:
        with guard:
            return bucket(request)

    sender = transport(Site(site), clock, budget=budget, verdict=reporting(budget, clock))
    sender.send(Outgoing("GET", "q", cost=1.0, headers={"x-cost": "1"}))

    def work() -> None:
        for _ in range(25):
            sender.send(Outgoing("GET", "q", cost=90.0, headers={"x-cost": "90"}))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bucket.refused == 0
    assert bucket.used == 1 + 4 * 25 * 90


def test_a_window_lets_so_many_calls_through_in_any_span(clock: Ticker) -> None:
    times: list[datetime] = []

    def site(request: httpx.Request) -> httpx.Response:
        times.append(clock.now())
        return ok()

    sender = transport(Site(site), clock, budget=WindowBudget(calls=3, seconds=10))
    for _ in range(10):
        sender.send(READ)
    for first, fourth in zip(times, times[3:], strict=False):
        assert fourth - first >= timedelta(seconds=10)
    assert times[-1] - times[0] == timedelta(seconds=30)


def test_without_a_budget_nothing_waits(clock: Ticker) -> None:
    assert NoBudget().wait_for(1e9, clock.now()) == 0.0


def test_a_clock_that_does_not_move_while_sleeping_cannot_hang_the_budget(clock: Ticker) -> None:
    class Frozen(Ticker):
        def sleep(self, seconds: float) -> None:
            self.slept.append(seconds)

    frozen = Frozen()
    sender = transport(Site(ok()), frozen, budget=WindowBudget(1, 60), retry=RetryPolicy(attempts=1))
    sender.send(READ)
    sender.send(READ)
    assert frozen.slept == [60.0]
