from __future__ import annotations

from dataclasses import replace

import pytest

from canonical.value import REDACTED, Value
from sync.config import Policy
from sync.decision import Decision, EventKind, Verdict
from sync.diff import UNSET, MaybeValue, SlotOverride, SlotView, decide_state


def same(one: Value, other: Value) -> bool:
    """Texts that differ in case only are the same."""
    return str(one).casefold() == str(other).casefold()


def decide(view: SlotView, policy: Policy = Policy.HOLD, *, may_clear: bool = False) -> Decision:
    return decide_state(view, same, policy, may_clear=may_clear)


def view(desired: MaybeValue, observed: MaybeValue, sent: MaybeValue = UNSET, got: MaybeValue = UNSET) -> SlotView:
    return SlotView(desired, observed, sent, got)


def events(decision: Decision) -> list[EventKind]:
    return [event.kind for event in decision.events]


@pytest.mark.parametrize(
    ("slot", "reason"),
    [
        (view(UNSET, "a"), "owner_not_read"),
        (view("a", UNSET), "not_read"),
        (view(REDACTED, "a"), "redacted"),
        (view("a", REDACTED), "redacted"),
        (view(None, "a"), "clear_not_allowed"),
    ],
)
def test_nothing_is_projected_from_what_is_not_a_value(slot: SlotView, reason: str) -> None:
    decision = decide(slot)
    assert (decision.verdict, decision.reason) == (Verdict.NOTHING, reason)


def test_an_empty_value_is_written_only_where_the_mapping_allows_it() -> None:
    assert decide(view(None, "a", "a", "a"), may_clear=True).verdict is Verdict.WRITE


def test_equal_by_the_mappings_comparison_needs_no_write_whatever_was_sent_before() -> None:
    assert decide(view("Red", "red", "blue", "blue")).verdict is Verdict.EQUAL


def test_both_sides_moving_to_the_same_value_is_neither_a_change_nor_a_conflict() -> None:
    decision = decide(view("12", "12", sent="10", got="10"))
    assert (decision.verdict, decision.events) == (Verdict.EQUAL, ())


def test_a_value_the_platform_rewrote_is_not_written_again() -> None:
    assert decide(view("10.999", "11.00", sent="10.999", got="11.00")).verdict is Verdict.EQUAL


def test_a_new_desired_value_is_written_over_what_the_platform_made_of_the_last() -> None:
    decision = decide(view("12", "11.00", sent="10.999", got="11.00"))
    assert (decision.verdict, decision.base, decision.desired) == (Verdict.WRITE, "11.00", "12")


def test_a_first_difference_without_any_shadow_is_written() -> None:
    assert decide(view("12", "10")).verdict is Verdict.WRITE


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [(Policy.HOLD, Verdict.HELD), (Policy.RESTORE, Verdict.WRITE), (Policy.ADOPT, Verdict.ADOPT)],
)
@pytest.mark.parametrize("desired", ["10", "12"])
def test_a_foreign_change_is_a_conflict_by_policy_whether_or_not_the_owner_moved_too(
    policy: Policy, verdict: Verdict, desired: str
) -> None:
    decision = decide(view(desired, "99", sent="10", got="10"), policy)
    assert decision.verdict is verdict
    assert events(decision) == [EventKind.CONFLICT]
    assert decision.events[0].base == "10"


def held(desired: str, observed: str) -> SlotView:
    return replace(view(desired, observed, sent="10", got="10"), override=SlotOverride("hold", "99", "10"))


def test_a_held_slot_stays_as_it_is_while_the_owner_moves_on() -> None:
    decision = decide(held("15", "99"))
    assert decision.verdict is Verdict.HELD
    assert decision.desired == "15"


def test_a_hold_ends_when_they_put_it_back_and_the_owners_value_counts_again() -> None:
    decision = decide(held("15", "10"))
    assert decision.verdict is Verdict.WRITE
    assert events(decision) == [EventKind.ENDED]


def test_a_hold_ends_when_they_meet_the_owner() -> None:
    decision = decide(held("15", "15"))
    assert decision.verdict is Verdict.EQUAL
    assert events(decision) == [EventKind.ENDED]


def test_an_adopted_value_stays_until_the_owners_value_changes() -> None:
    adopted = replace(view("10", "50", sent="10", got="50"), override=SlotOverride("adopt", "50", "10"))
    assert decide(adopted).reason == "adopted"
    assert decide(replace(adopted, desired="11")).verdict is Verdict.WRITE


def test_an_adopted_value_that_they_change_again_is_still_theirs() -> None:
    adopted = replace(view("10", "60", sent="10", got="50"), override=SlotOverride("adopt", "50", "10"))
    assert decide(adopted).verdict is Verdict.HELD
