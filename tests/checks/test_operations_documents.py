"""What operators are given fits the program: the runbook, the unit, and the commands that documents name."""

from __future__ import annotations

import re
from configparser import ConfigParser
from typing import Any

import click
import pytest

from crossdock.cli.main import cli
from crossdock.daemon.server import GRACE_SECONDS
from sync.alerts.kinds import ADVICE, KINDS
from tests.checks.tree import ROOT

RUNBOOK = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
UNIT = (ROOT / "deploy/systemd/crossdock.service").read_text(encoding="utf-8")


def _section(kind: str) -> str:
    return RUNBOOK.partition(f"## `{kind}`\n")[2].partition("\n## ")[0]


def test_every_kind_of_alert_has_a_section_and_every_section_a_kind() -> None:
    assert re.findall(r"^## `?([^`\n]+)`?$", RUNBOOK, re.MULTILINE) == list(KINDS)
    assert set(ADVICE) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_section_says_what_it_means_what_to_look_at_and_what_to_do(kind: str) -> None:
    assert re.findall(r"\*\*(.+?)\.\*\*", _section(kind)) == ["What it means", "What to look at", "What to do"]


@pytest.mark.parametrize("text", [RUNBOOK, OPERATIONS, "\n".join(f"`{one}`" for one in ADVICE.values())])
def test_every_command_that_is_named_exists(text: str) -> None:
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    commands = re.findall(r"\bcrossdock ((?:[a-z]+ ?)+(?: ?(?:[A-Z]+|--[a-z-]+))*)", "\n".join(inline))
    assert commands
    assert [line for line in commands if not _exists(line.split())] == []


def _exists(words: list[str]) -> bool:
    command: Any = cli
    while words and isinstance(command, click.Group):
        command = command.get_command(click.Context(cli), words.pop(0))
    if command is None:
        return False
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    return all(word in known for word in words if word.startswith("--"))


def _unit() -> ConfigParser:
    found = ConfigParser(strict=False, interpolation=None, allow_no_value=True)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read_string(UNIT)
    return found


def test_the_unit_starts_a_command_that_exists_and_gives_it_the_time_to_end() -> None:
    service = _unit()["Service"]
    program, *words = service["ExecStart"].split()
    assert program.endswith("/bin/crossdock")
    assert _exists([word for word in words if word not in ("json", "info")])
    assert service["KillSignal"] == "SIGTERM"
    assert 10 < int(service["TimeoutStopSec"]) < 30
    assert GRACE_SECONDS < 10


def test_the_unit_lets_the_hub_write_to_its_own_folder_only() -> None:
    service = _unit()["Service"]
    assert service["User"] not in ("", "root")
    assert (service["NoNewPrivileges"], service["ProtectSystem"], service["StateDirectory"]) == (
        "yes",
        "strict",
        "crossdock",
    )
    assert service["CapabilityBoundingSet"] == ""
    assert "ReadWritePaths" not in service
