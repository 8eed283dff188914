"""Cron expressions of five fields, read as crontab reads them, in the wall-clock time of a zone.

Where the clocks go forward, a time that does not exist is taken when the gap is over; where they go back, a time that
comes twice is taken once. An expression for every hour follows real time instead: it neither stops nor hurries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

_DAY = timedelta(days=1)
_LONGEST_DAYS = 8 * 366 + 1
"""From one 29 February to the next there may be eight years."""
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_WEEKDAYS = "sun mon tue wed thu fri sat".split()


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed expression; weekdays count from Sunday as 0. With ``either`` one of the two day fields is enough."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def next_after(self, instant: datetime, zone: tzinfo) -> datetime | None:
        """The first time later than an instant, in UTC; None when there never is one."""
        start = instant.astimezone(zone).date() - _DAY
        for number in range(_LONGEST_DAYS):
            later = [one for one in self._times(start + number * _DAY, zone) if one > instant]
            if later:
                return min(later)
        return None

    def last_until(self, instant: datetime, zone: tzinfo) -> datetime | None:
        """The last time that is not later than an instant, in UTC; None when there never was one."""
        start = instant.astimezone(zone).date()
        for number in range(_LONGEST_DAYS):
            earlier = [one for one in self._times(start - number * _DAY, zone) if one <= instant]
            if earlier:
                return max(earlier)
        return None

    def _times(self, day: date, zone: tzinfo) -> Iterator[datetime]:
        if not self._on(day):
            return
        every_hour = len(self.hours) == 24
        for hour in self.hours:
            for minute in self.minutes:
                local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                first = local.astimezone(UTC)
                there = first.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
                if there or not every_hour:
                    yield first
                if there and every_hour:
                    yield local.replace(fold=1).astimezone(UTC)

    def _on(self, day: date) -> bool:
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (by_date or by_weekday if self.either else by_date and by_weekday)


def parse_cron(text: str) -> Cron:
    """Read an expression; ValueError says what is wrong with it."""
    fields = text.lower().split()
    if len(fields) != 5:
        raise ValueError(f"a cron expression has five fields, not {len(fields)}: minute hour day month weekday")
    minute, hour, day, month, weekday = fields
    return Cron(
        minutes=_field("minute", minute, 0, 59),
        hours=_field("hour", hour, 0, 23),
        days=_field("day", day, 1, 31),
        months=_field("month", month, 1, 12, _MONTHS, 1),
        weekdays=frozenset(one % 7 for one in _field("weekday", weekday, 0, 7, _WEEKDAYS, 0)),
        either=not day.startswith("*") and not weekday.startswith("*"),
    )


def _field(title: str, text: str, low: int, high: int, names: Sequence[str] = (), first: int = 0) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        if slash and not (step.isascii() and step.isdigit() and int(step) > 0):
            raise ValueError(f"the {title} {part!r} needs a whole number above 0 behind its /")
        start, dash, end = span.partition("-")
        if span == "*":
            bounds = (low, high)
        else:
            begin = _number(title, start, low, high, names, first)
            # In crontab 5/10 means from 5 on.
            bounds = (begin, _number(title, end, low, high, names, first) if dash else high if slash else begin)
        if bounds[0] > bounds[1]:
            raise ValueError(f"the {title} {span!r} ends before it begins")
        found.update(range(bounds[0], bounds[1] + 1, int(step) if slash else 1))
    return frozenset(found)


def _number(title: str, text: str, low: int, high: int, names: Sequence[str], first: int) -> int:
    if text in names:
        return names.index(text) + first
    if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
        raise ValueError(f"the {title} {text!r} is no number from {low} to {high}")
    return int(text)
