"""Cron expressions as crontab reads them, over days on which the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sync.cron import parse_cron

BERLIN = ZoneInfo("Europe/Berlin")


def times(text: str, start: str, count: int, zone: ZoneInfo = BERLIN) -> list[str]:
    """The next times by the zone's wall clock, with its offset."""
    cron, instant, found = parse_cron(text), datetime.fromisoformat(start), []
    for _ in range(count):
        following = cron.next_after(instant, zone)
        assert following is not None
        instant = following
        found.append(instant.astimezone(zone).strftime("%a %m-%d %H:%M%z"))
    return found


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("0 2 * * *", "Wed 07-01 02:00", "Thu 07-02 02:00"),
        ("*/20 * * * *", "Wed 07-01 00:20", "Wed 07-01 00:40"),
        ("5/25 6 * * *", "Wed 07-01 06:05", "Wed 07-01 06:30"),
        ("0 9 * * 0", "Sun 07-05 09:00", "Sun 07-12 09:00"),
        ("0 9 * * 7", "Sun 07-05 09:00", "Sun 07-12 09:00"),
        ("0 9 * * mon-fri", "Wed 07-01 09:00", "Thu 07-02 09:00"),
        ("0 9 * * 5-7", "Fri 07-03 09:00", "Sat 07-04 09:00"),
        ("0 0 1,15 * *", "Wed 07-15 00:00", "Sat 08-01 00:00"),
        ("0 0 13 * fri", "Fri 07-03 00:00", "Fri 07-10 00:00"),
        ("0 0 */10 * fri", "Fri 07-31 00:00", "Fri 08-21 00:00"),
        ("30 4 1 jan,JUN *", "Fri 01-01 04:30", "Tue 06-01 04:30"),
    ],
)
def test_fields_mean_what_crontab_means_by_them(text: str, first: str, second: str) -> None:
    assert [one[:15] for one in times(text, "2026-07-01T00:00:00+02:00", 2)] == [first, second]


def test_a_time_that_a_change_of_clocks_leaves_out_comes_when_the_gap_is_over() -> None:
    found = times("30 2 * * *", "2026-03-28T12:00:00+01:00", 2)
    assert found == ["Sun 03-29 03:30+0200", "Mon 03-30 02:30+0200"]


def test_a_time_that_comes_twice_is_taken_once() -> None:
    found = times("30 2 * * *", "2026-10-24T12:00:00+02:00", 2)
    assert found == ["Sun 10-25 02:30+0200", "Mon 10-26 02:30+0100"]


def test_what_comes_every_hour_neither_stops_nor_hurries_when_clocks_change() -> None:
    forward = times("*/30 * * * *", "2026-03-29T01:00:00+01:00", 3)
    assert forward == ["Sun 03-29 01:30+0100", "Sun 03-29 03:00+0200", "Sun 03-29 03:30+0200"]
    back = times("*/30 * * * *", "2026-10-25T01:30:00+02:00", 5)
    assert [one[10:] for one in back] == ["02:00+0200", "02:30+0200", "02:00+0100", "02:30+0100", "03:00+0100"]


def test_the_last_time_is_the_one_before_the_next_over_a_year() -> None:
    cron = parse_cron("15 */7 * * *")
    instant = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(1600):
        following = cron.next_after(instant, BERLIN)
        assert following is not None
        assert following > instant
        assert cron.last_until(following, BERLIN) == following
        instant = following


def test_the_29_of_february_comes_and_the_30_never() -> None:
    assert times("0 0 29 2 *", "2096-03-01T00:00:00+01:00", 1) == ["Fri 02-29 00:00+0100"]
    assert parse_cron("0 0 30 2 *").next_after(datetime(2026, 1, 1, tzinfo=UTC), UTC) is None
    assert parse_cron("0 0 30 2 *").last_until(datetime(2026, 1, 1, tzinfo=UTC), UTC) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 2 * *", "five fields, not 4"),
        ("60 2 * * *", "minute '60' is no number from 0 to 59"),
        ("0 2 0 * *", "day '0' is no number from 1 to 31"),
        ("0 2 * * 8", "weekday '8' is no number from 0 to 7"),
        ("0 2 * foo *", "month 'foo'"),
        ("*/0 * * * *", "above 0"),
        ("*/ * * * *", "above 0"),
        ("9-5 * * * *", "ends before it begins"),
        ("5, * * * *", "minute ''"),
        ("٣ * * * *", "minute '٣'"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_cron(text)
