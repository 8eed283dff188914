"""What is done once is done once: whatever is lost, late, refused or killed (R15 to R17)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from canonical.errors import AmbiguousError, FatalError, RetriableError, SkippableError
from connectors.manifest import WriteClass
from sync.hub import Hub
from sync.orders import acts, effects, store
from sync.orders.effects import carry_out
from sync.status import status
from tests.support.desk import Desk, KilledError

OpenDesk = Callable[..., Desk]


def _journalled(desk: Desk) -> list[tuple[str, bytes | None]]:
    with desk.database() as connection:
        return [(row.state, row.call_body) for row in connection.execute(store.EFFECT.select())]


def _keys(desk: Desk) -> list[tuple[int, str]]:
    with desk.database() as connection:
        return [(row.generation, row.key) for row in connection.execute(store.EFFECT.select())]


def test_r15_the_exact_call_is_in_the_journal_before_it_is_sent(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    connector = desk.trading.hub.connector("erp")
    seen: list[tuple[str, bytes | None]] = []
    sent: list[bytes] = []
    push = connector.push

    def watched(call: Any) -> Any:
        seen.extend(_journalled(desk))
        sent.append(call.body)
        return push(call)

    monkeypatch.setattr(connector, "push", watched)
    desk.place(2)
    desk.sync()
    assert seen == [("in_flight", sent[0])]
    assert desk.effects() == {("request", "erp", "done"): 1}


@pytest.mark.parametrize(
    "step",
    [
        "before the effect",
        "effect not committed",
        "after the effect",
        "before the effect's commit",
        "effect closed",
        "orders advanced",
    ],
)
def test_r15_a_hub_killed_at_any_step_of_an_effect_asks_once_in_the_end(both_of: OpenDesk, step: str) -> None:
    desk = both_of()
    desk.place(3)
    assert desk.kill(step)
    for _ in range(8):
        desk.sync()
    assert desk.requests() == {"shop-o1-1": "accepted"}
    assert desk.effects() == {("request", "erp", "done"): 1}
    assert desk.world("erp").stock("SKU-1", "WH1") == 7


def test_r15_a_hub_killed_while_it_finds_out_what_became_of_an_effect_asks_once_in_the_end(both_of: OpenDesk) -> None:
    desk = both_of()
    desk.place(3)
    assert desk.kill("after the effect")
    assert desk.kill("effect resolved")
    for _ in range(8):
        desk.sync()
    assert desk.requests() == {"shop-o1-1": "accepted"}
    assert desk.effects() == {("request", "erp", "done"): 1}


def test_r17_a_timeout_after_the_effect_is_found_and_not_sent_again(both_of: OpenDesk) -> None:
    desk = both_of()
    desk.world("erp").after_write.append(AmbiguousError("no answer"))
    desk.place()
    report = desk.sync()
    assert report.effects.outcomes["erp", "unconfirmed"] == 1
    desk.sync()
    assert desk.requests() == {"shop-o1-1": "accepted"}
    assert desk.effects() == {("request", "erp", "done"): 1}
    assert desk.world("erp").writes.count(("requests.create", 1)) == 1


def test_r17_not_found_counts_only_after_the_settle_time(desk_of: OpenDesk) -> None:
    desk = desk_of()
    _settle(desk, 300)
    world = desk.world("erp")
    world.before_write.append(AmbiguousError("no answer"))
    desk.place()
    desk.sync()
    desk.sync(after=100)
    assert world.writes.count(("requests.create", 1)) == 1
    assert desk.effects() == {("request", "erp", "in_flight"): 1}
    for _ in range(4):
        desk.sync(after=150)
    assert world.writes.count(("requests.create", 1)) == 2
    assert desk.requests() == {"shop-o1-1": "accepted"}


def test_r17_the_settle_time_begins_when_the_last_request_of_a_call_is_lost(
    desk_of: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of()
    _settle(desk, 300)
    connector = desk.trading.hub.connector("erp")
    push = connector.push

    def slow(call: Any) -> Any:
        desk.trading.clock.advance(280)
        return push(call)

    monkeypatch.setattr(connector, "push", slow)
    desk.world("erp").before_write.append(AmbiguousError("no answer"))
    desk.place()
    desk.sync()
    for _ in range(2):
        desk.sync(after=140)
        assert desk.effects() == {("request", "erp", "in_flight"): 1}
    desk.sync(after=140)
    desk.sync(after=140)
    assert desk.requests() == {"shop-o1-1": "accepted"}


def test_r17_a_lookup_that_began_within_the_settle_time_proves_nothing(
    desk_of: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of()
    _settle(desk, 300)
    connector = desk.trading.hub.connector("erp")
    resolve = connector.resolve

    def slow(call: Any) -> Any:
        found = resolve(call)
        desk.trading.clock.advance(60)
        return found

    monkeypatch.setattr(connector, "resolve", slow)
    desk.world("erp").before_write.append(AmbiguousError("no answer"))
    desk.place()
    desk.sync()
    desk.trading.clock.advance(270)
    effects.resolve_lost(desk.trading.hub, "erp")
    assert desk.effects() == {("request", "erp", "in_flight"): 1}


def test_r17_the_settle_time_of_a_call_whose_sender_was_killed_begins_when_that_is_found_out(
    desk_of: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of()
    _settle(desk, 300)

    def killed(_call: Any) -> Any:
        desk.trading.clock.advance(280)
        raise KilledError("while it was asking")

    desk.place()
    with monkeypatch.context() as patched:
        patched.setattr(desk.trading.hub.connector("erp"), "push", killed)
        with pytest.raises(KilledError):
            desk.sync()
    desk.sync(after=60)
    assert desk.effects() == {("request", "erp", "in_flight"): 1}
    for _ in range(2):
        desk.sync(after=310)
    assert desk.requests() == {"shop-o1-1": "accepted"}


def test_r1_what_never_arrived_is_called_off_without_asking_anybody(desk_of: OpenDesk) -> None:
    desk = desk_of()
    _settle(desk, 300)
    desk.world("erp").before_write.append(AmbiguousError("no answer"))
    desk.place(3)
    desk.sync()
    desk.trade("shop").edit("o1", 1, 2)
    desk.sync()
    assert desk.effects() == {("request", "erp", "in_flight"): 1, ("cancel", "erp", "waiting"): 1}
    desk.sync(after=600)
    desk.sync(after=600)
    assert desk.requests() == {"shop-o1-2": "accepted"}
    assert [name for name, _ in desk.world("erp").writes if name == "requests.cancel"] == []


def test_r17_an_effect_that_lands_late_is_found_instead_of_doubled(desk_of: OpenDesk) -> None:
    desk = desk_of()
    _settle(desk, 300)
    world = desk.world("erp")
    world.hold_next_write = True
    world.after_write.append(AmbiguousError("no answer"))
    desk.place()
    desk.sync()
    assert desk.requests() == {}
    world.late.pop()()
    for _ in range(4):
        desk.sync(after=200)
    assert world.writes.count(("requests.create", 1)) == 1
    assert desk.effects() == {("request", "erp", "done"): 1}


def test_r17_an_unknowable_outcome_waits_for_a_person_and_is_sent_again_only_on_their_word(desk_of: OpenDesk) -> None:
    desk = desk_of()
    _classed(desk, WriteClass.UNKNOWABLE)
    desk.world("erp").before_write.append(AmbiguousError("no answer"))
    desk.place()
    desk.sync()
    assert desk.standing() == ("blocked", "unknown_outcome")
    assert status(desk.trading.hub).orders_held == 1
    for _ in range(3):
        desk.sync(after=600)
    assert desk.effects() == {("request", "erp", "unknown"): 1}
    assert desk.requests() == {}
    assert acts.settle_unknown(desk.trading.hub, 1, done=False).endswith("at the next sync")
    desk.sync()
    assert desk.requests() == {"shop-o1-1": "accepted"}


def test_r17_an_unknowable_outcome_that_a_person_found_done_is_not_sent_again(desk_of: OpenDesk) -> None:
    desk = desk_of()
    _classed(desk, WriteClass.UNKNOWABLE)
    desk.world("erp").after_write.append(AmbiguousError("no answer"))
    desk.place()
    desk.sync()
    desk.sync()
    acts.settle_unknown(desk.trading.hub, 1, done=True)
    desk.sync()
    assert desk.world("erp").writes.count(("requests.create", 1)) == 1
    assert desk.effects() == {("request", "erp", "done"): 1}


def test_r17_what_a_lookup_never_tells_becomes_a_persons_affair_after_an_hour(
    desk_of: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a shipment without a number, which another one of the same size at the channel could be."""
    desk = desk_of()
    monkeypatch.setattr(desk.trading.hub.connector("erp"), "resolve", lambda call: None)
    desk.world("erp").after_write.append(AmbiguousError("no answer"))
    desk.place()
    desk.sync()
    for _ in range(5):
        desk.sync(after=660)
        assert desk.effects() == {("request", "erp", "in_flight"): 1}
    desk.sync(after=660)
    desk.sync()
    assert desk.effects() == {("request", "erp", "unknown"): 1}
    assert desk.standing() == ("blocked", "unknown_outcome")
    assert "call 1 to erp (shop-o1-1)" in desk.row().detail
    assert status(desk.trading.hub).orders_held == 1
    acts.settle_unknown(desk.trading.hub, 1, done=True)
    desk.sync()
    assert desk.standing()[0] == "asked"
    assert desk.world("erp").writes.count(("requests.create", 1)) == 1


