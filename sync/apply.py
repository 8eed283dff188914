"""Applying a plan: journal first, send, take each row's outcome, bisect what a bad row held up.

Immediately before each call its lines are decided again from what the database knows now; a line whose target or inputs
moved is left out and planned anew (R19). There is no second code path for real runs.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from canonical.errors import AmbiguousError, BusyError, CrossdockError, FatalError, RetriableError, SkippableError
from connectors.base import Call, CallOutcome, RowOutcome, RowStatus
from connectors.manifest import CompareAndSet
from sync import journal, observeset, record, settlement, shadow
from sync.batch import Batch, ChangeLine, build_rows
from sync.contact import rests, work_with
from sync.decision import Verdict, fingerprint
from sync.evaluate import evaluate
from sync.hub import Hub
from sync.known import Line
from sync.logcontext import about
from sync.observe import drain, reread
from sync.oneoff import TO_OWNER, decide_to_owner
from sync.orders.fresh import read_orders
from sync.planner import decide_and_record
from sync.store import tables

_log = logging.getLogger(__name__)
_CHANGE = tables.table(tables.PlanChange)
_CHUNK = 5000


@dataclass
class ApplyReport:
    """What an apply did, by outcome; ``calls`` by connection; ``failed`` names connections that gave up, and why.

    The outcome ``already`` is a line whose value was there before it was sent: nothing was left to do.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def applied(self) -> int:
        """Lines that took effect."""
        return self.outcomes["applied"]

    @property
    def partial(self) -> bool:
        """Whether some lines did not land."""
        landed = ("applied", "already")
        return bool(self.failed) or any(count for name, count in self.outcomes.items() if name not in landed)


def apply(hub: Hub, plan_id: int) -> ApplyReport:
    """Carry out every planned line of a plan; one connection's failure leaves the others alone."""
    report = ApplyReport()
    with hub.database.begin() as connection:
        targets = (
            connection.execute(
                select(_CHANGE.c.connection)
                .where(_CHANGE.c.plan_id == plan_id, _CHANGE.c.status == "planned")
                .distinct()
                .order_by(_CHANGE.c.connection)
            )
            .scalars()
            .all()
        )
    for target in targets:
        if not rests(hub, target, report.failed):
            work_with(hub, target, "apply", report.failed, partial(_write, hub, plan_id, target, report))
    return report


def _write(hub: Hub, plan_id: int, target: str, report: ApplyReport, still_ours: Callable[[], bool]) -> None:
    _Applier(hub, plan_id, target, report, still_ours).run()


@dataclass(frozen=True, slots=True)
class _Decided:
    """A planned line decided again: the line if it still stands, else what became of it."""

    change: ChangeLine
    line: Line | None
    left_as: str


def _left_as(line: Line | None, change: ChangeLine) -> str:
    """``already`` if the target holds the planned value and needs nothing, else ``moved``."""
    if line is None or line.view.external_id != change.external_id or line.decision.verdict is not Verdict.EQUAL:
        return "moved"
    return "already" if line.decision.desired == change.after else "moved"


def _raises(change: ChangeLine) -> bool:
    """Whether a line raises a stock figure."""
    before, after = change.before, change.after
    return isinstance(before, int) and isinstance(after, int) and after > before


def _lowered_beside(found: Mapping[tuple[str, int, str], Line], changes: Sequence[ChangeLine]) -> set[tuple[str, int]]:
    """Items of which another figure must be lowered by now, which these lines do not do: it goes before any raise."""
    here = {(change.flow, change.item_id, change.slot) for change in changes}
    return {
        (flow, item)
        for (flow, item, slot), line in found.items()
        if (flow, item, slot) not in here and line.decision.writes and _lowers(line)
    }


def _lowers(line: Line) -> bool:
    desired, before = line.decision.desired, line.decision.base
    return isinstance(before, int) and isinstance(desired, int) and desired < before


