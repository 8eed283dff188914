"""The one who stores: groups, a message that the database does not take, and an end that loses nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, select, text

from canonical.errors import RetriableError
from connectors.webhooks import Accepted
from crossdock.clock import SystemClock
from crossdock.webhooks.writer import Writer
from sync import inbox
from sync.inbox import Delivery
from sync.store.database import Database, open_database
from sync.store.inbox import Inbox
from sync.store.tables import table

ROWS = table(Inbox)
PICKY = (
    "create trigger picky before insert on inbox when new.delivery_id = '2' begin select raise(abort, 'not this'); end"
)


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    found = open_database(sqlite_url)
    yield found
    found.close()


def _count(database: Database) -> int:
    with database.begin() as connection:
        return int(connection.execute(select(func.count()).select_from(ROWS)).scalar_one())


def _told(number: int, body: Any = b"{}") -> Delivery:
    return Delivery("shop", Accepted("order.updated", str(number)), body)


def _keep(writer: Writer, deliveries: list[Delivery]) -> list[object]:
    async def all_at_once() -> list[object]:
        return list(await asyncio.gather(*map(writer.keep, deliveries), return_exceptions=True))

    return asyncio.run(all_at_once())


@pytest.fixture
def elsewhere(sqlite_url: str, database: Database) -> Iterator[Database]:
    """The same database as another process has it."""
    found = open_database(sqlite_url)
    yield found
    found.close()


def test_what_waits_is_stored_in_few_transactions(database: Database, elsewhere: Database) -> None:
    commits: list[object] = []
    event.listen(database.engine, "commit", commits.append)
    writer = Writer(database, SystemClock())
    writer.start()
    # Nothing is stored while somebody else writes: all of these wait.
    with elsewhere.begin() as held:
        held.execute(select(ROWS.c.id))
        threading.Timer(0.3, held.commit).start()
        assert _keep(writer, [_told(number) for number in range(100)]) == [None] * 100
    writer.stop()
    assert _count(database) == 100
    assert len(commits) < 10


def test_a_message_the_database_does_not_take_costs_no_other(database: Database, elsewhere: Database) -> None:
    writer = Writer(database, SystemClock())
    writer.start()
    with database.begin() as connection:
        connection.execute(text(PICKY))
    with elsewhere.begin() as held:
        held.execute(select(ROWS.c.id))
        threading.Timer(0.3, held.commit).start()
        answers = _keep(writer, [_told(number) for number in range(5)])
    writer.stop()
    assert [number for number, answer in enumerate(answers) if answer is not None] == [2]
    assert isinstance(answers[2], RetriableError)
    assert _count(database) == 4


def test_a_fault_that_no_one_foresaw_costs_no_other_message_and_nobody_waits_for_ever(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = inbox.keep

    def failing(connection: Connection, deliveries: Sequence[Delivery], now: str) -> None:
        if any(one.message.delivery_id == "2" for one in deliveries):
            raise LookupError("a fault")
        keep(connection, deliveries, now)

    monkeypatch.setattr(inbox, "keep", failing)
    writer = Writer(database, SystemClock())
    writer.start()

    async def in_time() -> list[object]:
        waiting = asyncio.gather(*(writer.keep(_told(at)) for at in range(5)), return_exceptions=True)
        return list(await asyncio.wait_for(waiting, 20))

    answers = asyncio.run(in_time())
    assert [number for number, answer in enumerate(answers) if answer is not None] == [2]
    assert isinstance(answers[2], RetriableError)
    assert writer.alive
    writer.stop()
    assert _count(database) == 4


def test_who_is_told_of_what_is_stored_cannot_keep_senders_waiting(database: Database) -> None:
    def told(_name: str) -> None:
        raise LookupError("a fault")

    writer = Writer(database, SystemClock(), told)
    writer.start()

    async def in_time() -> list[object]:
        waiting = asyncio.gather(*(writer.keep(_told(at)) for at in range(5)), return_exceptions=True)
        return list(await asyncio.wait_for(waiting, 20))

    assert asyncio.run(in_time()) == [None] * 5
    assert writer.alive
    writer.stop()
    assert _count(database) == 5


def test_the_end_stores_what_waits_and_refuses_the_rest(database: Database) -> None:
    writer = Writer(database, SystemClock())
    writer.start()

    async def stopped_meanwhile() -> list[object]:
        waiting = [asyncio.ensure_future(writer.keep(_told(number))) for number in range(30)]
        await asyncio.sleep(0)
        await asyncio.to_thread(writer.stop)
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    assert asyncio.run(stopped_meanwhile()) == [None] * 30
    assert _count(database) == 30
    assert not writer.alive
    (late,) = _keep(writer, [_told(99)])
    assert isinstance(late, RetriableError)
