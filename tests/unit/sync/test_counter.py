from __future__ import annotations

from dataclasses import replace

import pytest

from sync.config import Policy
from sync.counter import CounterView, Level, decide_counter, movements
from sync.decision import Decision, EventKind, Verdict
from sync.diff import SlotOverride

BASE = Level(10, 0, 10)


def moved(available: int, committed: int | None = None, on_hand: int | None = None) -> dict[str, int]:
    base = BASE if on_hand is not None else Level(10, 0 if committed is not None else None)
    found = movements(base, Level(available, committed, on_hand))
    return {event.kind.value: event.units for event in found}


def test_a_counter_that_did_not_move_tells_nothing() -> None:
    assert moved(10, 0, 10) == moved(10) == {}


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ((7, 3, 10), {"sale": 3}),
        ((7, 0, 7), {"edit": 3}),
        ((7, 2, 9), {"sale": 2, "edit": 1}),
        ((12, 0, 12), {"raised": 2}),
        ((10, 3, 13), {"sale": 3, "raised": 3}),
        ((15, 3, 18), {"sale": 3, "raised": 8}),
        ((8, 3, 11), {"sale": 3, "raised": 1}),
    ],
)
def test_available_committed_and_on_hand_together_tell_sales_from_edits(
    seen: tuple[int, int, int], told: dict[str, int]
) -> None:
    assert moved(*seen) == told


def test_units_that_become_promised_from_another_state_are_no_sale_and_no_raise() -> None:
    assert movements(Level(7, 0, 10), Level(7, 3, 10)) == ()


def test_a_parcel_that_leaves_moves_nothing() -> None:
    assert movements(Level(7, 3, 10), Level(7, 0, 7)) == ()


def test_a_cancellation_is_told_from_a_raise_by_hand() -> None:
    canceled = movements(Level(7, 3, 10), Level(10, 0, 10))
    assert [(event.kind, event.units) for event in canceled] == [(EventKind.CANCEL, 3)]
    shipped_and_raised = movements(Level(7, 3, 10), Level(10, 0, 13))
    assert [(event.kind, event.units) for event in shipped_and_raised] == [(EventKind.RAISED, 3)]


def test_where_commitments_are_not_shown_a_fall_is_an_unaccounted_drop() -> None:
    assert moved(7) == {"drop": 3}
    assert moved(12) == {"raised": 2}


def counter(desired: int, seen: int, *, base: int = 10, committed: int = 0) -> CounterView:
    return CounterView(desired, desired, Level(seen, committed), Level(base, 0))


def decide(view: CounterView, policy: Policy = Policy.HOLD) -> Decision:
    return decide_counter(view, policy)


def test_a_quiet_counter_is_written_in_both_directions_from_what_it_holds() -> None:
    for desired in (4, 15):
        decision = decide(counter(desired, 10))
        assert (decision.verdict, decision.base, decision.desired) == (Verdict.WRITE, 10, desired)


def test_a_sale_is_taken_off_what_the_owner_says_until_he_says_it_himself() -> None:
    decision = decide(counter(10, 7, committed=3))
    assert (decision.verdict, decision.desired) == (Verdict.EQUAL, 7)
    assert [event.kind for event in decision.events] == [EventKind.SALE]


def test_a_raise_waits_while_a_fall_is_not_accounted_for() -> None:
    fresh = decide(counter(15, 7, committed=3))
    assert (fresh.verdict, fresh.reason) == (Verdict.WAIT, "unaccounted_drop")
    known = decide(replace(counter(15, 10), open_drops=True))
    assert (known.verdict, known.reason) == (Verdict.WAIT, "unaccounted_drop")


def test_a_raise_waits_while_a_channel_of_the_pool_was_not_read() -> None:
    decision = decide(replace(counter(15, 10), blocked="stock_unread:web"))
    assert (decision.verdict, decision.reason) == (Verdict.WAIT, "stock_unread:web")


@pytest.mark.parametrize("kind", ["hold", "adopt", "pin"])
def test_lowerings_pass_every_hold_and_every_wait(kind: str) -> None:
    stuck = replace(counter(3, 10), open_drops=True, blocked="stock_unread:web", override=SlotOverride(kind, 10, 3))
    assert decide(stuck).verdict is Verdict.WRITE
    assert decide(replace(stuck, desired=12, allowed=12)).verdict is not Verdict.WRITE


@pytest.mark.parametrize("policy", list(Policy))
def test_a_figure_above_the_owners_is_lowered_whatever_the_policy(policy: Policy) -> None:
    decision = decide(counter(10, 50), policy)
    assert (decision.verdict, decision.desired, decision.reason) == (Verdict.WRITE, 10, "stock_raised_by_other")


def test_a_raise_by_hand_below_the_owners_figure_is_a_conflict_unless_it_is_to_be_restored() -> None:
    assert decide(counter(20, 12)).verdict is Verdict.HELD
    assert decide(counter(20, 12), Policy.RESTORE).verdict is Verdict.WRITE


def test_more_sold_than_the_owner_has_lists_nothing_never_less() -> None:
    decision = decide(counter(2, 6, committed=4))
    assert (decision.verdict, decision.desired) == (Verdict.WRITE, 0)
    oversold = decide(counter(0, -2, base=0, committed=2))
    assert oversold.verdict is not Verdict.WRITE, "what the shop owes its buyers is not wiped out"


def test_units_that_left_for_an_order_that_was_changed_before_it_was_read_come_back_without_a_conflict() -> None:
    view = CounterView(10, 10, Level(10), Level(8), open_drops=True, fallen_here=2)
    told = decide_counter(view, Policy.HOLD)
    assert [(event.kind, event.units) for event in told.events] == [(EventKind.CANCEL, 2)]
    assert told.verdict is Verdict.EQUAL
    more = decide_counter(replace(view, observed=Level(13)), Policy.HOLD)
    assert [(event.kind, event.units) for event in more.events] == [(EventKind.CANCEL, 2), (EventKind.RAISED, 3)]
    shown = decide_counter(replace(view, observed=Level(10, 0, 10), base=Level(8, 0, 8)), Policy.HOLD)
    assert [(event.kind, event.units) for event in shown.events] == [(EventKind.RAISED, 2)]
