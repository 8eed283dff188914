"""Being the one daemon: who comes second is told who lives, and who was cut off takes its place again or ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from canonical.errors import BusyError, FatalError
from crossdock.daemon.presence import Presence
from crossdock.settings.lint import checked
from crossdock.settings.model import Settings
from crossdock.settings.platforms import InstalledPlatforms
from sync import commands, daemon
from sync.daemon import DAEMON, living
from sync.locks import advisory_key
from tests.support.commands import ROOT
from tests.support.hubs import Shops, open_shops


@pytest.fixture(scope="module")
def settings() -> Settings:
    return checked(ROOT / "config" / "crossdock.yaml", InstalledPlatforms())


@pytest.fixture
def shops(database_url: str) -> Iterator[Shops]:
    found = open_shops(database_url)
    yield found
    found.hub.database.close()


@pytest.fixture
def cut(postgres_url: str) -> Iterator[Shops]:
    found = open_shops(postgres_url)
    yield found
    found.hub.database.close()


def cut_sessions(shops: Shops) -> None:
    with psycopg.connect(shops.hub.database.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where pid <> pg_backend_pid() and datname = current_database()"
        )


def test_the_second_daemon_is_told_who_lives_and_comes_when_the_first_is_gone(shops: Shops, settings: Settings) -> None:
    with Presence(shops.hub, settings) as first:
        with pytest.raises(BusyError, match="a daemon lives on this database already") as caught:
            Presence(shops.hub, settings).__enter__()
        assert str(settings.file) in str(caught.value)
        assert "--receive-only" in caught.value.hint
        row = living(shops.hub.database)
        assert row is not None
        assert (row.token, row.config_version) == (first.token, settings.version)
    assert living(shops.hub.database) is None
    with Presence(shops.hub, settings):
        assert living(shops.hub.database) is not None


def test_what_an_earlier_daemon_left_is_settled_before_anything_is_done(shops: Shops, settings: Settings) -> None:
    hub = shops.hub
    with hub.database.begin() as connection:
        for word in ("plan", "apply"):
            ident = commands.ask(connection, [word], asked_by="ann", version="v1", now=hub.stamp())
            commands.claim(connection, "dead", hub.stamp())
        commands.begin(connection, ident, "dead", 1)
    with Presence(hub, settings), hub.database.begin() as connection:
        assert [row.state for row in commands.listing(connection, 9)] == ["interrupted", "waiting"]


def test_who_cannot_tell_that_it_leads_does_not_lead_and_tries_again(
    shops: Shops, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, announce, faults = shops.hub, daemon.announce, [FatalError("the database failed")]

    def failing(*given: Any) -> None:
        if faults:
            raise faults.pop()
        announce(*given)

    monkeypatch.setattr(daemon, "announce", failing)
    with hub.database.begin() as connection:
        commands.ask(connection, ["plan"], asked_by="ann", version="v1", now=hub.stamp())
        commands.claim(connection, "dead", hub.stamp())
    presence = Presence(hub, settings)
    with pytest.raises(FatalError):
        presence.take(0)
    assert not presence.leads
    assert living(hub.database) is None
    presence.take(0)
    row = living(hub.database)
    assert row is not None
    assert row.token == presence.token
    with hub.database.begin() as connection:
        assert [row.state for row in commands.listing(connection, 9)] == ["waiting"]
    presence.leave()


def test_a_daemon_whose_session_was_cut_takes_its_place_again(cut: Shops, settings: Settings) -> None:
    with Presence(cut.hub, settings) as presence:
        cut_sessions(cut)
        assert living(cut.hub.database) is None
        presence.beat()
        row = living(cut.hub.database)
        assert row is not None
        assert row.token == presence.token


def test_a_daemon_whose_place_was_taken_meanwhile_does_not_go_on(cut: Shops, settings: Settings) -> None:
    with Presence(cut.hub, settings) as presence:
        cut_sessions(cut)
        with psycopg.connect(cut.hub.database.url.replace("+psycopg", ""), autocommit=True) as another:
            another.execute("select pg_advisory_lock(%s)", [advisory_key(DAEMON)])
            with pytest.raises(BusyError, match="a daemon lives on this database already"):
                presence.beat()
