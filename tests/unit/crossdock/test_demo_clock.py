"""The demo's clock runs, is moved on by whoever waits, and never goes back or into the future."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from crossdock.clock import SystemClock
from crossdock.demo.fastclock import FastClock, some_days_ago

_BEGIN = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)


def test_waiting_takes_no_time_and_moves_the_clock_on() -> None:
    clock, before = FastClock(_BEGIN), SystemClock().now()
    clock.sleep(3600)
    assert timedelta(hours=1) <= clock.now() - _BEGIN < timedelta(hours=1, minutes=1)
    assert SystemClock().now() - before < timedelta(minutes=1)


def test_it_moves_to_a_time_of_day_and_never_back() -> None:
    clock = FastClock(_BEGIN)
    clock.until(1, 10, 30)
    assert (clock.now().day, clock.now().hour, clock.now().minute) == (3, 10, 30)
    later = clock.now()
    clock.until(0, 8)
    assert clock.now() >= later


def test_four_days_of_story_end_before_now() -> None:
    assert some_days_ago() + timedelta(days=4) < SystemClock().now()