class _Applier:
    """Writes one connection's lines of one plan."""

    def __init__(self, hub: Hub, plan_id: int, target: str, report: ApplyReport, still_ours: Any) -> None:
        self.hub = hub
        self.plan_id = plan_id
        self.target = target
        self.report = report
        self.still_ours = still_ours
        self.connector = hub.connector(target)
        self.alone: set[int] = set()

    def run(self) -> None:
        """Adopt what policy adopts, then write chunk by chunk."""
        after = 0
        while True:
            with self.hub.database.begin() as connection:
                rows = _next_lines(connection, self.plan_id, self.target, after)
            if not rows:
                return
            after = rows[-1].number
            self._chunk(rows)

    def _chunk(self, rows: Sequence[Row[Any]]) -> None:
        adopted = [row for row in rows if row.action == "adopt"]
        if adopted:
            self._adopt(adopted)
        queue: deque[Batch] = deque()
        with self.hub.database.begin() as connection:
            batch, refused = build_rows(self.hub, connection, self.target, [r for r in rows if r.action != "adopt"])
        self._finish(refused)
        self.alone.clear()
        queue.append(batch)
        while queue:
            self._send_batch(queue.popleft(), queue)

    def _adopt(self, rows: Sequence[Row[Any]]) -> None:
        with self.hub.database.begin() as connection:
            for found in self._decided(connection, [ChangeLine.of(row) for row in rows]):
                if found.line is not None:
                    record.adopt(connection, found.line, self.hub.stamp())
                self._status(connection, [found.change], "applied" if found.line is not None else found.left_as)

    def _send_batch(self, batch: Batch, queue: deque[Batch]) -> None:
        if not batch.rows:
            return
        for call in self._pack(batch, queue):
            part = batch.only(call.rows)
            unseen = self._look(call, part) if self._needs_look(call) else set()
            if unseen:
                self._leave_unseen(call, part.only(unseen))
                queue.append(part.without(unseen))
                continue
            self._send(call, part, queue)

    def _pack(self, batch: Batch, queue: deque[Batch]) -> list[Call]:
        """Compose the calls; a row the connector cannot write is refused, and the rest is packed without it."""
        try:
            return self.connector.pack(batch.rows, lambda: uuid.uuid4().hex)
        except SkippableError as error:
            bad = [row.number for row in batch.rows if row.external_id == error.ref] or batch.numbers
            self._finish((line, str(error)) for number in bad for line in batch.lines[number])
            queue.append(batch.without(bad))
            return []

    def _needs_look(self, call: Call) -> bool:
        spec = self.connector.manifest.writes[call.operation]
        return spec.compare_and_set is CompareAndSet.NONE

    def _look(self, call: Call, part: Batch) -> set[int]:
        """Read the records just before a write that the platform does not compare; tells which did not come back."""
        begun = self.hub.stamp()
        reread(self.hub, self.target, call.resource, [row.external_id for row in part.rows])
        with self.hub.database.begin() as connection:
            entities = {entity for _, entity in part.views}
            seen = shadow.seen_since(connection, self.target, entities, [r.external_id for r in part.rows], begun)
        return {
            row.number
            for row in part.rows
            if any((line.entity, row.external_id) not in seen for line in part.lines[row.number])
        }

    def _leave_unseen(self, call: Call, part: Batch) -> None:
        """Never write over what could not be looked at: these records are to be read again first."""
        with self.hub.database.begin() as connection:
            refs = [row.external_id for row in part.rows]
            observeset.mark(connection, self.target, call.resource, refs, self.hub.stamp())
            self._status(connection, part.changes(), "moved", "the platform did not show the record before the write")

    def _note_moved(self, connection: Connection, part: Batch) -> set[int]:
        """Rows whose target or inputs moved since the plan: noted, and left out of the call."""
        carried = [number for number in part.numbers for _ in part.lines[number]]
        decided = self._decided(connection, part.changes())
        gone = [(number, found) for number, found in zip(carried, decided, strict=True) if found.line is None]
        moved = {number for number, _ in gone}
        # Its figures belong together: a raise must not go out while the lowering beside it is planned anew.
        items = {found.change.item_id for _, found in gone if found.left_as == "moved"}
        beside = {n for n in part.numbers if n not in moved and any(x.item_id in items for x in part.lines[n])}
        self._status(connection, part.only(beside).changes(), "moved")
        for word in ("moved", "already"):
            left = [found for number, found in zip(carried, decided, strict=True) if number in moved]
            self._status(connection, [found.change for found in left if found.left_as == word], word)
        return moved | beside

    def _decided(self, connection: Connection, changes: Sequence[ChangeLine]) -> list[_Decided]:
        """Decide planned lines again; those that would be decided differently now have no line."""
        found: dict[tuple[str, int, str], Line] = {}
        for name in {change.flow for change in changes}:
            flow = self.hub.config.flows.get(name)
            asked = [change for change in changes if change.flow == name]
            if name == TO_OWNER:
                lines = decide_to_owner(connection, self.target, asked)
            else:
                items = sorted({change.item_id for change in asked})
                lines = evaluate(self.hub, connection, flow, items, targets=(self.target,)) if flow else []
            found.update({(name, line.view.item_id, line.slot): line for line in lines if line.target == self.target})
        again = [(found.get((change.flow, change.item_id, change.slot)), change) for change in changes]
        first = _lowered_beside(found, changes)
        return [
            _Decided(change, None, "moved")
            if _raises(change) and (change.flow, change.item_id) in first
            else _Decided(change, self._same(line, change), _left_as(line, change))
            for line, change in again
        ]

    def _same(self, line: Line | None, change: ChangeLine) -> Line | None:
        if line is None or not line.decision.writes:
            return None
        now = fingerprint(line.view.external_id, line.slot, line.decision, self.hub.config.version)
        meant = (line.view.external_id, line.decision.desired) == (change.external_id, change.after)
        return line if meant and now == change.fingerprint else None

    def _send(self, call: Call, part: Batch, queue: deque[Batch]) -> None:
        hub = self.hub
        hub.checkpoint("before the journal")
        with hub.database.begin() as connection:
            moved = self._note_moved(connection, part)
            if not moved:
                entries = part.entries(self.plan_id)
                call_id = journal.begin(connection, self.target, self.plan_id, call, entries, hub.stamp())
                hub.checkpoint("journal not committed")
        if moved:
            queue.append(part.without(moved))
            return
        if not self.still_ours():
            # Nothing was sent, and whoever has the lock now may be writing: the call must not look like a lost one.
            lost = BusyError(f"the lock on {self.target} was lost", hint="run the command again")
            self._close_unsent(call_id, part, lost)
            raise lost
        hub.checkpoint("before the call")
        self.report.calls[self.target] += 1
        try:
            with about(ref=f"call {call_id}"):
                _log.info("%s", call.operation)
                outcome = self.connector.push(call)
        except AmbiguousError as error:
            _log.warning("no answer: %s", error, extra={"ref": f"call {call_id}"})
            self._lost(call_id, part, error)
            return
        except RetriableError as error:
            # The platform did nothing: the lines stay planned and the connection is left alone for now.
            self._close_unsent(call_id, part, error)
            raise
        except FatalError as error:
            self._close_unsent(call_id, part, error)
            raise
        hub.checkpoint("after the call")
        self._take(call_id, call, part, outcome, queue)
        hub.progress(f"apply {self.target}", self.report.applied, None)
        hub.checkpoint("after the commit")

    def _lost(self, call_id: int, part: Batch, error: AmbiguousError) -> None:
        """No answer: the call stays in flight until its class of write resolves it (R17)."""
        with self.hub.database.begin() as connection:
            journal.finish(connection, call_id, "in_flight", "", str(error))
            self._status(connection, part.changes(), "unconfirmed", str(error))

    def _close_unsent(self, call_id: int, part: Batch, error: CrossdockError) -> None:
        with self.hub.database.begin() as connection:
            now = self.hub.stamp()
            journal.outcome(connection, call_id, dict.fromkeys(part.numbers, ("not_sent", str(error))), now)
            journal.finish(connection, call_id, "done", now, str(error))
            self._status(connection, part.changes(), "not_sent", str(error))

    def _take(self, call_id: int, call: Call, part: Batch, outcome: CallOutcome, queue: deque[Batch]) -> None:
        """Store each row's outcome; what was not judged is queued again, halved when no row was named."""
        lacking = [number for number in part.numbers if number not in outcome]
        answers = {**outcome, **{n: RowOutcome(RowStatus.UNTOUCHED, "the answer left it out") for n in lacking}}
        untouched = [number for number, row in answers.items() if row.status is RowStatus.UNTOUCHED]
        if len(untouched) == len(answers) == 1 and untouched[0] not in self.alone:
            # It may have been refused for its company or its key: once more on its own, then it is the bad row.
            self.alone.add(untouched[0])
        elif len(untouched) == len(answers) == 1:
            number = untouched[0]
            answers[number] = RowOutcome(RowStatus.REJECTED, answers[number].message)
            untouched = []
        stale = [number for number, row in answers.items() if row.status is RowStatus.STALE]
        with self.hub.database.begin() as connection:
            settlement.store_outcome(self.hub, connection, self.target, call_id, part, answers)
            refs = [row.external_id for row in part.only(stale).rows]
            observeset.mark(connection, self.target, call.resource, refs, self.hub.stamp())
            self._judged(connection, part, answers)
            self.hub.checkpoint("before the commit")
        left = self._without_moved(part, untouched, stale)
        self._requeue(part, left, judged=len(answers) - len(left), queue=queue)
        if stale:
            self._reread_stale(part.only(stale))

    def _without_moved(self, part: Batch, untouched: list[int], stale: list[int]) -> list[int]:
        """Rows to send again: not those of an item that moved elsewhere, whose lowering must come before its raise."""
        moved = {line.item_id for line in part.only(stale).changes()}
        left = [number for number in untouched if all(line.item_id not in moved for line in part.lines[number])]
        if moved and len(left) < len(untouched):
            with self.hub.database.begin() as connection:
                dropped = part.only(set(untouched) - set(left))
                self._status(connection, dropped.changes(), "moved", "another figure of the item had changed")
        return left

    def _requeue(self, part: Batch, untouched: list[int], *, judged: int, queue: deque[Batch]) -> None:
        if not untouched:
            return
        if judged or len(untouched) == 1:
            queue.append(part.only(untouched))
            return
        middle = len(untouched) // 2
        queue.append(part.only(untouched[:middle]))
        queue.append(part.only(untouched[middle:]))

    def _reread_stale(self, part: Batch) -> None:
        """Read what the platform refused as changed, and say at once what changed it."""
        drain(self.hub, self.target)
        read_orders(self.hub, self.target)
        with self.hub.database.begin() as connection:
            for name in {change.flow for change in part.changes()} & self.hub.config.flows.keys():
                items = sorted({change.item_id for change in part.changes() if change.flow == name})
                decide_and_record(self.hub, connection, self.hub.config.flows[name], items)

    def _finish(self, refused: Iterable[tuple[ChangeLine, str]]) -> None:
        with self.hub.database.begin() as connection:
            for change, message in refused:
                self._status(connection, [change], "rejected", message)

    def _judged(self, connection: Connection, part: Batch, answers: CallOutcome) -> None:
        """Note what became of each judged row on its lines, one statement for all that ended alike."""
        alike: dict[tuple[str, str], list[ChangeLine]] = {}
        for number, row in answers.items():
            if row.status is not RowStatus.UNTOUCHED:
                name = "moved" if row.status is RowStatus.STALE else row.status.value
                alike.setdefault((name, row.message), []).extend(part.lines[number])
        for (name, message), changes in alike.items():
            self._status(connection, changes, name, message)

    def _status(self, connection: Connection, changes: Iterable[ChangeLine], status: str, detail: str = "") -> None:
        rows = [{"n": change.number, "s": status, "d": detail[:500]} for change in changes]
        if rows:
            self.report.outcomes[status] += len(rows)
            self.hub.on_outcome(self.target, status, len(rows))
            connection.execute(
                update(_CHANGE)
                .where(_CHANGE.c.plan_id == self.plan_id, _CHANGE.c.number == bindparam("n"))
                .values(status=bindparam("s"), detail=bindparam("d")),
                rows,
            )


def _next_lines(connection: Connection, plan_id: int, target: str, after: int) -> Sequence[Row[Any]]:
    return connection.execute(
        select(_CHANGE)
        .where(
            _CHANGE.c.plan_id == plan_id,
            _CHANGE.c.connection == target,
            _CHANGE.c.status == "planned",
            _CHANGE.c.number > after,
        )
        .order_by(_CHANGE.c.number)
        .limit(_CHUNK)
    ).all()
