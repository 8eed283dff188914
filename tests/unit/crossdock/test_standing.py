"""Standing by: who takes over, who lets others go first, and what begins and ends with the leadership."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from canonical.errors import RetriableError
from crossdock.daemon import standing
from crossdock.daemon.active import Active
from crossdock.daemon.between import Between
from crossdock.daemon.presence import Presence
from crossdock.daemon.pulse import Pulse
from crossdock.daemon.standing import Standing
from crossdock.daemon.stopping import StoppableClock, StoppedError
from crossdock.settings.lint import checked
from crossdock.settings.model import Settings
from crossdock.settings.platforms import InstalledPlatforms
from sync.locks import hold
from tests.support.commands import ROOT
from tests.support.hubs import Shops, open_shops
from tests.support.waiting import PATIENCE, until


class Reloader:
    """A configuration that nobody changes."""

    def look(self) -> bool:
        return False


@dataclass
class Nothing:
    """What is done between two runs: nothing."""

    active: Active
    presence: Presence
    reloader: Reloader = field(default_factory=Reloader)

    def __call__(self) -> bool:
        return False


@dataclass
class Candidate:
    """One worker's standing, called by a thread of its own until it leads."""

    shops: Shops
    settings: Settings
    stopping: threading.Event = field(default_factory=threading.Event)
    done: list[str] = field(default_factory=list)
    pulse: Pulse = field(default_factory=Pulse)

    def __post_init__(self) -> None:
        hub = self.shops.hub
        hub.clock = StoppableClock(self.stopping.is_set)
        self.presence = Presence(hub, self.settings)
        between = Nothing(Active(self.settings, hub, set()), self.presence)
        self.standing = Standing(
            cast(Between, between), self.pulse, lambda: self.done.append("begin"), lambda: self.done.append("end")
        )
        self.thread = threading.Thread(target=self._call)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        if self.thread.ident is not None:
            self.thread.join(PATIENCE)
        self.presence.leave()
        self.shops.hub.database.close()

    def _call(self) -> None:
        try:
            self.done.append(f"anew: {self.standing()}")
        except StoppedError:
            self.done.append("stopped")


@pytest.fixture(scope="module")
def settings() -> Settings:
    return checked(ROOT / "config" / "crossdock.yaml", InstalledPlatforms())


@pytest.fixture
def candidate(postgres_url: str, settings: Settings) -> Iterator[Callable[..., Candidate]]:
    made: list[Candidate] = []

    def make(**changed: Any) -> Candidate:
        made.append(Candidate(open_shops(postgres_url), replace(settings, **changed)))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def test_who_finds_nobody_leads_at_once_and_looks_at_everything_anew(candidate: Callable[..., Candidate]) -> None:
    one = candidate()
    assert one.standing() is True
    assert one.done == ["end", "begin"]
    assert one.standing() is False
    assert not one.pulse.stands_by


def test_who_stands_by_counts_as_ready_and_takes_over_when_the_leader_goes(candidate: Callable[..., Candidate]) -> None:
    leader, second = candidate(), candidate()
    leader.standing()
    second.start()
    until(lambda: second.pulse.stands_by)
    assert not second.presence.leads
    leader.presence.leave()
    until(lambda: second.done == ["end", "begin", "anew: True"])
    assert not second.pulse.stands_by


def test_who_is_configured_otherwise_lets_others_go_first_but_not_for_ever(
    candidate: Callable[..., Candidate], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(standing, "YIELD_SECONDS", 3600.0)
    leader, other, alike = candidate(), candidate(version="another"), candidate()
    leader.standing()
    other.start()
    until(lambda: "configured otherwise" in caplog.text)
    leader.presence.leave()
    # Free, and left alone by the one who looks all the time, but is configured otherwise.
    alike.stopping.wait(1)
    alike.standing()
    assert alike.presence.leads
    assert not other.presence.leads
    monkeypatch.setattr(standing, "YIELD_SECONDS", 0.0)
    alike.presence.leave()
    until(lambda: other.presence.leads)


def test_who_loses_its_place_ends_what_only_a_leader_does_before_it_stands_by(
    candidate: Callable[..., Candidate],
) -> None:
    one = candidate()
    one.standing()
    one.presence.leave()
    with hold(one.shops.hub.database, "daemon", one.shops.hub.clock):
        one.start()
        until(lambda: one.done == ["end", "begin", "end"])
        one.stopping.set()
        until(lambda: one.done[-1] == "stopped")


def test_what_could_not_be_begun_is_begun_at_the_next_step(candidate: Callable[..., Candidate]) -> None:
    one = candidate()
    begin = one.standing.begin

    def fail_once() -> None:
        one.standing.begin = begin
        raise RetriableError("the database is away")

    one.standing.begin = fail_once
    with pytest.raises(RetriableError):
        one.standing()
    assert one.standing() is True
    assert one.done == ["end", "end", "begin"]
    assert one.standing() is False


def test_a_database_that_is_away_is_waited_for(
    candidate: Callable[..., Candidate], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one = candidate()
    monkeypatch.setattr(standing, "_REST_SECONDS", 0.05)
    right = one.shops.hub.database.engine
    from sync.store.database import Database

    away = Database("postgresql://nobody@/nothing?host=/nonexistent")
    one.shops.hub.database.engine = away.engine
    one.start()
    until(lambda: "cannot look who leads" in caplog.text)
    one.shops.hub.database.engine = right
    until(lambda: one.presence.leads)
    away.close()
