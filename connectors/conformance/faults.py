"""The contract under faults: reads recover or fail loudly, writes take effect once or say that they do not know."""

from __future__ import annotations

from collections.abc import Callable

from canonical.errors import AmbiguousError, CrossdockError
from connectors.base import Call, CallOutcome, RowStatus
from connectors.conformance.model import Check, NotApplicable, Subject, WriteCase
from connectors.conformance.world import World, each_write, nth, require
from connectors.conformance.writes import VALUE
from connectors.manifest import WriteClass
from connectors.simulation import Fault
from connectors.simulation.faults import FaultKind

_FOR_EVER = 100_000
_OTHER = 57


def throttled_reads_wait_and_return_everything(subject: Subject) -> None:
    """A read that is throttled waits on its clock, then returns every record once."""
    for resource in subject.resources:
        world = World.open(subject, subject.page_size + 1, documents=True)
        subject.throttle(world.simulator, 2)
        begun = world.clock.now()
        _require_everything(world, resource)
        require(world.simulator.faults.pending() == 0, f"{resource}: the throttling never reached the connector")
        require(world.clock.now() > begun, f"{resource}: asked again without waiting")


def reads_survive_passing_faults(subject: Subject) -> None:
    """A read survives one server error, web page, cut answer, lost answer and closed connection each."""
    kinds: tuple[FaultKind, ...] = ("status", "html", "truncated", "timeout_before", "drop")
    for kind in kinds:
        for resource in subject.resources:
            world = World.open(subject, 3, documents=True)
            world.simulator.faults.add(Fault(kind))
            _require_everything(world, resource)
            require(world.simulator.faults.pending() == 0, f"{resource}: the fault {kind} never came")


def lasting_faults_end_a_read_loudly(subject: Subject) -> None:
    """A read that only ever gets web pages or cut answers raises, and no page of it says complete."""
    broken: tuple[tuple[FaultKind, int], ...] = (("html", 200), ("html", 503), ("truncated", 200), ("drop", 0))
    for kind, status in broken:
        for resource in subject.resources:
            world = World.open(subject, 3, documents=True)
            world.simulator.faults.add(Fault(kind, times=_FOR_EVER, status=status))
            _require_loud(world, resource, f"{resource}: {kind} {status or ''}")


def a_fault_after_the_first_page_is_not_an_end(subject: Subject) -> None:
    """A read that breaks for good in the middle raises instead of ending as if that were all."""
    for resource in subject.resources:
        world = World.open(subject, 3 * subject.page_size, documents=True)
        pages = world.pull(resource)
        first = next(pages)
        if first.complete:
            continue
        world.simulator.faults.add(Fault("html", times=_FOR_EVER))
        try:
            rest = list(pages)
        except CrossdockError:
            continue
        got = len(world.ids(resource, [first, *rest]))
        expected = len(subject.external_ids(world.simulator, resource))
        require(got == expected, f"{resource}: ended with {got} of {expected} records as if that were all")


def a_token_that_expires_is_renewed_in_a_read(subject: Subject) -> None:
    """A token that expires between two pages is renewed, and every record still comes once."""
    expire = _expire(subject)
    for resource in subject.resources:
        world = World.open(subject, 3 * subject.page_size, documents=True)
        ids: list[str] = []
        for number, page in enumerate(world.pull(resource)):
            ids += world.ids(resource, [page])
            if number == 0:
                expire(world.simulator)
        expected = sorted(subject.external_ids(world.simulator, resource))
        require(sorted(ids) == expected, f"{resource}: {len(ids)} of {len(expected)} records after the token expired")


def a_token_that_expires_is_renewed_before_a_write(subject: Subject) -> None:
    """A token that expired before a write is renewed, and the write takes effect once."""
    expire = _expire(subject)
    for case in each_write(subject):
        clean = _effects_of_a_clean_push(subject, case)
        world = World.open(subject, 3)
        next(world.pull(next(iter(subject.resources))))
        call = world.pack_one(case, 1, VALUE)
        world.simulator.log.clear()
        expire(world.simulator)
        _require_all(world.connector.push(call), call, RowStatus.APPLIED, case.operation)
        _require_once(world, case, clean, case.operation)


