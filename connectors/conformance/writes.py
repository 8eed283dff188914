"""The contract of writing: only what was given, one outcome for every row, nothing in a dry run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from canonical.errors import FatalError
from connectors.base import CallOutcome, RowOutcome, RowStatus, WriteRow
from connectors.conformance.model import Check, NotApplicable, Subject, WriteCase
from connectors.conformance.world import World, changed_paths, each_write, require
from connectors.manifest import CompareAndSet

VALUE = 23
OTHER = 41


def every_declared_write_is_examined(subject: Subject) -> None:
    """The subject knows how to write with every operation of the manifest."""
    examined = {case.operation for case in each_write(subject)}
    left = sorted(set(World.open(subject, 1).connector.manifest.writes) - examined)
    if left:
        raise NotApplicable(f"not examined by this subject: {', '.join(left)}")


def a_written_value_arrives(subject: Subject) -> None:
    """A row that is pushed is applied, and the platform then holds its value."""
    for case in each_write(subject):
        world = World.open(subject, 3)
        outcome = world.connector.push(world.pack_one(case, 1, VALUE))
        _require_applied(outcome, [1], case.operation)
        held = world.held(case, 1)
        require(held == VALUE, f"{case.operation}: wrote {VALUE}, the platform holds {held}")


def packing_sends_nothing(subject: Subject) -> None:
    """Packing composes calls and sends none."""
    for case in each_write(subject):
        world = World.open(subject, 3)
        rows = [case.row(world.simulator, number, number, VALUE) for number in range(3)]
        world.connector.pack(rows, world.new_key)
        require(not world.simulator.log.entries, f"{case.operation}: packing sent a request")


def packing_is_repeatable(subject: Subject) -> None:
    """The same rows and keys are packed into the same bytes: the journal can be trusted."""
    for case in each_write(subject):
        worlds = World.open(subject, 3), World.open(subject, 3)
        bodies = [world.pack_one(case, 1, VALUE).body for world in worlds]
        require(bodies[0] == bodies[1], f"{case.operation}: the same row was packed into different bytes")


def batches_hold_what_the_platform_allows(subject: Subject) -> None:
    """Every row is in exactly one call, and no call holds more rows than the manifest says."""
    for case in each_write(subject):
        world = World.open(subject, 1)
        batch = world.spec(case).batch
        items = 2 * batch + 1
        world = World.open(subject, items)
        rows = [case.row(world.simulator, number, number, VALUE) for number in range(items)]
        calls = world.connector.pack(rows, world.new_key)
        packed = Counter(number for call in calls for number in call.rows)
        require(set(packed) == set(range(items)), f"{case.operation}: rows are missing from the calls")
        require(max(packed.values()) == 1, f"{case.operation}: a row is in two calls")
        largest = max(len(call.rows) for call in calls)
        require(largest <= batch, f"{case.operation}: a call of {largest} rows, allowed are {batch}")
        require(len({call.operation for call in calls}) == 1, f"{case.operation}: calls of another operation")


def every_row_has_an_outcome(subject: Subject) -> None:
    """Every row of a call gets its own outcome, and all values arrive."""
    for case in each_write(subject):
        world = World.open(subject, 6)
        rows = [case.row(world.simulator, number, number, VALUE + number) for number in range(6)]
        for call in world.connector.pack(rows, world.new_key):
            _require_applied(world.connector.push(call), call.rows, case.operation)
        held = [world.held(case, index) for index in range(6)]
        require(held == [VALUE + index for index in range(6)], f"{case.operation}: the platform holds {held}")


def unmapped_fields_stay_untouched(subject: Subject) -> None:
    """A write changes what it was given, and otherwise only what the platform keeps for itself."""
    for case in each_write(subject):
        world = World.open(subject, 4)
        before = subject.snapshot(world.simulator)
        world.connector.push(world.pack_one(case, 2, VALUE))
        allowed = {tuple(path) for path in case.touches(world.simulator, 2)}
        changed = list(changed_paths(before, subject.snapshot(world.simulator)))
        require(bool(changed), f"{case.operation}: the write changed nothing in the snapshot")
        stray = [path for path in changed if not _is_allowed(path, allowed, subject.bookkeeping)]
        require(not stray, f"{case.operation}: also changed {['.'.join(path) for path in stray[:5]]}")


def a_dry_run_writes_nothing(subject: Subject) -> None:
    """In read-only mode a push is refused before anything is sent."""
    for case in each_write(subject):
        world = World.open(subject, 3, read_only=True)
        call = world.pack_one(case, 1, VALUE)
        before = subject.snapshot(world.simulator)
        refused = False
        try:
            world.connector.push(call)
        except FatalError:
            refused = True
        require(refused, f"{case.operation}: a dry run let a write through")
        require(world.simulator.log.writes() == 0, f"{case.operation}: the platform saw a write")
        require(subject.snapshot(world.simulator) == before, f"{case.operation}: the platform's state changed")


def a_stale_row_is_refused(subject: Subject) -> None:
    """Where the platform compares before it sets, a row whose base has moved is STALE and writes nothing."""
    cases = [case for case in each_write(subject) if _compares(subject, case)]
    if not cases:
        raise NotApplicable("no operation of this platform compares before it sets")
    for case in cases:
        world = World.open(subject, 3)
        old = world.pack_one(case, 1, VALUE)
        world.clock.advance(5)
        world.connector.push(world.pack_one(case, 1, OTHER, number=2))
        status = world.connector.push(old)[1].status
        require(status is RowStatus.STALE, f"{case.operation}: a row whose base had moved is {status.value}")
        held = world.held(case, 1)
        require(held == OTHER, f"{case.operation}: the stale row was written, the platform holds {held}")


def one_bad_row_does_not_stop_the_others(subject: Subject) -> None:
    """A row the platform refuses is REJECTED; the others are applied, at once or when they are packed anew."""
    cases = [case for case in each_write(subject) if case.bad_row is not None]
    if not cases:
        raise NotApplicable("the subject has no row that the platform would refuse")
    for case in cases:
        world = World.open(subject, 4)
        good = [case.row(world.simulator, number, number, VALUE) for number in range(3)]
        bad = case.bad_row(world.simulator, 3) if case.bad_row else good[0]
        outcome = _push_bisecting(world, [good[0], bad, *good[1:]])
        status = outcome[3].status
        require(status is RowStatus.REJECTED, f"{case.operation}: the bad row is {status.value}")
        require(bool(outcome[3].message), f"{case.operation}: the refusal says nothing")
        _require_applied({number: outcome[number] for number in range(3)}, range(3), case.operation)
        held = [world.held(case, index) for index in range(3)]
        require(held == [VALUE] * 3, f"{case.operation}: beside a bad row the platform holds {held}")


def _push_bisecting(world: World, rows: Sequence[WriteRow]) -> CallOutcome:
    """Push rows as the engine does: rows left untouched are packed anew, in halves when no row was named."""
    outcomes: dict[int, RowOutcome] = {}
    waiting: list[list[WriteRow]] = [list(rows)]
    for _ in range(4 * len(rows)):
        if not waiting:
            break
        group = waiting.pop(0)
        found: dict[int, RowOutcome] = {}
        for call in world.connector.pack(group, world.new_key):
            found.update(world.connector.push(call))
        require(set(found) == {row.number for row in group}, "a row got no outcome")
        rest = [row for row in group if found[row.number].status is RowStatus.UNTOUCHED]
        outcomes.update({number: one for number, one in found.items() if one.status is not RowStatus.UNTOUCHED})
        if rest and len(rest) == len(group):
            require(len(group) > 1, "a single row was neither applied nor refused")
            waiting += [rest[: len(rest) // 2], rest[len(rest) // 2 :]]
        elif rest:
            waiting.append(rest)
    require(not waiting, "rows stay untouched however often they are packed anew")
    return outcomes


def _require_applied(outcome: CallOutcome, numbers: Sequence[int], operation: str) -> None:
    require(set(outcome) == set(numbers), f"{operation}: outcomes for rows {sorted(outcome)}, sent {sorted(numbers)}")
    others = {number: one for number, one in outcome.items() if one.status is not RowStatus.APPLIED}
    bad = {number: f"{one.status.value} {one.message}" for number, one in others.items()}
    require(not bad, f"{operation}: rows were not applied: {bad}")


def _is_allowed(path: tuple[str, ...], allowed: set[tuple[str, ...]], bookkeeping: frozenset[str]) -> bool:
    return not bookkeeping.isdisjoint(path) or any(path[: len(prefix)] == prefix for prefix in allowed)


def _compares(subject: Subject, case: WriteCase) -> bool:
    return World.open(subject, 1).spec(case).compare_and_set is not CompareAndSet.NONE


WRITE_CHECKS: tuple[Check, ...] = tuple(
    Check(function.__name__, "writes", function)
    for function in (
        every_declared_write_is_examined,
        a_written_value_arrives,
        packing_sends_nothing,
        packing_is_repeatable,
        batches_hold_what_the_platform_allows,
        every_row_has_an_outcome,
        unmapped_fields_stay_untouched,
        a_dry_run_writes_nothing,
        a_stale_row_is_refused,
        one_bad_row_does_not_stop_the_others,
    )
)
