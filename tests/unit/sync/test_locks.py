"""The lock of a PostgreSQL session that is cut: said in words, never taken for held."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from canonical.errors import FatalError
from connectors.simulation import Ticker
from sync.locks import hold
from sync.observe import ReadMode
from sync.run import run_sync
from sync.store.database import Database, open_database
from tests.support.hubs import Shops, open_shops
from tests.support.postgres import PostgresServer


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    opened = open_database(postgres_url)
    yield opened
    opened.close()


@pytest.fixture
def shops(postgres_url: str) -> Iterator[Shops]:
    found = open_shops(postgres_url, items=2)
    found.adopt()
    run_sync(found.hub, ReadMode.FULL)
    found.tick(60)
    yield found
    found.hub.database.close()


def cut(database: Database) -> None:
    """End every session of a database, as an operator or a restart would."""
    address = database.url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where pid <> pg_backend_pid() and datname = current_database()"
        )


def test_a_lock_whose_session_was_cut_is_not_held_and_its_end_is_no_error(database: Database) -> None:
    with hold(database, "shop", Ticker()) as still:
        assert still()
        cut(database)
        assert not still()
        assert not still()


def test_a_lock_can_be_taken_again_after_its_session_was_cut(database: Database) -> None:
    with hold(database, "shop", Ticker()):
        cut(database)
    with hold(database, "shop", Ticker()) as still:
        assert still()


def test_a_database_that_is_gone_is_said_in_words(postgres_server: PostgresServer) -> None:
    with postgres_server.database() as url:
        database = open_database(url)
        database.close()
    with pytest.raises(FatalError, match="the database failed") as caught, hold(database, "shop", Ticker()):
        pass
    assert "reachable" in caught.value.hint
    database.close()


@pytest.mark.parametrize("point", ["before the journal", "before the call", "after the call", "page stored"])
def test_sessions_cut_in_the_middle_of_a_sync_are_said_in_words_and_the_next_sync_ends_the_work(
    shops: Shops, point: str
) -> None:
    shops.erp.set_price("SKU-1", "12.00")
    shops.erp.set_stock("SKU-2", "WH1", 4)
    cuts: list[str] = []

    def checkpoint(name: str) -> None:
        if name == point and not cuts:
            cuts.append(name)
            cut(shops.hub.database)

    shops.hub.checkpoint = checkpoint
    try:
        run_sync(shops.hub, ReadMode.FULL)
    except FatalError as error:
        assert "the database failed" in str(error)
    assert cuts == [point]
    shops.tick(120)
    run_sync(shops.hub, ReadMode.FULL)
    assert shops.shop.find("SKU-1").price == "12.00"
    assert shops.shop.stock("SKU-2", "WH1") == 4