def a_throttled_write_is_sent_again(subject: Subject) -> None:
    """A write that was throttled did nothing; it is sent again and takes effect once."""
    for case in each_write(subject):
        clean = _effects_of_a_clean_push(subject, case)
        world = World.open(subject, 3)
        call = world.pack_one(case, 1, VALUE)
        subject.throttle(world.simulator, 1)
        _require_all(world.connector.push(call), call, RowStatus.APPLIED, case.operation)
        _require_once(world, case, clean, case.operation)


def a_lost_answer_is_resolved_without_a_second_effect(subject: Subject) -> None:
    """A write that took effect but whose answer was lost, cut or a 5xx is ambiguous and resolves to one effect."""
    kinds: tuple[FaultKind, ...] = ("timeout_after", "truncated", "status_after")
    _at_every_request(subject, kinds, _resolved_to_one_effect)


def a_write_that_never_arrived_is_resolved_honestly(subject: Subject) -> None:
    """A write lost before it took effect is ambiguous, is not taken as done, and can be done afterwards."""
    _at_every_request(subject, ("timeout_before", "drop", "html"), _resolved_honestly)


def a_late_effect_is_not_doubled(subject: Subject) -> None:
    """A write whose effect shows up after the answer was given up takes effect once."""
    for case in each_write(subject):
        clean = _effects_of_a_clean_push(subject, case)
        world = World.open(subject, 3)
        settle = max(world.spec(case).settle_seconds, 0.0)
        call = world.pack_one(case, 1, VALUE)
        world.simulator.faults.add(Fault("late_effect", only="write", delay=min(10.0, settle)))
        _require_ambiguous(world, call, f"{case.operation}: late effect")
        world.clock.advance(settle + 1)
        world.simulator.run_due()
        _resolved_to_one_effect(world, case, call, clean, f"{case.operation}: late effect")


def _resolved_to_one_effect(world: World, case: WriteCase, call: Call, clean: int, what: str) -> None:
    """It took effect, or a part of it did: resolve finishes it, or takes it back and says so; nothing happens twice."""
    kind = world.spec(case).write_class
    before = world.held(case, 1)
    if kind in (WriteClass.KEYED, WriteClass.SEARCHABLE):
        world.clock.advance(world.spec(case).settle_seconds + 1)
        outcome = world.connector.resolve(call)
        require(outcome is not None, f"{what}: its time to settle is over, and resolve still cannot tell")
        if before != VALUE and _is_untouched(outcome or {}):
            _require_held(world, case, before, f"{what}: resolved as untouched")
            return
        _require_all(outcome or {}, call, RowStatus.APPLIED, what)
    elif kind is WriteClass.UNKNOWABLE:
        require(world.connector.resolve(call) is None, f"{what}: resolve claims to know what cannot be known")
    _require_once(world, case, clean, what)


def _resolved_honestly(world: World, case: WriteCase, call: Call, clean: int, what: str) -> None:
    kind = world.spec(case).write_class
    outcome: CallOutcome | None = None
    if kind in (WriteClass.KEYED, WriteClass.SEARCHABLE):
        world.clock.advance(world.spec(case).settle_seconds + 1)
        outcome = world.connector.resolve(call)
    applied = outcome is not None and all(row.status is RowStatus.APPLIED for row in outcome.values())
    held = world.held(case, 1)
    said = "applied" if applied else "not applied"
    require((held == VALUE) == applied, f"{what}: resolved as {said}, the platform holds {held}")
    again = world.pack_one(case, 1, _OTHER, number=9)
    _require_all(world.connector.push(again), again, RowStatus.APPLIED, f"{what}, then written anew")
    _require_held(world, case, _OTHER, f"{what}, then written anew")


