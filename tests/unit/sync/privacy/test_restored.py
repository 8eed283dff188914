"""Whom the hub forgot stays forgotten, whichever copy of its database is put back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.backup import backup
from sync.observe import ReadMode
from sync.privacy import secondlist
from sync.privacy.erase import Person
from sync.restore import restore
from sync.run import run_sync
from sync.store.database import erasure_keys, open_database
from tests.support.forgetting import HERS, as_older_versions_left_it, forget, kept, order, sync
from tests.support.trading import Trading, open_trading


@pytest.fixture
def found(sqlite_url: str, tmp_path: Path) -> Iterator[Trading]:
    trading = open_trading(sqlite_url, prefix=str(tmp_path))
    trading.shops.adopt()
    run_sync(trading.hub, ReadMode.FULL)
    trading.clock.advance(60)
    yield trading
    trading.hub.database.close()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "copies").mkdir()
    return tmp_path / "copies" / "hub.backup"


def _put_back(found: Trading, copy: Path) -> None:
    found.hub.database.close()
    restore(found.hub.database, copy, found.clock)


def _start_anew(found: Trading) -> None:
    """The database is lost, and the file beside it is not."""
    database = found.hub.database
    database.close()
    assert database.path is not None
    for end in ("", "-wal", "-shm"):
        database.path.with_name(f"{database.path.name}{end}").unlink(missing_ok=True)
    open_database(database.url).close()


def test_who_was_forgotten_after_the_copy_is_forgotten_again_each_time_it_is_put_back(
    found: Trading, copy: Path
) -> None:
    order(found)
    sync(found)
    backup(found.hub.database, copy, found.hub.stamp())
    forget(found, Person("shop", "7"))
    for _ in range(2):
        _put_back(found, copy)
        assert kept(found) == set(HERS)
        sync(found)
        assert kept(found) == set()


def test_who_was_forgotten_before_the_copy_is_recognized_when_read_only_later(found: Trading, copy: Path) -> None:
    order(found)
    forget(found, Person("shop", "7"))
    backup(found.hub.database, copy, found.hub.stamp())
    for _ in range(2):
        _put_back(found, copy)
        sync(found)
        assert kept(found) == set()
    order(found)
    sync(found)
    assert kept(found) == set(HERS)


def test_who_was_forgotten_a_second_time_after_the_copy_is_forgotten_until_then(found: Trading, copy: Path) -> None:
    order(found)
    sync(found)
    forget(found, Person("shop", "7"))
    backup(found.hub.database, copy, found.hub.stamp())
    found.clock.advance(60)
    order(found)
    forget(found, Person("shop", "7"))
    _put_back(found, copy)
    sync(found)
    assert kept(found) == set()


def test_a_copy_of_an_older_version_knows_its_erasures_too(found: Trading, copy: Path) -> None:
    """There the list had no key of its own but the name of the database, which is another one by now."""
    as_older_versions_left_it(found)
    order(found)
    sync(found)
    backup(found.hub.database, copy, found.hub.stamp())
    forget(found, Person("shop", "7"))
    _put_back(found, copy)
    sync(found)
    assert kept(found) == set()


def test_what_the_replaced_database_forgot_is_recognized_though_it_was_another_one(found: Trading, copy: Path) -> None:
    order(found)
    sync(found)
    backup(found.hub.database, copy, found.hub.stamp())
    _start_anew(found)
    forget(found, Person("shop", "7"))
    _put_back(found, copy)
    assert kept(found) == set(HERS)
    sync(found)
    assert kept(found) == set()


def test_a_new_database_beside_an_old_list_says_that_it_cannot_read_it(found: Trading, copy: Path) -> None:
    backup(found.hub.database, copy, found.hub.stamp())
    forget(found, Person("shop", "7"))
    path = secondlist.place(None, found.hub.database)
    assert path is not None
    with found.hub.database.begin() as connection:
        assert not secondlist.is_foreign(path, connection)
    _start_anew(found)
    with found.hub.database.begin() as connection:
        assert secondlist.is_foreign(path, connection)
    _put_back(found, copy)
    with found.hub.database.begin() as connection:
        assert not secondlist.is_foreign(path, connection)


def test_whoever_finds_the_file_has_no_key_to_try_guesses_with(found: Trading) -> None:
    forget(found, Person("shop", "7"))
    path = secondlist.place(None, found.hub.database)
    assert path is not None
    text = path.read_text()
    assert text
    with found.hub.database.begin() as connection:
        (key,) = erasure_keys(connection)
    assert key not in text
    # Plans are handed about, and carry the name.
    assert key != found.hub.database.database_id()
