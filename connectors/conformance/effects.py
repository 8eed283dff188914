"""The contract of what is done once: done when asked, never doubled, and told honestly when its answer was lost."""

from __future__ import annotations

from collections.abc import Callable

from canonical.errors import AmbiguousError, CrossdockError, FatalError, SkippableError
from connectors.base import Call, CallOutcome, Effect, RowOutcome, RowStatus
from connectors.conformance.model import Check, EffectCase, NotApplicable, Subject
from connectors.conformance.world import World, changed_paths, each_effect, nth, require
from connectors.manifest import WriteClass
from connectors.simulation import Fault
from connectors.simulation.faults import FaultKind

REFERENCE = "conformance-1"
OTHER = "conformance-12"
"""Another effect's reference, which a search by a part of a text would take for the first."""

_FOR_EVER = 100_000
_ITEMS = 3


def every_declared_effect_is_examined(subject: Subject) -> None:
    """The subject has a case for every effect of the manifest, and for no others."""
    declared = set(World.open(subject, 1).connector.manifest.effects)
    examined = {case.operation for case in subject.effects}
    unknown = sorted(examined - declared)
    require(not unknown, f"not among the effects of the manifest: {', '.join(unknown)}")
    left = sorted(declared - examined)
    if not declared:
        raise NotApplicable("this connector declares no effects")
    if left:
        raise NotApplicable(f"not examined by this subject: {', '.join(left)}")


def an_effect_is_done_and_answered(subject: Subject) -> None:
    """An effect that is pushed is done once, answered for row 0, with the record that a lookup would give."""
    for case in each_effect(subject):
        world = World.open(subject, _ITEMS)
        outcome = _applied(world.connector.push(world.compose(world.prepare(case, 1, REFERENCE))), case.operation)
        _require_once(world, case, None, case.operation)
        _require_record(world, case, outcome)


def composing_sends_nothing(subject: Subject) -> None:
    """Composing an effect sends nothing, and gives one call for row 0 under the effect's reference."""
    for case in each_effect(subject):
        world = World.open(subject, _ITEMS)
        effect = world.prepare(case, 1, REFERENCE)
        call = world.compose(effect)
        require(not world.simulator.log.entries, f"{case.operation}: composing sent a request")
        require(call.rows == (0,), f"{case.operation}: the call is for rows {call.rows}, not for row 0")
        require(call.target == effect.reference, f"{case.operation}: the call's target {call.target!r} is no reference")
        require(call.operation == case.operation, f"{case.operation}: the call is of {call.operation}")


def composing_is_repeatable(subject: Subject) -> None:
    """The same effect and key are composed into the same bytes: the journal can be trusted."""
    for case in each_effect(subject):
        worlds = World.open(subject, _ITEMS), World.open(subject, _ITEMS)
        bodies = [world.compose(world.prepare(case, 1, REFERENCE)).body for world in worlds]
        require(bodies[0] == bodies[1], f"{case.operation}: the same effect was composed into different bytes")


def one_reference_is_done_once(subject: Subject) -> None:
    """An effect composed and pushed a second time under its reference is done once, or clearly refused."""
    for case in each_effect(subject):
        world = World.open(subject, _ITEMS)
        effect = world.prepare(case, 1, REFERENCE)
        _applied(world.connector.push(world.compose(effect)), case.operation)
        clean = len(world.simulator.log.effects())
        what = f"{case.operation}: a second time"
        again = _only(world.connector.push(world.compose(effect)), what)
        if again.status is not RowStatus.APPLIED:
            require(again.status is RowStatus.REJECTED, f"{what} it is {again.status.value}, neither done nor refused")
            require(bool(again.message), f"{what} it is refused without a word")
        _require_once(world, case, clean, what)


