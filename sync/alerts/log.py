"""The log of alerts: a condition opens one, its end closes it, and each target is told of both, once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from canonical.clock import instant_text
from canonical.words import shortened
from sync.alerts.conditions import Condition
from sync.store.alerts import Alert, AlertDelivery
from sync.store.columns import filled
from sync.store.database import among, insert_returning_id
from sync.store.tables import table

_ALERT = table(Alert)
_DELIVERY = table(AlertDelivery)
_KEPT = timedelta(days=90)
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=1)
_LONGEST = 500
OPENED = "opened"
CLOSED = "closed"


def reconcile(
    connection: Connection, found: Iterable[Condition], wants: Mapping[str, Collection[str]], now: datetime
) -> None:
    """Bring the log to the conditions that hold; ``wants`` are the kinds each target is told of."""
    stamp = instant_text(now)
    known = {(row.kind, row.subject): row for row in connection.execute(select(_ALERT).where(_ALERT.c.closed_at == ""))}
    holding = {(one.kind, one.subject): one for one in found}
    for key, one in holding.items():
        said = {"detail": shortened(one.detail, _LONGEST), "todo": one.todo}
        if key not in known:
            _open(connection, one, wants, stamp)
        elif known[key].detail != said["detail"]:
            connection.execute(update(_ALERT).where(_ALERT.c.id == known[key].id).values(**said))
    over = [row.id for key, row in known.items() if key not in holding]
    if over:
        _close(connection, over, stamp)
    _drop_others(connection, wants)
    _forget(connection, instant_text(now - _KEPT))


def _open(connection: Connection, one: Condition, wants: Mapping[str, Collection[str]], now: str) -> None:
    row = {"kind": one.kind, "subject": one.subject, "detail": shortened(one.detail, _LONGEST), "todo": one.todo}
    ident = insert_returning_id(connection, _ALERT, filled(Alert, {**row, "opened_at": now}))
    for target in sorted(target for target, kinds in wants.items() if one.kind in kinds):
        connection.execute(insert(_DELIVERY).values(**_delivery(ident, target, OPENED)))


def _delivery(ident: int, target: str, event: str) -> dict[str, Any]:
    return filled(AlertDelivery, {"alert_id": ident, "target": target, "event": event})


def _close(connection: Connection, over: Sequence[int], now: str) -> None:
    """Who was told that it began is told that it is over; who was not told need not know of either."""
    connection.execute(update(_ALERT).where(among(connection, _ALERT.c.id, over)).values(closed_at=now))
    of_these = among(connection, _DELIVERY.c.alert_id, over)
    told = connection.execute(select(_DELIVERY).where(of_these, _DELIVERY.c.told_at != "")).all()
    connection.execute(delete(_DELIVERY).where(of_these, _DELIVERY.c.told_at == ""))
    for row in told:
        connection.execute(insert(_DELIVERY).values(**_delivery(row.alert_id, row.target, CLOSED)))


def _drop_others(connection: Connection, names: Collection[str]) -> None:
    """What was not delivered to a target that is not configured any more waits for nobody."""
    gone = _DELIVERY.c.target.not_in(sorted(names))
    connection.execute(delete(_DELIVERY).where(gone, _DELIVERY.c.told_at == ""))


def _forget(connection: Connection, before: str) -> None:
    old = select(_ALERT.c.id).where(_ALERT.c.closed_at != "", _ALERT.c.closed_at < before)
    connection.execute(delete(_DELIVERY).where(_DELIVERY.c.alert_id.in_(old)))
    connection.execute(delete(_ALERT).where(_ALERT.c.closed_at != "", _ALERT.c.closed_at < before))


def due(connection: Connection, target: str, now: datetime) -> list[Row[Any]]:
    """What a target is to be told now, in the order in which it happened."""
    query = (
        select(_ALERT, _DELIVERY.c.event, _DELIVERY.c.attempts)
        .join(_DELIVERY, _DELIVERY.c.alert_id == _ALERT.c.id)
        .where(_DELIVERY.c.target == target, _DELIVERY.c.told_at == "", _DELIVERY.c.not_before <= instant_text(now))
    )
    return list(connection.execute(query.order_by(_ALERT.c.id, _DELIVERY.c.event.desc())))


def told(connection: Connection, target: str, rows: Sequence[Row[Any]], now: datetime) -> None:
    """A target was told of these."""
    _note(connection, target, rows, told_at=instant_text(now), error="")


def not_told(connection: Connection, target: str, rows: Sequence[Row[Any]], error: str, now: datetime) -> None:
    """A target could not be told of these; the next time is later each time, up to an hour."""
    attempts = max(row.attempts for row in rows) + 1
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempts - 1, 10))
    _note(
        connection,
        target,
        rows,
        attempts=attempts,
        not_before=instant_text(now + pause),
        error=error[:_LONGEST],
    )


def _note(connection: Connection, target: str, rows: Sequence[Row[Any]], **values: Any) -> None:
    for event in (OPENED, CLOSED):
        of_these = [row.id for row in rows if row.event == event]
        same = (_DELIVERY.c.target == target, _DELIVERY.c.event == event, _DELIVERY.c.told_at == "")
        connection.execute(
            update(_DELIVERY).where(among(connection, _DELIVERY.c.alert_id, of_these), *same).values(**values)
        )


def listing(connection: Connection, *, every: bool = False, limit: int = 200) -> list[Row[Any]]:
    """Alerts that are open, or every one that is kept, newest first."""
    query = select(_ALERT).order_by(_ALERT.c.id.desc()).limit(limit)
    return list(connection.execute(query if every else query.where(_ALERT.c.closed_at == "")))


def failing(connection: Connection) -> list[dict[str, object]]:
    """Targets that could not be told: how much waits for each, how often it was tried, and what went wrong last."""
    query = select(_DELIVERY).where(_DELIVERY.c.told_at == "", _DELIVERY.c.error != "")
    found: dict[str, dict[str, object]] = {}
    for row in connection.execute(query.order_by(_DELIVERY.c.target, _DELIVERY.c.attempts)):
        waits = int(str(found.get(row.target, {}).get("waiting", 0))) + 1
        said = {"attempts": row.attempts, "next_at": row.not_before, "error": row.error}
        found[row.target] = {"target": row.target, "waiting": waits, **said}
    return list(found.values())