def _at_every_request(
    subject: Subject,
    kinds: tuple[FaultKind, ...],
    judge: Callable[[World, WriteCase, Call, int, str], None],
) -> None:
    """Let each fault hit each of the requests that one call needs, in a fresh world every time."""
    for case in each_write(subject):
        clean = _effects_of_a_clean_push(subject, case)
        for kind in kinds:
            for position in range(_requests_of_a_clean_push(subject, case)):
                what = f"{case.operation}: {kind} at request {position + 1}"
                world = World.open(subject, 3)
                call = world.pack_one(case, 1, VALUE)
                world.simulator.faults.add(Fault(kind, only="write", when=nth(position)))
                _require_ambiguous(world, call, what)
                require(world.simulator.log.writes() == position + 1, f"{what}: something was sent after it")
                judge(world, case, call, clean, what)


def _require_ambiguous(world: World, call: Call, what: str) -> None:
    try:
        outcome = world.connector.push(call)
    except AmbiguousError:
        return
    require(condition=False, message=f"{what}: the push returned {outcome} instead of saying that it does not know")


def _require_once(world: World, case: WriteCase, clean: int, what: str) -> None:
    _require_held(world, case, VALUE, what)
    effects = world.simulator.log.effects()
    require(len(effects) <= clean, f"{what}: {len(effects)} effects, an undisturbed write has {clean}: {effects}")


def _require_held(world: World, case: WriteCase, value: int, what: str) -> None:
    held = world.held(case, 1)
    require(held == value, f"{what}: the platform holds {held} instead of {value}")


def _is_untouched(outcome: CallOutcome) -> bool:
    return bool(outcome) and all(row.status is RowStatus.UNTOUCHED for row in outcome.values())


def _require_all(outcome: CallOutcome, call: Call, status: RowStatus, what: str) -> None:
    require(set(outcome) == set(call.rows), f"{what}: outcomes for rows {sorted(outcome)}, sent {sorted(call.rows)}")
    found = {number: f"{row.status.value} {row.message}" for number, row in outcome.items() if row.status is not status}
    require(not found, f"{what}: rows are not {status.value}: {found}")


def _require_everything(world: World, resource: str) -> None:
    pages = list(world.pull(resource))
    found = sorted(world.ids(resource, pages))
    expected = sorted(world.subject.external_ids(world.simulator, resource))
    require(found == expected, f"{resource}: {len(found)} of {len(expected)} records came")
    require(bool(pages) and pages[-1].complete, f"{resource}: the read does not end complete")


def _require_loud(world: World, resource: str, what: str) -> None:
    try:
        pages = list(world.pull(resource))
    except CrossdockError:
        return
    require(condition=False, message=f"{what}: the read ended with {len(pages)} pages as if nothing were wrong")


def _effects_of_a_clean_push(subject: Subject, case: WriteCase) -> int:
    return len(_clean_push(subject, case).simulator.log.effects())


def _requests_of_a_clean_push(subject: Subject, case: WriteCase) -> int:
    return _clean_push(subject, case).simulator.log.writes()


def _clean_push(subject: Subject, case: WriteCase) -> World:
    world = World.open(subject, 3)
    world.connector.push(world.pack_one(case, 1, VALUE))
    require(bool(world.simulator.log.effects()), f"{case.operation}: the simulator logs no effect of a write")
    return world


def _expire(subject: Subject) -> Callable[..., None]:
    if subject.expire_token is None:
        raise NotApplicable("this connector's credentials do not expire")
    return subject.expire_token


FAULT_CHECKS: tuple[Check, ...] = tuple(
    Check(function.__name__, "faults", function)
    for function in (
        throttled_reads_wait_and_return_everything,
        reads_survive_passing_faults,
        lasting_faults_end_a_read_loudly,
        a_fault_after_the_first_page_is_not_an_end,
        a_token_that_expires_is_renewed_in_a_read,
        a_token_that_expires_is_renewed_before_a_write,
        a_throttled_write_is_sent_again,
        a_lost_answer_is_resolved_without_a_second_effect,
        a_write_that_never_arrived_is_resolved_honestly,
        a_late_effect_is_not_doubled,
    )
)
