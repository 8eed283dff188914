"""What others on the machine can read is warned of, with the command that ends it."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.base import Finding
from crossdock import secrecy
from crossdock.settings.lint import checked
from crossdock.settings.model import Settings
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.secrets import Resolver
from sync.store.database import open_database

CONFIG = """\
database: sqlite:///hub.sqlite
connections:
  erp: {connector: memory, settings: {world: "${file:secrets/my world}"}, currency: EUR}
metrics: {token: "${file:token}"}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "crossdock.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "secrets").mkdir()
    for name in ("secrets/my world", "token", ".env", "hub.sqlite.erasures"):
        (tmp_path / name).write_text("x", encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    open_database(f"sqlite:///{tmp_path / 'hub.sqlite'}").close()
    return checked(tmp_path / "crossdock.yaml", InstalledPlatforms())


def _found(settings: Settings) -> list[Finding]:
    return list(secrecy.file_findings(settings, Resolver({}, settings.config_dir)))


def test_files_of_our_own_are_fine(settings: Settings) -> None:
    """The database too, as it is made: nobody has to know of chmod for that."""
    (one,) = _found(settings)
    assert (one.ok, one.warning) == (True, False)
    assert "nobody else can read" in one.message


@pytest.mark.parametrize("name", ["secrets/my world", "token", ".env", "hub.sqlite", "hub.sqlite.erasures"])
@pytest.mark.parametrize(("mode", "who"), [(0o644, "everybody"), (0o640, "its group"), (0o602, "everybody")])
def test_what_others_can_read_is_warned_of_until_the_advice_was_followed(
    settings: Settings, name: str, mode: int, who: str
) -> None:
    path = settings.config_dir / name
    path.chmod(mode)
    (one,) = _found(settings)
    assert (one.ok, one.warning) == (True, True)
    assert who in one.message
    assert f"{mode:03o}" in one.message
    subprocess.run(shlex.split(one.advice), check=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.warning for found in _found(settings)] == [False]


def test_a_group_may_read_what_another_user_keeps_for_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of root:hub with mode 640: the hub could not read it otherwise."""
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    (settings.config_dir / "token").chmod(0o640)
    assert [found.warning for found in _found(settings)] == [False]
    (settings.config_dir / "token").chmod(0o644)
    (one,) = _found(settings)
    assert one.advice.startswith("chmod o-rwx ")


def test_what_is_mounted_into_a_container_is_left_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (settings.config_dir / "token").chmod(0o444)
    monkeypatch.setattr(secrecy, "_MOUNTED", settings.config_dir.resolve())
    assert [found.warning for found in _found(settings)] == [False]


def test_another_database_has_no_files(settings: Settings) -> None:
    (settings.config_dir / "hub.sqlite").chmod(0o644)
    there = replace(settings, database="postgresql://hub@db.example/hub")
    assert [found.warning for found in _found(there)] == [False]
