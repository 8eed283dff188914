"""The file of a new database is for its owner only: it will hold the addresses of buyers."""

from __future__ import annotations

from pathlib import Path

from sync.store.database import open_database


def test_a_new_database_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    with database.begin():
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("hub.sqlite*")}
    database.close()
    assert set(modes.values()) == {0o600}
    assert "hub.sqlite-wal" in modes


def test_a_file_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "hub.sqlite"
    path.touch()
    path.chmod(0o640)
    open_database(f"sqlite:///{path}").close()
    assert path.stat().st_mode & 0o777 == 0o640