def an_effect_changes_only_what_it_is_for(subject: Subject) -> None:
    """An effect changes what its case says, and otherwise only what the platform keeps for itself."""
    for case in each_effect(subject):
        world = World.open(subject, _ITEMS)
        effect = world.prepare(case, 1, REFERENCE)
        before = subject.snapshot(world.simulator)
        _applied(world.connector.push(world.compose(effect)), case.operation)
        allowed = {tuple(path) for path in case.touches(world.simulator, 1, REFERENCE)}
        changed = list(changed_paths(before, subject.snapshot(world.simulator)))
        require(bool(changed), f"{case.operation}: it changed nothing in the snapshot")
        stray = [path for path in changed if not _is_allowed(path, allowed, subject.bookkeeping)]
        require(not stray, f"{case.operation}: also changed {['.'.join(path) for path in stray[:5]]}")


def a_bad_document_is_refused_with_a_reason(subject: Subject) -> None:
    """A document the platform cannot take is refused, when it is composed or pushed, with a reason; nothing is done."""
    for case in each_effect(subject):
        world = World.open(subject, _ITEMS)
        effect = case.bad(world.simulator, REFERENCE)
        world.simulator.log.clear()
        before = subject.snapshot(world.simulator)
        reason, message = _refusal(world, effect, f"{case.operation}: a bad document")
        require(bool(reason), f"{case.operation}: a bad document is refused without a reason code")
        require(bool(message), f"{case.operation}: a bad document is refused without a word")
        changed = changed_paths(before, subject.snapshot(world.simulator))
        stray = [path for path in changed if subject.bookkeeping.isdisjoint(path)]
        require(not stray, f"{case.operation}: a bad document changed {['.'.join(path) for path in stray[:5]]}")


def a_dry_run_has_no_effects(subject: Subject) -> None:
    """In read-only mode an effect is refused before anything is sent that writes, and so is what resolves it."""
    for case in each_effect(subject):
        world = World.open(subject, _ITEMS, read_only=True)
        call = world.compose(world.prepare(case, 1, REFERENCE))
        before = subject.snapshot(world.simulator)
        refused = False
        try:
            world.connector.push(call)
        except FatalError:
            refused = True
        require(refused, f"{case.operation}: a dry run let an effect through")
        _resolve_or_raise(world, call)
        require(world.simulator.log.writes() == 0, f"{case.operation}: the platform saw a write in a dry run")
        require(subject.snapshot(world.simulator) == before, f"{case.operation}: the platform's state changed")


def a_throttled_effect_is_sent_again(subject: Subject) -> None:
    """An effect that was throttled was not done; it is sent again and done once."""
    for case in each_effect(subject):
        clean = _clean(subject, case)
        world = World.open(subject, _ITEMS)
        call = world.compose(world.prepare(case, 1, REFERENCE))
        subject.throttle(world.simulator, 1)
        _applied(world.connector.push(call), case.operation)
        _require_once(world, case, len(clean.simulator.log.effects()), case.operation)


def a_token_that_expires_is_renewed_before_an_effect(subject: Subject) -> None:
    """A token that expired before an effect is renewed, and the effect is done once."""
    if subject.expire_token is None:
        raise NotApplicable("this connector's credentials do not expire")
    for case in each_effect(subject):
        clean = _clean(subject, case)
        world = World.open(subject, _ITEMS)
        effect = world.prepare(case, 1, REFERENCE)
        next(world.pull(next(iter(subject.resources))))
        world.simulator.log.clear()
        subject.expire_token(world.simulator)
        _applied(world.connector.push(world.compose(effect)), case.operation)
        _require_once(world, case, len(clean.simulator.log.effects()), case.operation)


def a_lost_effect_is_found_and_not_doubled(subject: Subject) -> None:
    """An effect that was done but whose answer was lost, cut or a 5xx is ambiguous, then found, and done once."""
    kinds: tuple[FaultKind, ...] = ("timeout_after", "truncated", "status_after")
    _at_every_request(subject, kinds, _found_and_not_doubled)


def an_effect_that_never_arrived_is_told_honestly(subject: Subject) -> None:
    """An effect lost on its way is ambiguous, then known not to be done (a keyed one is repeated), and can be done."""
    _at_every_request(subject, ("timeout_before", "drop", "html"), _told_honestly)


