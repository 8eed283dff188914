from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from canonical.errors import FatalError
from sync.store.database import get_meta, open_database, put_meta


@pytest.mark.parametrize("another", [False, True], ids=["deleted", "replaced"])
def test_a_file_that_is_not_in_its_place_any_more_is_neither_written_nor_read(tmp_path: Path, another: bool) -> None:
    file = tmp_path / "hub.sqlite"
    database = open_database(f"sqlite:///{file}")
    with database.begin() as connection:
        put_meta(connection, "known", "before")
    moved = file.rename(tmp_path / "moved.sqlite")
    if another:
        open_database(f"sqlite:///{file}").close()
    for use in (database.begin, database.read):
        with pytest.raises(FatalError, match="moved, deleted or replaced"), use():
            pytest.fail("what is written there would be lost")
    if not another:
        moved.rename(file)
        with database.read() as connection:
            assert get_meta(connection, "known") == "before"
    database.close()


def test_who_opens_it_anew_works_with_the_file_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / "hub.sqlite"
    database = open_database(f"sqlite:///{file}")
    file.rename(tmp_path / "moved.sqlite")
    database.close()
    again = open_database(f"sqlite:///{file}")
    again.close()
    with database.read() as connection:
        assert get_meta(connection, "database_id") is not None
    database.close()


def test_an_error_of_a_statement_does_not_tell_what_it_was_given(sqlite_url: str) -> None:
    found = open_database(sqlite_url)
    with found.begin() as connection:
        put_meta(connection, "k", "v")
        again = text("insert into meta (key, value) values ('k', :said)")
        with pytest.raises(IntegrityError) as caught:
            connection.execute(again, {"said": "ada@example.com"})
    found.close()
    assert "ada" not in str(caught.value)
