"""Carrying effects out: journalled first, sent once, and never again before it is known what became of them (R16, R17).

An effect is waiting, in flight, done, blocked (its document was refused), dropped, or unknown (a person must look).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from sqlalchemy import Connection, Row, select, update

from canonical.clock import instant_text, parse_instant
from canonical.errors import (
    AmbiguousError,
    AuthenticationError,
    BusyError,
    FatalError,
    RetriableError,
    SkippableError,
)
from connectors.base import Call, EffectConnector, RowOutcome, RowStatus
from connectors.manifest import EffectSpec, WriteClass
from sync.contact import rests, work_with
from sync.contain import of_one_record
from sync.hub import Hub
from sync.logcontext import about
from sync.orders import duties, outcomes, store
from sync.orders.composing import AT_ONCE, compose, foresee

_log = logging.getLogger(__name__)
_MOST_ATTEMPTS = 5
_UNMAPPED = "takes_no_requests"
_PAUSE = timedelta(minutes=1)
_LONGEST_DOUBT = timedelta(hours=1)
"""How long it is at least tried to find out what became of an effect, before a person is asked to look."""
_DOUBT_OF_SETTLING = 10
_LOOK_THERE = "its outcome cannot be found out; look there, then resolve it"


@dataclass
class EffectReport:
    """What carrying effects out did, by connection and outcome; ``failed`` names who gave up, and why."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, other: EffectReport) -> None:
        """Count another round in."""
        self.outcomes.update(other.outcomes)
        self.calls.update(other.calls)
        self.failed.update(other.failed)


def request_effects(hub: Hub) -> int:
    """Want every request that waits to be sent; tells how many are new."""
    count = 0
    with hub.database.begin() as connection:
        unmapped = store.REQUEST.c.reason == _UNMAPPED
        rows = connection.execute(select(store.REQUEST).where((store.REQUEST.c.state == "waiting") | unmapped)).all()
        for row in (one for one in rows if one.connection in hub.config.connections):
            mapping = hub.config.connections[row.connection].documents.get("fulfillment_request")
            if mapping is None or row.reason == _UNMAPPED:
                _note_mapping(hub, connection, row, is_mapped=mapping is not None)
            if mapping is None or row.state not in ("waiting", "blocked"):
                continue
            wanted = {
                "kind": "request",
                "cause": f"request:{row.id}",
                "connection": row.connection,
                "operation": mapping.operation,
                "reference": row.reference,
                "order_id": row.order_id,
                "request_id": row.id,
                "document": bytes(row.body),
            }
            count += store.add_effect(connection, wanted, hub.stamp())
    return count


def _note_mapping(hub: Hub, connection: Connection, row: Row[Any], *, is_mapped: bool) -> None:
    """Who takes requests no more is not asked, and the order says so until its configuration lets it be asked again."""
    if row.state not in ("waiting", "blocked") or (row.reason == _UNMAPPED and not is_mapped):
        return
    values = {"state": "blocked", "reason": _UNMAPPED, "detail": "no mapping writes requests there any more"}
    if is_mapped:
        values = {"state": "waiting", "reason": "", "detail": ""}
    store.set_request(connection, row.id, hub.stamp(), **values)
    store.mark_due(connection, row.order_id)


def carry_out(hub: Hub, only: frozenset[int] | None = None) -> EffectReport:
    """Resolve what a crash or a lost answer left, then do what waits; one connection's failure leaves others alone.

    ``only`` are the effects of a saved plan: nothing else is sent.
    """
    report = EffectReport()
    if only is None:
        request_effects(hub)
    with hub.database.begin() as connection:
        query = select(store.EFFECT.c.connection).where(store.EFFECT.c.state.in_(("waiting", "in_flight"))).distinct()
        # What waits for a connection that is not configured any more goes on when it is again.
        names = sorted((set(connection.execute(query).scalars()) & hub.config.connections.keys()) - hub.paused)
    for name in names:
        if not rests(hub, name, report.failed):
            work_with(hub, name, "effect", report.failed, partial(_send_all, hub, name, report, only))
    for (name, word), count in report.outcomes.items():
        hub.on_outcome(name, word, count)
    return report


def _send_all(
    hub: Hub, name: str, report: EffectReport, only: frozenset[int] | None, still_ours: Callable[[], bool]
) -> None:
    _Sender(hub, name, report, still_ours, only).run()


