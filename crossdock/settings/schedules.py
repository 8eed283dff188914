"""Read and check the block `schedules`: when, in whose time, and for what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from canonical.hints import did_you_mean
from crossdock.settings.check import Path
from crossdock.settings.findings import Findings
from crossdock.settings.scheduleshape import ScheduleShape
from sync.cron import Cron, parse_cron
from sync.schedule import Quiet, Schedule

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_ANY_TIME = datetime(2024, 1, 1, tzinfo=UTC)


def read_schedules(
    shapes: Mapping[str, ScheduleShape],
    flows: Collection[str],
    connections: Collection[str],
    findings: Findings,
    written: Mapping[str, Any],
) -> dict[str, Schedule]:
    """The schedules that are right; every problem goes to the findings.

    ``written`` is the block as it stands in the file, so that what is wrong in one key is not told again as missing.
    """
    found: dict[str, Schedule] = {}
    for name, shape in shapes.items():
        path: Path = ("schedules", name)
        zone = _zone(shape.timezone, path, findings)
        schedule = Schedule(
            name=name,
            when=_when(shape),
            every=_length(shape.every) if shape.every else None,
            cron=_cron(shape.cron, zone, path, findings) if shape.cron is not None else None,
            zone=zone,
            jitter=_length(shape.jitter) if shape.jitter else timedelta(0),
            quiet=tuple(_quiet(text) for text in shape.quiet),
            flows=tuple(dict.fromkeys(shape.flows)),
            connections=tuple(dict.fromkeys(shape.connections)),
            read=shape.read,
        )
        if sum(key in written[name] for key in ("every", "cron")) != 1:
            findings.error(path, f"{name} needs either every or cron", 'as in every: 5m, or cron: "0 2 * * *"')
        _check_when(schedule, shape, path, findings)
        _check_names("flow", shape.flows, flows, path, findings)
        _check_names("connection", shape.connections, connections, path, findings)
        if schedule.every or schedule.cron:
            found[name] = schedule
    _tell_left_out(shapes, flows, findings)
    return found


def _when(shape: ScheduleShape) -> str:
    parts = [f"every {shape.every}" if shape.every else str(shape.cron)]
    parts += [f"jitter {shape.jitter}"] if shape.jitter else []
    parts += [f"quiet {', '.join(shape.quiet)}"] if shape.quiet else []
    return ", ".join(parts) + (f" ({shape.timezone})" if shape.cron or shape.quiet else "")


def _length(text: str) -> timedelta:
    return timedelta(seconds=int(text[:-1]) * _UNITS[text[-1]])


def _quiet(text: str) -> Quiet:
    begin, end = (time.fromisoformat(part) for part in text.split("-"))
    return Quiet(begin, end)


def _zone(text: str, path: Path, findings: Findings) -> tzinfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(text, available_timezones()) or "as in Europe/Berlin"
        findings.error((*path, "timezone"), f"there is no time zone {text}", hint)
        return UTC


def _cron(text: str, zone: tzinfo, path: Path, findings: Findings) -> Cron | None:
    try:
        found = parse_cron(text)
    except ValueError as error:
        findings.error((*path, "cron"), str(error), 'as in "0 2 * * *": every night at two')
        return None
    if found.next_after(_ANY_TIME, zone) is None:
        findings.error((*path, "cron"), f"{text} never comes", "no such day is in the calendar")
        return None
    return found


def _check_when(schedule: Schedule, shape: ScheduleShape, path: Path, findings: Findings) -> None:
    if shape.every is not None and not schedule.every:
        findings.error((*path, "every"), "every must be 1s or more", "as in every: 5m")
    if schedule.every and schedule.jitter > schedule.every:
        hint = "a start would come after the next one"
        findings.error((*path, "jitter"), f"jitter must not be longer than every ({shape.every})", hint)
    _check_quiet(schedule, path, findings)


def _check_quiet(schedule: Schedule, path: Path, findings: Findings) -> None:
    empty = [number for number, one in enumerate(schedule.quiet) if one.begin == one.end]
    for number in empty:
        hint = "to stop it for longer, take the schedule out"
        findings.error((*path, "quiet", number), "quiet hours end when they begin", hint)
    minutes = [(_ANY_TIME + timedelta(minutes=number)).time() for number in range(24 * 60)]
    if schedule.quiet and not empty and all(any(one.covers(minute) for one in schedule.quiet) for minute in minutes):
        findings.error((*path, "quiet"), "it is quiet all day long, so it never starts", "leave some hours free")


def _check_names(kind: str, names: list[str], known: Collection[str], path: Path, findings: Findings) -> None:
    for number, name in enumerate(names):
        if name not in known:
            findings.error((*path, f"{kind}s", number), f"there is no {kind} {name}", did_you_mean(name, known))


def _tell_left_out(shapes: Mapping[str, ScheduleShape], flows: Collection[str], findings: Findings) -> None:
    if not shapes or any(not shape.flows for shape in shapes.values()):
        return
    named = {name for shape in shapes.values() for name in shape.flows}
    for flow in flows:
        # A name that is no flow's was told, and may well be meant for this one.
        if flow not in named and named <= set(flows):
            hint = "only webhooks and `crossdock sync` move it; name it in a schedule if that is not meant"
            findings.warning(("flows", flow), f"no schedule runs the flow {flow}", hint)
