"""The sliding minute: our own calls, those of others, and what ShipBob says when it is full."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from canonical.errors import ThrottledError
from connectors.http import Answer
from connectors.shipbob.budget import SharedWindow
from connectors.simulation import Ticker
from tests.unit.connectors.shipbob.stage import Stage


def answer(clock: Ticker, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers(named), b"{}", clock.now(), 0.0, "order")


def spend(window: SharedWindow, clock: Ticker, calls: int) -> list[float]:
    """Send so many calls as soon as they may go; the pauses before each."""
    pauses: list[float] = []
    for _ in range(calls):
        pauses.append(0.0)
        while (pause := window.wait_for(1, clock.now())) > 0:
            pauses[-1] += pause
            clock.advance(pause)
    return pauses


def test_a_part_goes_at_once_and_the_rest_is_spread_over_the_minute(clock: Ticker) -> None:
    begun = clock.now()
    pauses = spend(SharedWindow(150), clock, 600)
    assert pauses[:10] == [0.0] * 10
    assert max(pauses) < 0.43
    assert clock.now() - begun < timedelta(seconds=4.5 * 60)


def test_no_minute_has_more_calls_than_it_may(clock: Ticker) -> None:
    begun, window = clock.now(), SharedWindow(7)
    sent = [(clock.now() - begun).total_seconds() for _ in range(60) if spend(window, clock, 1)]
    assert all(later - earlier >= 60 for earlier, later in zip(sent, sent[7:], strict=False))


def test_after_a_rest_a_part_may_go_at_once_again(clock: Ticker) -> None:
    window = SharedWindow(30)
    spend(window, clock, 30)
    clock.advance(60)
    assert spend(window, clock, 3) == pytest.approx([0.0, 0.0, 60 / 28])


def test_a_window_of_one_call_lets_one_through_in_a_minute(clock: Ticker) -> None:
    assert spend(SharedWindow(1), clock, 3) == [0.0, 60.0, 60.0]


def test_calls_of_others_are_kept_back_for_a_minute(clock: Ticker) -> None:
    window = SharedWindow(30)
    spend(window, clock, 1)
    window.observe(answer(clock, x_remaining_calls="2"), clock.now())
    assert spend(window, clock, 3) == pytest.approx([60 / 28, 60 / 28, 60 - 2 * 60 / 28])


def test_our_own_calls_are_not_taken_for_those_of_others(clock: Ticker) -> None:
    window = SharedWindow(60)
    spend(window, clock, 4)
    for left in ("59", "56", "58", "57"):
        window.observe(answer(clock, x_remaining_calls=left), clock.now())
    assert max(spend(window, clock, 56)) == pytest.approx(60 / 56)


@pytest.mark.parametrize("left", ["", "many", "-1", "9²"])
def test_a_count_that_is_none_is_left_alone(clock: Ticker, left: str) -> None:
    window = SharedWindow(60)
    spend(window, clock, 1)
    window.observe(answer(clock, x_remaining_calls=left) if left.isascii() else answer(clock), clock.now())
    assert spend(window, clock, 3) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("name", ["x_retry_after", "retry_after"])
def test_a_full_window_stops_everyone_as_long_as_it_says(clock: Ticker, name: str) -> None:
    window = SharedWindow(10)
    window.observe(answer(clock, 429, **{name: "25"}), clock.now())
    assert window.wait_for(1, clock.now()) == 25.0
    window.observe(answer(clock, 429, **{name: "5"}), clock.now())
    assert spend(window, clock, 1) == [25.0]


def test_nobody_is_stopped_for_longer_than_a_window(clock: Ticker) -> None:
    window = SharedWindow(10)
    window.observe(answer(clock, 429, x_retry_after="86400"), clock.now())
    assert window.wait_for(1, clock.now()) == 60.0


def test_the_connector_never_meets_a_full_window(stage: Stage) -> None:
    connector = stage.connect(page_size=1)
    begun = stage.clock.now()
    for _ in range(80):
        list(connector.pull("products", ()))
    assert len(stage.sent) == 160
    assert {record.status for record in stage.sent} == {200}
    assert stage.clock.now() - begun >= timedelta(seconds=60)


def test_a_window_that_others_filled_is_waited_for(stage: Stage) -> None:
    other = stage.connect(page_size=1, calls_per_minute=1000)
    begun = stage.clock.now()
    for _ in range(75):
        list(other.pull("products", ()))
    stage.sent.clear()
    assert len(stage.pull("products")) == 2
    assert [record.status for record in stage.sent] == [429, 200]
    assert stage.clock.now() - begun >= timedelta(seconds=60)


def test_a_throttling_that_never_ends_is_told(stage: Stage) -> None:
    stage.account.throttle(99)
    with pytest.raises(ThrottledError):
        stage.pull("products")
