"""Ticks, starts and quiet hours: the same in every process, over midnight and changes of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from sync.cron import parse_cron
from sync.schedule import Quiet, Schedule

BERLIN = ZoneInfo("Europe/Berlin")
FIVE = timedelta(minutes=5)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_an_interval_ticks_at_the_same_times_whoever_asks_and_when() -> None:
    schedule = Schedule("often", every=FIVE)
    assert schedule.tick_after(at("2026-07-01T10:02:31+00:00")) == at("2026-07-01T10:05:00+00:00")
    assert schedule.tick_after(at("2026-07-01T10:05:00+00:00")) == at("2026-07-01T10:10:00+00:00")
    assert schedule.tick_until(at("2026-07-01T10:05:00+00:00")) == at("2026-07-01T10:05:00+00:00")
    assert schedule.tick_until(at("2026-07-01T10:04:59.999999+00:00")) == at("2026-07-01T10:00:00+00:00")


def test_an_interval_keeps_its_length_when_clocks_change() -> None:
    schedule, instant = Schedule("two_hours", every=timedelta(hours=2), zone=BERLIN), at("2026-10-24T20:00:00+00:00")
    for _ in range(6):
        following = schedule.tick_after(instant)
        assert following is not None
        assert following - instant == timedelta(hours=2)
        instant = following


def test_jitter_is_within_its_bounds_differs_and_is_the_same_for_all() -> None:
    schedule = Schedule("often", every=FIVE, jitter=timedelta(seconds=30))
    again, other = Schedule("often", every=FIVE, jitter=timedelta(seconds=30)), Schedule("x", every=FIVE)
    late: set[timedelta] = set()
    tick = at("2026-07-01T10:00:00+00:00")
    for _ in range(200):
        start = schedule.start_of(tick)
        assert again.start_of(tick) == start
        assert other.start_of(tick) == tick
        late.add(start - tick)
        tick += FIVE
    assert min(late) >= timedelta(0)
    assert max(late) <= timedelta(seconds=30)
    assert max(late) - min(late) > timedelta(seconds=20)


@pytest.mark.parametrize("jitter", [0, 1, 299, 300])
def test_each_tick_starts_once_in_its_turn(jitter: int) -> None:
    schedule = Schedule("often", every=FIVE, jitter=timedelta(seconds=jitter))
    instant, begun = at("2026-07-01T10:00:01+00:00"), []
    for _ in range(50):
        following = schedule.start_after(instant)
        assert following is not None
        assert following > instant
        instant = following
        begun.append(schedule.started_by(instant))
    assert begun == [begun[0] + number * FIVE for number in range(50) if begun[0] is not None]


def test_a_start_that_jitter_moves_behind_now_is_not_taken_early() -> None:
    schedule = Schedule("nightly", cron=parse_cron("0 2 * * *"), zone=BERLIN, jitter=timedelta(hours=3))
    tick = at("2026-07-01T02:00:00+02:00")
    start = schedule.start_of(tick)
    assert schedule.started_by(start - timedelta(seconds=1)) == tick - timedelta(days=1)
    assert schedule.started_by(start) == tick
    assert schedule.start_after(start - timedelta(seconds=1)) == start


NIGHT = Quiet(time(22), time(6))


@pytest.mark.parametrize(
    ("clock", "quiet"),
    [("21:59:59", False), ("22:00", True), ("00:00", True), ("05:59:59.999999", True), ("06:00", False)],
)
def test_quiet_hours_go_over_midnight_and_end_on_their_minute(clock: str, quiet: bool) -> None:
    assert NIGHT.covers(time.fromisoformat(clock)) is quiet


def test_quiet_hours_are_those_of_the_schedules_own_wall_clock() -> None:
    schedule = Schedule("often", every=FIVE, zone=BERLIN, quiet=(NIGHT,))
    assert not schedule.is_quiet(at("2026-07-01T19:59:00+00:00"))
    assert schedule.is_quiet(at("2026-07-01T20:00:00+00:00"))
    assert not schedule.is_quiet(at("2026-01-01T20:59:00+00:00"))


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-07-01T23:00:00+02:00", "2026-07-02T06:00:00+02:00"),
        ("2026-07-01T03:00:00+02:00", "2026-07-01T06:00:00+02:00"),
        ("2026-03-28T23:00:00+01:00", "2026-03-29T06:00:00+02:00"),
        ("2026-10-24T23:00:00+02:00", "2026-10-25T06:00:00+01:00"),
        ("2026-07-01T12:00:00+02:00", "2026-07-01T12:00:00+02:00"),
    ],
)
def test_the_end_of_quiet_hours_is_found(now: str, end: str) -> None:
    schedule = Schedule("often", every=FIVE, zone=BERLIN, quiet=(NIGHT,))
    assert schedule.quiet_until(at(now)) == at(end)


def test_quiet_hours_that_follow_each_other_are_one() -> None:
    halves = (Quiet(time(22), time(2)), Quiet(time(2), time(6)))
    schedule = Schedule("often", every=FIVE, quiet=halves)
    assert schedule.quiet_until(at("2026-07-01T23:00:00+00:00")) == at("2026-07-02T06:00:00+00:00")
