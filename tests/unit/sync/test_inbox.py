"""The inbox keeps every message once with how often it came, marks what it names, and can mark it all again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import pytest
from sqlalchemy import select

from connectors.webhooks import Accepted, Contents, PrivacyDemand, RecordRef, Verdict
from sync import inbox, observeset
from sync.inbox import Delivery, Standing
from sync.store.database import Database, open_database
from sync.store.inbox import Inbox
from sync.store.tables import table

NOW, LATER = "2026-11-27T08:00:00.000000Z", "2026-11-27T08:05:00.000000Z"
ROWS = table(Inbox)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = open_database(database_url)
    yield found
    found.close()


def _told(order: str, body: bytes = b"{}", *, number: str = "d1", name: str = "shop", topic: str = "t") -> Delivery:
    contents = Contents((RecordRef("orders", order),)) if order else Contents()
    return Delivery(name, Accepted(topic, number, contents), body)


def _keep(database: Database, *told: Delivery, now: str = NOW) -> None:
    with database.begin() as connection:
        inbox.keep(connection, told, now)


def _kept(database: Database) -> list[tuple[str, str, bytes, int]]:
    with database.begin() as connection:
        columns = (ROWS.c.connection, ROWS.c.delivery_id, ROWS.c.body, ROWS.c.copies)
        return [(r[0], r[1], bytes(r[2]), r[3]) for r in connection.execute(select(*columns).order_by(ROWS.c.id))]


def _marks(database: Database) -> Mapping[str, int]:
    with database.begin() as connection:
        return observeset.due(connection, "shop", ["orders"], "9").refs


def test_a_message_that_comes_often_is_kept_once_and_counted(database: Database) -> None:
    _keep(database, *[_told("7", b"raw")] * 5)
    _keep(database, _told("7", b"raw"), now=LATER)
    assert _kept(database) == [("shop", "d1", b"raw", 6)]
    with database.begin() as connection:
        assert inbox.standings(connection) == {"shop": Standing(1, 6, LATER, 0)}


def test_different_messages_under_one_id_are_all_kept(database: Database) -> None:
    _keep(database, _told("7", b"a"), _told("8", b"b"), _told("7", b"a", name="other"))
    assert sorted(_kept(database)) == [("other", "d1", b"a", 1), ("shop", "d1", b"a", 1), ("shop", "d1", b"b", 1)]
    assert set(_marks(database)) == {"7", "8"}


def test_a_message_that_comes_again_marks_again(database: Database) -> None:
    _keep(database, _told("7"))
    first = _marks(database)["7"]
    _keep(database, _told("7"))
    assert _marks(database)["7"] > first


def test_texts_no_database_takes_stop_nothing(database: Database) -> None:
    odd = "a\x00b\ud800c"
    _keep(database, _told("7"), _told(odd, b"\x00\xff", number=odd, topic=odd * 200))
    assert _kept(database)[0][1] == "abc"
    assert set(_marks(database)) == {"7"}


def test_what_the_law_demands_waits_to_be_handled(database: Database) -> None:
    erase = Accepted("customers/redact", "d9", Contents(demands=(PrivacyDemand("erase", "c1"),)))
    _keep(database, Delivery("shop", erase, b"{}"), _told("7", b"x"))
    with database.begin() as connection:
        assert inbox.standings(connection)["shop"].demands == 1
        assert [(row.topic, row.demand) for row in inbox.latest(connection, "shop", 5) if row.demand] == [
            ("customers/redact", "erase")
        ]


class _Reader:
    """Reads the name of an order out of the body."""

    def verify(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> Verdict:
        raise AssertionError("what is kept was verified when it came")

    def read(self, topic: str, body: bytes) -> Contents:
        return Contents((RecordRef("orders", body.decode()),)) if topic == "t" else Contents()


def test_what_was_kept_is_marked_again_page_by_page(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "_PAGE", 2)
    _keep(database, *[_told("", str(n).encode()) for n in range(4)], _told("", b"x", topic="unknown"))
    _keep(database, _told("", b"9", name="other"))
    assert _marks(database) == {}
    looked, after, pages = 0, 0, 0
    while True:
        with database.begin() as connection:
            after, count, _ = inbox.replay(connection, {"shop": _Reader()}, LATER, after=after)
        if not after:
            break
        looked, pages = looked + count, pages + 1
    assert (looked, pages) == (5, 3)
    assert set(_marks(database)) == {"0", "1", "2", "3"}


def test_only_later_messages_or_one_are_replayed(database: Database) -> None:
    _keep(database, _told("", b"1"))
    _keep(database, _told("", b"2"), now=LATER)
    with database.begin() as connection:
        assert inbox.replay(connection, {"shop": _Reader()}, LATER, since=LATER)[1:] == (1, 1)
        assert inbox.replay(connection, {"shop": _Reader()}, LATER, only=1)[1:] == (1, 1)
    assert set(_marks(database)) == {"1", "2"}