def resolve_lost(hub: Hub, name: str) -> Counter[str]:
    """Find out what became of a connection's effects in flight; the caller holds its lock."""
    report = EffectReport()
    sender = _Sender(hub, name, report, lambda: True)
    sender.recover()
    return Counter({word: count for (_, word), count in report.outcomes.items()})


class _Sender:
    """Carries out one connection's effects."""

    def __init__(
        self, hub: Hub, name: str, report: EffectReport, still_ours: Any, only: frozenset[int] | None = None
    ) -> None:
        self.hub = hub
        self.name = name
        self.report = report
        self.still_ours = still_ours
        self.only = only
        self.specs = hub.config.connections[name].manifest.effects

    @property
    def connector(self) -> EffectConnector:
        """The connector, built when it is needed."""
        return cast(EffectConnector, self.hub.connector(self.name))

    def run(self) -> None:
        """Resolve first, then send in order; a shipment is told after the request it belongs to."""
        self.recover()
        after = sent = 0
        while True:
            with self.hub.database.begin() as connection:
                row = self._next(connection, after)
            if row is None:
                return
            if sent % AT_ONCE == 0 and self.only is None:
                foresee(self.hub, self.name, after)
            after, sent = row.id, sent + 1
            if self.only is None or row.id in self.only:
                with about(ref=row.reference):
                    _log.info("%s", row.operation)
                    self._send(row)

    def recover(self) -> None:
        """Find out what became of each effect in flight."""
        with self.hub.database.begin() as connection:
            query = select(store.EFFECT).where(
                store.EFFECT.c.connection == self.name, store.EFFECT.c.state == "in_flight"
            )
            rows = connection.execute(query.order_by(store.EFFECT.c.id)).all()
        for row in rows:
            self._resolve(row)
            self.hub.checkpoint("effect resolved")

    def _next(self, connection: Connection, after: int) -> Row[Any] | None:
        effect = store.EFFECT
        mine = (effect.c.connection == self.name, effect.c.id > after)
        query = select(effect).where(*mine, duties.to_send(self.hub.stamp())).order_by(effect.c.id).limit(1)
        return connection.execute(query).first()

    def _send(self, row: Row[Any]) -> None:
        hub = self.hub
        try:
            with of_one_record(self.name):
                call = compose(hub, self.name, row)
        except SkippableError as error:
            self._close(row, RowOutcome(RowStatus.REJECTED, str(error), reason=error.reason))
            return
        hub.checkpoint("before the effect")
        with hub.database.begin() as connection:
            if not self._journal(connection, row, call):
                return
            hub.checkpoint("effect not committed")
        if not self.still_ours():
            self._put_back(row, "the lock was lost")
            raise BusyError(f"the lock on {self.name} was lost", hint="run the command again")
        self.report.calls[self.name] += 1
        try:
            with of_one_record(self.name):
                outcome = self.connector.push(call).get(0)
        except (AmbiguousError, SkippableError) as error:
            # Whatever is odd about this one, it may have taken effect; the others go on.
            if isinstance(error, SkippableError):
                self.report.failed[self.name] = str(error)
            if self.specs[row.operation].write_class is WriteClass.UNKNOWABLE:
                self._unknown(row, _LOOK_THERE)
                return
            # Before its last request a call may have looked, waited and asked for long: the doubt begins only now.
            self._doubt(row, hub.now(), detail=str(error), sent_at=hub.stamp())
            return
        except (RetriableError, FatalError) as error:
            self._put_back(row, str(error))
            raise
        hub.checkpoint("after the effect")
        self._close(row, outcome or RowOutcome(RowStatus.UNTOUCHED, "the platform's answer left it out"))
        hub.checkpoint("effect closed")

    def _journal(self, connection: Connection, row: Row[Any], call: Call) -> bool:
        """Keep the exact call before it is sent, unless the effect is not wanted any more."""
        done = connection.execute(
            update(store.EFFECT)
            .where(store.EFFECT.c.id == row.id, store.EFFECT.c.state == "waiting")
            .values(
                state="in_flight",
                key=call.key,
                call_resource=call.resource,
                call_body=call.body,
                detail="",
                sent_at=self.hub.stamp(),
                attempts=row.attempts + 1,
                not_before="",
            )
        )
        if done.rowcount != 1:
            return False
        outcomes.sent(self.hub, connection, row)
        return True

    def _resolve(self, row: Row[Any]) -> None:
        """What became of an effect whose answer was lost, by the class of its write; never a blind second one."""
        spec = self.specs.get(row.operation)
        if spec is None:
            self._unknown(row, f"its connector has no {row.operation} any more; look there, then resolve it")
            return
        if spec.write_class is WriteClass.UNKNOWABLE:
            self._unknown(row, _LOOK_THERE)
            return
        if self.hub.read_only:
            return
        call = Call(row.operation, bytes(row.call_body), (0,), row.call_resource, row.reference, row.key)
        settle = self._settle_time(spec)
        looked_at = self.hub.now()  # and not when the answer is there
        age = looked_at - parse_instant(row.sent_at)
        try:
            with of_one_record(self.name):
                found = self.connector.resolve(call)
        except AuthenticationError:
            raise
        except (FatalError, SkippableError) as error:
            # It may be about what is found of this one: what is read and done beside it goes on.
            self.report.failed[self.name] = str(error)
            if isinstance(error, FatalError):
                return
            found = None
        outcome = found.get(0) if found else None
        if outcome is None and age >= max(_LONGEST_DOUBT, settle * _DOUBT_OF_SETTLING):
            self._unknown(row, "what is there may be of it, or of another one; look there, then resolve it")
        elif outcome is None:
            self._doubt(row, looked_at + _PAUSE)
        elif outcome.status is RowStatus.UNTOUCHED and age < settle:
            self._doubt(row, looked_at + settle - age)
        elif outcome.status is RowStatus.UNTOUCHED and not row.detail:
            # Whoever sent it was killed, at the latest just now: its last request may still be on its way.
            killed = "the process ended before an answer came"
            self._doubt(row, looked_at + settle, detail=killed, sent_at=instant_text(looked_at))
        else:
            self._close(row, outcome)

    def _settle_time(self, spec: EffectSpec) -> timedelta:
        configured = self.hub.config.connections[self.name].write_settle_seconds
        return timedelta(seconds=spec.settle_seconds if configured is None else configured)

    def _close(self, row: Row[Any], outcome: RowOutcome) -> None:
        hub = self.hub
        tried = row.attempts + (row.state == "waiting")  # of one in flight this attempt is counted already
        with hub.database.begin() as connection:
            if outcome.status is RowStatus.APPLIED:
                outcomes.done(hub, connection, self.name, row, outcome)
                word = "done"
            elif outcome.status is RowStatus.REJECTED:
                outcomes.refused(hub, connection, row, outcome)
                word = "blocked"
            elif tried >= _MOST_ATTEMPTS:
                refused = RowOutcome(RowStatus.REJECTED, outcome.message, reason="not_converging")
                outcomes.refused(hub, connection, row, refused)
                word = "blocked"
            else:
                outcomes.again(hub, connection, row, outcome, instant_text(hub.now() + _PAUSE * (tried - 1)))
                word = "again"
            hub.checkpoint("before the effect's commit")
        self.report.outcomes[self.name, word] += 1
        hub.progress(f"orders {self.name}", self.report.outcomes[self.name, "done"], None)

    def _put_back(self, row: Row[Any], detail: str) -> None:
        """Nothing was done: the effect waits as before, under its own key."""
        with self.hub.database.begin() as connection:
            values = {"state": "waiting", "detail": detail[:500], "attempts": row.attempts, "not_before": ""}
            connection.execute(update(store.EFFECT).where(store.EFFECT.c.id == row.id).values(**values))
            outcomes.not_sent(self.hub, connection, row)

    def _doubt(self, row: Row[Any], until: datetime, **noted: str) -> None:
        """Its outcome is not known, and cannot be found out ``until`` then."""
        values = {key: value[:500] for key, value in noted.items()} | {"not_before": instant_text(until)}
        with self.hub.database.begin() as connection:
            connection.execute(update(store.EFFECT).where(store.EFFECT.c.id == row.id).values(**values))
        self.report.outcomes[self.name, "unconfirmed"] += 1

    def _unknown(self, row: Row[Any], detail: str) -> None:
        with self.hub.database.begin() as connection:
            outcomes.unknown(connection, row, detail)
        self.report.outcomes[self.name, "unknown"] += 1
