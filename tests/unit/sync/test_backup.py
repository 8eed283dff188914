"""A copy is one sound moment of the database; put back it replaces nothing that is in use, and loses nothing."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, update

from canonical.errors import BusyError, CrossdockError, FatalError
from connectors.simulation import Ticker
from sync import cursors
from sync.backup import backup, examine
from sync.locks import EXECUTOR, hold
from sync.observe import ReadMode
from sync.restore import check, restore
from sync.run import run_sync
from sync.store import tables
from sync.store.database import Database, get_meta, open_database, put_meta
from tests.support.hubs import Shops, open_shops
from tests.support.schemas import FOLDER

NOW = "2026-11-27T08:00:00.000000Z"
LATER = "2026-11-28T08:00:00.000000Z"


@pytest.fixture
def shops(sqlite_url: str) -> Iterator[Shops]:
    """A live hub with something in its database."""
    found = open_shops(sqlite_url)
    found.adopt()
    run_sync(found.hub, ReadMode.FULL)
    yield found
    found.hub.database.close()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Where copies go."""
    (tmp_path / "copies").mkdir()
    return tmp_path / "copies" / "hub.backup"


def _put(database: Database, key: str, value: str) -> None:
    with database.begin() as connection:
        put_meta(connection, key, value)


def _get(database: Database, key: str) -> str | None:
    with database.begin() as connection:
        return get_meta(connection, key)


def test_a_copy_is_whole_private_and_all_that_is_left(shops: Shops, copy: Path) -> None:
    made = backup(shops.hub.database, copy, NOW)
    assert [one.name for one in copy.parent.iterdir()] == [copy.name]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert (made.database_id, made.made_at) == (shops.hub.database.database_id(), NOW)
    assert examine(copy) == made
    # What is still in the log of the database is in the copy as well.
    _put(shops.hub.database, "later", "yes")
    assert backup(shops.hub.database, copy, LATER).made_at == LATER
    with closing(sqlite3.connect(copy)) as raw:
        assert raw.execute("select value from meta where key = 'later'").fetchall() == [("yes",)]


def test_a_copy_made_while_others_write_is_one_moment(shops: Shops, copy: Path) -> None:
    database = shops.hub.database
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            with database.begin() as connection:
                put_meta(connection, "left", str(number))
                put_meta(connection, "right", str(number))

    _put(database, "left", "0")
    _put(database, "right", "0")
    with database.begin() as connection:
        for number in range(3000):
            put_meta(connection, f"ballast {number}", "x" * 900)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = set()
        for _ in range(5):
            backup(database, copy, NOW)
            with closing(sqlite3.connect(copy)) as raw:
                left, right = [v for (v,) in raw.execute("select value from meta where key in ('left', 'right')")]
            assert left == right
            seen.add(left)
    finally:
        done.set()
        writer.join()
    assert len(seen) > 1


def test_nothing_but_a_copy_is_ever_written_over(shops: Shops, tmp_path: Path) -> None:
    config = tmp_path / "crossdock.yaml"
    config.write_text("database: here")
    path = shops.hub.database.path
    assert path is not None
    for name in (config, path):
        with pytest.raises(FatalError):
            backup(shops.hub.database, name, NOW)
    assert config.read_text() == "database: here"
    with pytest.raises(FatalError, match="cannot write"):
        backup(shops.hub.database, tmp_path / "nowhere" / "copy", NOW)
    with pytest.raises(FatalError, match="no database"):
        backup(Database(f"sqlite:///{tmp_path / 'other.sqlite'}"), tmp_path / "copy", NOW)
    assert not (tmp_path / "other.sqlite").exists()


def test_a_copy_put_back_is_the_database_again_and_the_replaced_one_is_kept(shops: Shops, copy: Path) -> None:
    database = shops.hub.database
    _put(database, "mark", "then")
    made = backup(database, copy, NOW)
    _put(database, "mark", "now")
    database.close()
    done = restore(database, copy, Ticker())
    assert _get(database, "mark") == "then"
    assert database.database_id() not in ("", made.database_id)
    assert done.kept is not None
    kept = open_database(f"sqlite:///{done.kept}")
    assert (_get(kept, "mark"), kept.database_id()) == ("now", made.database_id)
    kept.close()
    with database.begin() as connection:
        states = cursors.all_states(connection)
    # Everything is read in full, and no figure counts as read; what the last read counted is still the measure.
    assert {(one.cursor, one.swept_at, one.read_at) for one in states} == {("", "", "")}
    assert all(one.swept_count for one in states)
    assert examine(copy) == made


