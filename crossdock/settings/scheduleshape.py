"""The block of crossdock.yaml about schedules: what `crossdock serve` starts by the clock."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Duration = Annotated[
    str, Meta(pattern="^[0-9]{1,6}(s|m|h|d)$", description="A whole number and its unit: 30s, 5m, 2h or 1d.")
]
Hours = Annotated[
    str,
    Meta(
        pattern="^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="From when to when by the wall clock, as in 22:00-06:00.",
    ),
]


class ScheduleShape(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When something runs by itself: `every` or `cron`, and what."""

    every: Annotated[
        Duration | None, Meta(description="The interval, as in 5m; its ticks count from midnight UTC of 1970-01-01.")
    ] = None
    cron: Annotated[
        str | None,
        Meta(description='Minute, hour, day, month and weekday as crontab reads them, as in "0 2 * * *".'),
    ] = None
    timezone: Annotated[str, Meta(description="Whose wall clock `cron` and `quiet` mean, as in Europe/Berlin.")] = "UTC"
    jitter: Annotated[Duration | None, Meta(description="Start up to so much later, by chance, to spread load.")] = None
    quiet: Annotated[
        list[Hours], Meta(description="Hours in which it does not start; it starts once when they are over.")
    ] = []
    flows: Annotated[list[str], Meta(description="The flows it plans and applies; none named: all.")] = []
    connections: Annotated[list[str], Meta(description="The connections it reads; none named: all it needs.")] = []
    read: Annotated[
        Literal["delta", "full", "auto"],
        Meta(description="delta: what changed; full: everything; auto: delta, and full where it is due."),
    ] = "auto"
