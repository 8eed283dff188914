"""When a schedule ticks, starts and rests: plain arithmetic on instants, the same in every process.

A tick is the exact time that the schedule names; the start is the tick plus its jitter, which follows from name and
tick. So all processes on one database come to the same ticks, and one of them claims each.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from canonical.clock import instant_text
from sync.cron import Cron

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A part of the day, by the wall clock, in which nothing starts; it may go over midnight."""

    begin: time
    end: time

    def covers(self, clock: time) -> bool:
        """Whether a time of day lies in it; its end does not."""
        if self.begin < self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end


@dataclass(frozen=True, slots=True)
class Schedule:
    """What runs when: ``every`` counts from 1970 in UTC, ``cron`` by the wall clock of ``zone``; one of them is set.

    No ``flows`` or ``connections`` mean all of them. ``read`` is how it reads: delta, full or auto. ``when`` says the
    times in the operator's words.
    """

    name: str
    when: str = ""
    every: timedelta | None = None
    cron: Cron | None = None
    zone: tzinfo = UTC
    jitter: timedelta = timedelta(0)
    quiet: tuple[Quiet, ...] = ()
    flows: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    read: str = "auto"

    def tick_after(self, instant: datetime) -> datetime | None:
        """The first tick later than an instant; None when there never is one."""
        if self.cron is not None:
            return self.cron.next_after(instant, self.zone)
        assert self.every is not None
        return _EPOCH + ((instant - _EPOCH) // self.every + 1) * self.every

    def tick_until(self, instant: datetime) -> datetime | None:
        """The last tick that is not later than an instant; None when there never was one."""
        if self.cron is not None:
            return self.cron.last_until(instant, self.zone)
        assert self.every is not None
        return _EPOCH + ((instant - _EPOCH) // self.every) * self.every

    def start_of(self, tick: datetime) -> datetime:
        """When a tick starts: at most its jitter later."""
        digest = hashlib.blake2b(f"{self.name} {instant_text(tick)}".encode(), digest_size=4).digest()
        return tick + self.jitter * (int.from_bytes(digest, "big") / 2**32)

    def started_by(self, instant: datetime) -> datetime | None:
        """The last tick whose start is not later than an instant."""
        tick = self.tick_until(instant)
        while tick is not None and self.start_of(tick) > instant:
            tick = self.tick_until(tick - _BEFORE)
        return tick

    def start_after(self, instant: datetime) -> datetime | None:
        """The next start later than an instant, whether it falls into quiet hours or not."""
        tick = self.started_by(instant)
        following = self.tick_after(tick or instant)
        return None if following is None else self.start_of(following)

    def quiet_until(self, instant: datetime) -> datetime:
        """The instant itself, or the end of the quiet hours it lies in."""
        for _ in range(len(self.quiet) + 1):
            local = instant.astimezone(self.zone)
            now = next((one for one in self.quiet if one.covers(local.time())), None)
            if now is None:
                return instant
            day = local.date() + timedelta(days=now.end <= local.time())
            ends = datetime.combine(day, now.end.replace(fold=local.fold), self.zone)
            instant = max(ends.astimezone(UTC), instant + _BEFORE)
        return instant

    def is_quiet(self, instant: datetime) -> bool:
        """Whether nothing of this schedule may start now."""
        clock = instant.astimezone(self.zone).time()
        return any(one.covers(clock) for one in self.quiet)