def test_a_database_that_anybody_uses_is_not_replaced(shops: Shops, copy: Path) -> None:
    database = shops.hub.database
    backup(database, copy, NOW)
    _put(database, "mark", "now")
    with pytest.raises(BusyError, match="in use"):  # the hub's own connections are open
        restore(database, copy, Ticker())
    database.close()
    with hold(database, EXECUTOR, Ticker()), pytest.raises(BusyError):
        restore(database, copy, Ticker())
    assert _get(database, "mark") == "now"


def test_what_is_no_sound_copy_is_refused_and_nothing_is_touched(shops: Shops, copy: Path, tmp_path: Path) -> None:
    database = shops.hub.database
    backup(database, copy, NOW)
    _put(database, "mark", "now")
    database.close()
    text, other, cut, newer = (tmp_path / name for name in ("text", "other", "cut", "newer"))
    text.write_text("database: no")
    with closing(sqlite3.connect(other)) as raw:
        raw.execute("create table meta (key, value)")
    whole = copy.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    newer.write_bytes(whole)
    with closing(sqlite3.connect(newer)) as raw:
        raw.execute("update alembic_version set version_num = '9999'")
        raw.commit()
    before = {one: one.stat().st_mtime_ns for one in tmp_path.iterdir() if one.is_file()}
    for name in (text, other, cut, newer, tmp_path / "missing", Path(str(database.path))):
        with pytest.raises(FatalError):
            restore(database, name, Ticker())
    assert {one: one.stat().st_mtime_ns for one in tmp_path.iterdir() if one.is_file()} == before
    assert _get(database, "mark") == "now"


def test_a_damaged_database_is_replaced_and_its_log_does_not_touch_the_copy(shops: Shops, copy: Path) -> None:
    database = shops.hub.database
    _put(database, "mark", "then")
    backup(database, copy, NOW)
    path = database.path
    assert path is not None
    database.close()
    log = path.with_name(f"{path.name}-wal")
    path.write_bytes(b"no more a database" * 500)
    log.write_bytes(b"no more a log" * 500)
    done = restore(database, copy, Ticker())
    assert not log.exists()
    assert _get(database, "mark") == "then"
    assert done.kept is not None
    assert done.kept.read_bytes().startswith(b"no more a database")


def test_a_copy_is_put_where_no_database_is(shops: Shops, copy: Path, tmp_path: Path) -> None:
    backup(shops.hub.database, copy, NOW)
    fresh = Database(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    assert restore(fresh, copy, Ticker()).kept is None
    with fresh.begin() as connection:
        assert connection.execute(select(tables.table(tables.Item).c.sku)).scalars().all()
    fresh.close()


def test_what_changed_on_the_platforms_since_is_read_and_not_written_back(shops: Shops, copy: Path) -> None:
    backup(shops.hub.database, copy, NOW)
    shops.erp.set_price("SKU-1", "12.00")
    shops.tick()
    run_sync(shops.hub, ReadMode.FULL)
    assert shops.shop.find("SKU-1").price == "12.00"
    shops.hub.database.close()
    restore(shops.hub.database, copy, shops.clock)
    shops.tick()
    written = len(shops.shop.effects)
    run_sync(shops.hub)
    assert shops.shop.find("SKU-1").price == "12.00"
    assert len(shops.shop.effects) == written


def test_another_database_has_tools_of_its_own(postgres_url: str, copy: Path) -> None:
    database = Database(postgres_url)
    with pytest.raises(CrossdockError, match="pg_dump"):
        backup(database, copy, NOW)
    with pytest.raises(CrossdockError, match="pg_restore"):
        check(database, copy)
    database.close()


def test_an_older_copy_is_brought_up_to_date(shops: Shops, copy: Path) -> None:
    database = shops.hub.database
    head = backup(database, copy, NOW).revision
    copy.unlink()
    with closing(sqlite3.connect(copy)) as raw:
        raw.executescript((FOLDER / "0002.sql").read_text(encoding="utf-8"))
        raw.commit()
    database.close()
    done = restore(database, copy, Ticker())
    assert (done.source.revision, done.revision) == ("0002", head)
    with database.begin() as connection:
        connection.execute(update(tables.table(tables.Drop)).values(awaits_order=True))