def test_r17_the_longer_a_platform_needs_to_settle_the_longer_it_is_asked(
    desk_of: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of()
    _settle(desk, 600)
    monkeypatch.setattr(desk.trading.hub.connector("erp"), "resolve", lambda call: None)
    desk.world("erp").after_write.append(AmbiguousError("no answer"))
    desk.place()
    desk.sync()
    desk.sync(after=5900)
    assert desk.effects() == {("request", "erp", "in_flight"): 1}
    desk.sync(after=200)
    assert desk.effects() == {("request", "erp", "unknown"): 1}


def test_r16_a_call_that_was_surely_not_sent_keeps_its_key_and_one_proven_without_effect_gets_a_new_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = desk.trading.hub.connector("erp")
    compose, used = connector.compose, []

    def keyed(effect: Any, new_key: Callable[[], str]) -> Any:
        used.append(new_key())
        return replace(compose(effect, new_key), key=used[-1])

    monkeypatch.setattr(connector, "compose", keyed)
    world = desk.world("erp")
    world.before_write += [RetriableError("busy"), AmbiguousError("no answer")]
    desk.place()
    desk.sync()
    assert _keys(desk) == [(1, used[0])]
    desk.sync()
    assert used[1] == used[0]
    for _ in range(3):
        desk.sync(after=600)
    assert used[2] != used[0]
    assert _keys(desk) == [(2, used[2])]
    assert desk.requests() == {"shop-o1-1": "accepted"}


@pytest.mark.parametrize("error", [RetriableError("busy"), FatalError("the token is dead")])
def test_a_target_that_cannot_be_reached_is_named_and_asked_later_while_others_go_on(
    desk_of: OpenDesk, error: Exception
) -> None:
    desk = desk_of(others=("mirror",), targets=("erp", "mirror"))
    desk.world("erp").before_write.append(error)
    desk.place()
    assert desk.sync().effects.failed == {"erp": str(error)}
    assert (desk.requests("erp"), desk.requests("mirror")) == ({}, {"shop-o1-1": "accepted"})
    desk.sync()
    assert desk.requests("erp") == {"shop-o1-1": "accepted"}


def test_an_effect_whose_lock_was_lost_is_not_sent_and_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def lost(*_arguments: object, **_more: object) -> Iterator[Callable[[], bool]]:
        yield lambda: False

    desk.place()
    desk.sync(orders=False)
    with monkeypatch.context() as patch:
        patch.setattr(Hub, "hold", lost)
        report = carry_out(desk.trading.hub)
    assert "lock" in report.failed["erp"]
    assert desk.world("erp").writes == []
    assert desk.effects() == {("request", "erp", "waiting"): 1}
    desk.sync()
    assert desk.requests() == {"shop-o1-1": "accepted"}


def test_a_refused_request_blocks_its_order_with_the_reason_until_a_person_releases_it(desk: Desk) -> None:
    desk.trade("erp").refuses["requests.create"] = "unmatched_line"
    desk.place(2)
    for _ in range(3):
        desk.sync()
    assert desk.standing() == ("blocked", "unmatched_line")
    assert desk.world("erp").writes.count(("requests.create", 1)) == 1
    assert desk.reserved() == 2
    desk.trade("erp").refuses.clear()
    assert acts.release(desk.trading.hub, desk.row()) == 1
    desk.sync()
    assert desk.standing() == ("asked", "")
    assert desk.requests() == {"shop-o1-1": "accepted"}


def test_r15_a_reference_that_the_target_holds_canceled_is_asked_for_as_a_new_generation(desk: Desk) -> None:
    desk.trade("erp").refuses["requests.create"] = "reference_canceled"
    desk.place()
    desk.trading.hub.checkpoint = lambda name: desk.trade("erp").refuses.clear() if name == "effect closed" else None
    desk.sync()
    assert desk.requests() == {"shop-o1-2": "accepted"}
    assert desk.standing() == ("asked", "")


def test_an_order_canceled_while_its_request_is_lost_is_never_asked_for_again(desk_of: OpenDesk) -> None:
    desk = desk_of()
    desk.world("erp").before_write.append(AmbiguousError("no answer"))
    number = desk.place()
    desk.sync()
    desk.trade("shop").cancel(number)
    for _ in range(5):
        desk.sync(after=200)
    assert desk.requests() == {}
    assert desk.standing() == ("canceled", "")
    assert desk.reserved() == 0


def test_a_cancellation_waits_until_it_is_known_whether_its_request_arrived(desk_of: OpenDesk) -> None:
    desk = desk_of()
    _settle(desk, 900)
    world = desk.world("erp")
    world.hold_next_write = True
    world.after_write.append(AmbiguousError("no answer"))
    number = desk.place()
    desk.sync()
    desk.trade("shop").cancel(number)
    desk.sync()
    assert ("requests.cancel", 1) not in world.writes
    assert desk.reserved() == 1
    world.late.pop()()
    told: list[Mapping[str, Any]] = []
    connector = desk.trading.hub.connector("erp")
    compose = connector.compose

    def listening(effect: Any, new_key: Any) -> Any:
        told.append(effect.document)
        return compose(effect, new_key)

    connector.compose = listening
    for _ in range(3):
        desk.sync()
    assert desk.requests() == {"shop-o1-1": "canceled"}
    assert [one["target_id"] for one in told] == ["q1"]
    assert desk.incidents() == []


def test_an_effect_that_never_lands_is_blocked_after_a_few_attempts(desk_of: OpenDesk) -> None:
    desk = desk_of()
    desk.place()
    for _ in range(20):
        desk.world("erp").before_write[:] = [AmbiguousError("no answer")]
        desk.sync(after=900)
    assert desk.standing() == ("blocked", "not_converging")
    assert desk.world("erp").writes.count(("requests.create", 1)) <= 5


def test_a_hub_that_may_not_write_sends_nothing_and_does_not_guess(desk: Desk) -> None:
    desk.world("erp").after_write.append(AmbiguousError("no answer"))
    desk.place()
    desk.sync()
    hub = desk.trading.hub
    looking = Hub(hub.config, hub.database, hub.clock, read_only=True)
    effects.resolve_lost(looking, "erp")
    assert desk.effects() == {("request", "erp", "in_flight"): 1}


def _settle(desk: Desk, seconds: float) -> None:
    hub = desk.trading.hub
    erp = replace(hub.config.connections["erp"], write_settle_seconds=seconds)
    hub.config = replace(hub.config, connections={**hub.config.connections, "erp": erp})


def _classed(desk: Desk, write_class: WriteClass) -> None:
    hub = desk.trading.hub
    erp = hub.config.connections["erp"]
    create = msgspec.structs.replace(erp.manifest.effects["requests.create"], write_class=write_class)
    manifest = msgspec.structs.replace(erp.manifest, effects={**erp.manifest.effects, "requests.create": create})
    hub.config = replace(hub.config, connections={**hub.config.connections, "erp": replace(erp, manifest=manifest)})


def test_a_connector_is_told_of_all_that_is_sent_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[list[str]] = []
    connector = desk.trading.hub.connector("erp")
    monkeypatch.setattr(connector, "foresee", lambda calls: told.append([one.target for one in calls]), raising=False)
    desk.place(2)
    desk.sync()
    assert told == []  # of one alone there is nothing to ask once for all
    desk.place(2)
    desk.place(1)
    desk.sync()
    assert told == [["shop-o2-1", "shop-o3-1"]]
    assert desk.effects() == {("request", "erp", "done"): 3}


@pytest.mark.parametrize(
    "fault",
    [RetriableError("down"), FatalError("no such filter"), SkippableError("odd", "odd"), ValueError("ours")],
)
def test_what_goes_wrong_while_looking_ahead_is_left_to_each_request(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def foresee(_calls: object) -> None:
        raise fault

    monkeypatch.setattr(desk.trading.hub.connector("erp"), "foresee", foresee, raising=False)
    desk.place(2)
    desk.place(1)
    desk.sync()
    assert desk.effects() == {("request", "erp", "done"): 2}