def an_effect_that_comes_late_is_not_doubled(subject: Subject) -> None:
    """An effect that shows up after its answer was given up is found once its time to settle is over."""
    _at_every_request(subject, ("late_effect",), _found_and_not_doubled)


def what_cannot_be_looked_up_is_not_guessed(subject: Subject) -> None:
    """While the platform cannot be asked what became of an effect, it is neither done nor untouched."""
    for case in each_effect(subject):
        for kind in ("timeout_before", "timeout_after"):
            world = World.open(subject, _ITEMS)
            call = world.compose(world.prepare(case, 1, REFERENCE))
            _lose(world, call, Fault(kind, only="write"), f"{case.operation}: {kind}")
            world.clock.advance(world.effect_spec(case).settle_seconds + 1)
            for status in (200, 503):
                world.simulator.faults.add(Fault("html", times=_FOR_EVER, status=status))
                outcome = _resolve_or_raise(world, call)
                world.simulator.faults.clear()
                require(outcome is None, f"{case.operation}: resolved as {outcome} though nothing could be asked")


def _at_every_request(
    subject: Subject,
    kinds: tuple[FaultKind, ...],
    judge: Callable[[World, EffectCase, Effect, Call, int, str], None],
) -> None:
    """Let each fault hit each of the requests that write, in a fresh world in which another effect was done before."""
    for case in each_effect(subject):
        clean = _clean(subject, case)
        for kind in kinds:
            for position in range(clean.simulator.log.writes()):
                what = f"{case.operation}: {kind} at request {position + 1}"
                world = World.open(subject, _ITEMS)
                _applied(world.connector.push(world.compose(world.prepare(case, 0, OTHER))), f"{what}, another before")
                effect = world.prepare(case, 1, REFERENCE)
                call = world.compose(effect)
                delay = min(10.0, world.effect_spec(case).settle_seconds)
                fault = Fault(kind, only="write", when=nth(position), delay=delay)
                _lose(world, call, fault, what)
                require(world.simulator.log.writes() == position + 1, f"{what}: something was sent after it")
                judge(world, case, effect, call, len(clean.simulator.log.effects()), what)


def _found_and_not_doubled(world: World, case: EffectCase, effect: Effect, call: Call, clean: int, what: str) -> None:
    """It was done, or a part of it was: resolve finds or finishes it, or takes it back and says so."""
    before = case.done(world.simulator, 1, REFERENCE)
    outcome = _settled(world, case, call, what)
    if outcome is None:
        _require_once(world, case, clean, what)
        return
    if before == 0 and outcome.status is RowStatus.UNTOUCHED:
        found = world.done(case, 1, REFERENCE)
        require(found == 0, f"{what}: resolved as untouched, and it was done {found} times")
        return
    _applied({0: outcome}, what)
    _require_once(world, case, clean, what)
    _require_readable(world, case, outcome)


def _told_honestly(world: World, case: EffectCase, effect: Effect, call: Call, clean: int, what: str) -> None:
    outcome = _settled(world, case, call, what)
    if outcome is None:
        return
    if world.effect_spec(case).write_class is WriteClass.KEYED:
        _applied({0: outcome}, f"{what}, repeated with its key")
    applied = outcome.status is RowStatus.APPLIED
    require(
        applied or outcome.status is RowStatus.UNTOUCHED,
        f"{what}: resolved as {outcome.status.value} {outcome.message}",
    )
    found = world.done(case, 1, REFERENCE)
    require(found == int(applied), f"{what}: resolved as {outcome.status.value}, and it was done {found} times")
    if not applied:
        _applied(world.connector.push(world.compose(effect)), f"{what}, then done anew")
    _require_once(world, case, clean, f"{what}, then done anew")


def _settled(world: World, case: EffectCase, call: Call, what: str) -> RowOutcome | None:
    """What resolve says once the time to settle is over; None only for what cannot be known."""
    spec = world.effect_spec(case)
    world.clock.advance(spec.settle_seconds + 1)
    world.simulator.run_due()
    found = world.connector.resolve(call)
    if spec.write_class is WriteClass.UNKNOWABLE:
        require(found is None, f"{what}: resolve claims to know what cannot be known")
        return None
    require(found is not None, f"{what}: its time to settle is over, and resolve still cannot tell")
    return _only(found or {}, what)


