"""The health check says of each thing whether it is in order, and what to do if not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from canonical.errors import ConfigError
from connectors.base import Finding
from connectors.memory.simulator.world import MemoryItem, world
from crossdock.clock import SystemClock
from crossdock.health import account_findings, daemon_findings, database_findings, require_connectors
from crossdock.settings.hub import hub_config
from crossdock.settings.lint import checked
from crossdock.settings.model import Settings
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.privacy import PrivacyShape
from crossdock.settings.secrets import Resolver
from sync.hub import Hub
from sync.privacy import ledger, secondlist
from sync.store.database import open_database

CONFIG = """\
connections:
  erp: {connector: memory, settings: {world: "${env:WORLD}"}, currency: EUR}
locations:
  WH1: {erp: W1}
"""


def _settings(tmp_path: Path, database: str = "sqlite:///crossdock.sqlite") -> Settings:
    path = tmp_path / "crossdock.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return replace(checked(path, InstalledPlatforms()), database=database)


def _account(tmp_path: Path, environ: dict[str, str]) -> list[Finding]:
    return list(account_findings(_settings(tmp_path).connections["erp"], Resolver(environ, tmp_path)))


def _database(tmp_path: Path, url: str) -> dict[str, Finding]:
    found = database_findings(_settings(tmp_path, url), Resolver({}, tmp_path))
    return {finding.check: finding for finding in found}


def test_a_secret_that_is_not_there_is_a_finding_not_a_crash(tmp_path: Path) -> None:
    (finding,) = _account(tmp_path, {})
    assert not finding.ok
    assert "WORLD is not set" in finding.message


def test_a_daemon_is_not_begun_with_a_connection_that_nobody_can_work_with(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    with pytest.raises(ConfigError, match="WORLD is not set"):
        require_connectors(settings, Resolver({}, tmp_path))
    require_connectors(settings, Resolver({"WORLD": "health-good"}, tmp_path))


def test_nor_without_the_key_that_tokens_are_kept_with(tmp_path: Path) -> None:
    settings = replace(_settings(tmp_path), token_key="${env:TOKEN_KEY}")
    with pytest.raises(ConfigError, match="TOKEN_KEY is not set"):
        require_connectors(settings, Resolver({"WORLD": "health-good"}, tmp_path))


def test_secrets_that_only_the_daemon_needs_are_findings_too(tmp_path: Path) -> None:
    block = 'alerts: {targets: {ops: {kind: webhook, url: "https://x.example", secret: "${env:NOBODY}"}}}\n'
    path = tmp_path / "crossdock.yaml"
    path.write_text(CONFIG + block, encoding="utf-8")
    settings = checked(path, InstalledPlatforms())
    (finding,) = daemon_findings(settings, Resolver({}, tmp_path))
    assert (finding.check, finding.ok) == ("alerts", False)
    assert "NOBODY is not set" in finding.message
    assert not list(daemon_findings(settings, Resolver({"NOBODY": "s"}, tmp_path)))


def test_a_location_is_named_as_the_platform_names_it(tmp_path: Path) -> None:
    world("health-good").items["1"] = MemoryItem(
        id="1", sku="A", levels={"W1": {"available": 1}, "W2": {"available": 1}}
    )
    found = [finding for finding in _account(tmp_path, {"WORLD": "health-good"}) if finding.check == "location"]
    assert all(finding.ok for finding in found)
    assert [finding.message for finding in found] == ["WH1 is W1 (W1)", "W2 (W2) is not used"]


def test_a_location_that_does_not_exist_is_found_with_those_that_do(tmp_path: Path) -> None:
    world("health-bad").items["1"] = MemoryItem(id="1", sku="A", levels={"W9": {"available": 1}})
    found = [finding for finding in _account(tmp_path, {"WORLD": "health-bad"}) if not finding.ok]
    assert [finding.message for finding in found] == ["WH1: there is no location W1"]
    assert "W9" in found[0].advice


def test_a_database_that_is_not_there_yet_is_well_and_is_not_made(tmp_path: Path) -> None:
    assert _database(tmp_path, "sqlite:///crossdock.sqlite")["writable"].ok
    assert not (tmp_path / "crossdock.sqlite").exists()


def test_a_database_in_a_folder_that_does_not_exist_is_found(tmp_path: Path) -> None:
    finding = _database(tmp_path, "sqlite:///nowhere/crossdock.sqlite")["writable"]
    assert not finding.ok
    assert "nowhere" in finding.message


def test_a_file_that_is_no_database_is_found(tmp_path: Path) -> None:
    (tmp_path / "crossdock.sqlite").write_text("not a database, but long enough to be read as one", encoding="utf-8")
    found = _database(tmp_path, "sqlite:///crossdock.sqlite")
    assert not found["database"].ok


def test_a_server_that_cannot_be_reached_is_found_without_its_password(tmp_path: Path) -> None:
    found = _database(tmp_path, "postgresql://me:hunter2@127.0.0.1:1/hub")
    assert not found["database"].ok
    assert "hunter2" not in str(found)


def test_a_database_in_use_is_looked_at_and_left_as_it_is(tmp_path: Path, database_url: str) -> None:
    opened = open_database(database_url)
    before = opened.database_id()
    opened.close()
    found = _database(tmp_path, database_url)
    assert all(finding.ok and not finding.warning for finding in found.values())
    assert {"reachable", "revision", "writable"} <= set(found)
    assert ("locks" in found) == database_url.startswith("postgresql")
    again = open_database(database_url)
    with again.engine.connect() as connection:
        assert not again.engine.dialect.has_table(connection, "crossdock_doctor")
    assert again.database_id() == before
    again.close()


def test_a_list_of_erasures_that_only_the_database_has_is_warned_of(tmp_path: Path, postgres_url: str) -> None:
    """A restored backup would bring back people, and take away that they were forgotten."""
    opened = open_database(postgres_url)
    assert "erasures" not in _database(tmp_path, postgres_url)
    with opened.begin() as connection:
        ledger.add(connection, [("shop", ledger.CUSTOMER, "7")], "2026-11-02T08:00:00Z")
    opened.close()
    finding = _database(tmp_path, postgres_url)["erasures"]
    assert (finding.ok, finding.warning) == (True, True)
    assert "privacy.erasures_file" in finding.advice
    settings = _settings(tmp_path, postgres_url)
    kept = replace(settings, privacy=PrivacyShape(erasures_file="../erasures"))
    assert [one for one in database_findings(kept, Resolver({}, tmp_path)) if one.check == "erasures"] == []
    assert hub_config(kept, Resolver({}, tmp_path)).erasures_file == tmp_path / "../erasures"
    assert hub_config(settings, Resolver({}, tmp_path)).erasures_file is None


def test_a_list_of_erasures_that_another_database_made_is_warned_of(tmp_path: Path, sqlite_url: str) -> None:
    for number in range(2):
        opened = open_database(sqlite_url)
        assert opened.path is not None
        hub = Hub(hub_config(_settings(tmp_path, sqlite_url), Resolver({}, tmp_path)), opened, SystemClock())
        with opened.begin() as connection:
            ledger.add(connection, [("shop", ledger.CUSTOMER, str(number))], "2026-11-02T08:00:00Z")
            secondlist.write(hub, connection)
        opened.close()
        found = _database(tmp_path, sqlite_url)
        if number == 0:
            assert "erasures" not in found
            opened.path.unlink()
    assert (found["erasures"].ok, found["erasures"].warning) == (True, True)
    assert "match nobody" in found["erasures"].message


@pytest.mark.parametrize("url", ["mysql://me:hunter2@localhost/x", "sqlite:///"])
def test_what_is_no_database_url_is_a_finding(tmp_path: Path, url: str) -> None:
    (finding,) = _database(tmp_path, url).values()
    assert not finding.ok
    assert "hunter2" not in finding.message