def _lose(world: World, call: Call, fault: Fault, what: str) -> None:
    world.simulator.faults.add(fault)
    try:
        outcome = world.connector.push(call)
    except AmbiguousError:
        return
    require(condition=False, message=f"{what}: the push returned {outcome} instead of saying that it does not know")


def _refusal(world: World, effect: Effect, what: str) -> tuple[str, str]:
    """The reason code and the words with which an effect is refused."""
    try:
        call = world.compose(effect)
    except SkippableError as error:
        require(not world.simulator.log.entries, f"{what}: composing sent a request")
        return error.reason, str(error)
    outcome = _only(world.connector.push(call), what)
    require(outcome.status is RowStatus.REJECTED, f"{what} is {outcome.status.value}")
    return outcome.reason, outcome.message


def _resolve_or_raise(world: World, call: Call) -> CallOutcome | None:
    try:
        return world.connector.resolve(call)
    except CrossdockError:
        return None


def _require_once(world: World, case: EffectCase, clean: int | None, what: str) -> None:
    found = world.done(case, 1, REFERENCE)
    require(found == 1, f"{what}: it was done {found} times")
    effects = world.simulator.log.effects()
    if clean is not None:
        require(len(effects) <= clean, f"{what}: {len(effects)} effects, an undisturbed one has {clean}: {effects}")


def _require_record(world: World, case: EffectCase, outcome: RowOutcome) -> None:
    resource = world.effect_spec(case).resource
    if resource:
        require(outcome.record is not None, f"{case.operation}: the answer has no record of {resource}")
    _require_readable(world, case, outcome)


def _require_readable(world: World, case: EffectCase, outcome: RowOutcome) -> None:
    """A record that came along is one that a lookup gives."""
    resource = world.effect_spec(case).resource
    if outcome.record is None or resource not in world.subject.resources:
        return
    made = world.subject.id_of(resource, outcome.record)
    found = world.lookup(resource, [made])
    require(found == [made], f"{case.operation}: the answer's record {made} is not among the {resource}: {found}")


def _clean(subject: Subject, case: EffectCase) -> World:
    world = World.open(subject, _ITEMS)
    _applied(world.connector.push(world.compose(world.prepare(case, 1, REFERENCE))), case.operation)
    require(bool(world.simulator.log.effects()), f"{case.operation}: the simulator logs nothing that was done")
    return world


def _applied(outcome: CallOutcome, what: str) -> RowOutcome:
    found = _only(outcome, what)
    require(found.status is RowStatus.APPLIED, f"{what}: it is {found.status.value} {found.message}")
    return found


def _only(outcome: CallOutcome, what: str) -> RowOutcome:
    require(set(outcome) == {0}, f"{what}: outcomes for rows {sorted(outcome)}, not for row 0")
    return outcome[0]


def _is_allowed(path: tuple[str, ...], allowed: set[tuple[str, ...]], bookkeeping: frozenset[str]) -> bool:
    return not bookkeeping.isdisjoint(path) or any(path[: len(prefix)] == prefix for prefix in allowed)


EFFECT_CHECKS: tuple[Check, ...] = (
    *(
        Check(function.__name__, "writes", function)
        for function in (
            every_declared_effect_is_examined,
            an_effect_is_done_and_answered,
            composing_sends_nothing,
            composing_is_repeatable,
            one_reference_is_done_once,
            an_effect_changes_only_what_it_is_for,
            a_bad_document_is_refused_with_a_reason,
            a_dry_run_has_no_effects,
        )
    ),
    *(
        Check(function.__name__, "faults", function)
        for function in (
            a_throttled_effect_is_sent_again,
            a_token_that_expires_is_renewed_before_an_effect,
            a_lost_effect_is_found_and_not_doubled,
            an_effect_that_never_arrived_is_told_honestly,
            an_effect_that_comes_late_is_not_doubled,
            what_cannot_be_looked_up_is_not_guessed,
        )
    ),
)
