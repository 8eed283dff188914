"""The lock files are what plain pip needs: pinned, hashed, complete, and silent about any index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.checks.tree import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _pins(lock: Path) -> dict[str, str]:
    lines = re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", lock.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {canonicalize_name(name): version for name, version in lines}


def _group(name: str) -> list[str]:
    wanted: list[str] = []
    for entry in PYPROJECT["dependency-groups"][name]:
        wanted += _group(entry["include-group"]) if isinstance(entry, dict) else [entry]
    return wanted


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_is_pinned_with_a_hash(lock: Path) -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    packages = [block for block in blocks if block[:1].isalnum()]
    assert packages
    assert [block.splitlines()[0] for block in packages if "==" not in block or "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_no_lock_file_names_an_index_or_a_machine(lock: Path) -> None:
    assert re.findall(r"^--?\w\S*.*|\w+://\S+|@ file", lock.read_text(encoding="utf-8"), re.MULTILINE) == []


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("runtime.lock", PYPROJECT["project"]["dependencies"]),
        ("dev.lock", PYPROJECT["project"]["dependencies"] + _group("dev")),
        ("build.lock", _group("build") + PYPROJECT["build-system"]["requires"]),
    ],
)
def test_a_lock_file_holds_what_the_project_asks_for(lock: str, wanted: list[str]) -> None:
    pins = _pins(ROOT / "requirements" / lock)
    asked = [Requirement(text) for text in wanted]
    assert [str(one) for one in asked if canonicalize_name(one.name) not in pins] == []
    assert [str(one) for one in asked if not one.specifier.contains(pins[canonicalize_name(one.name)])] == []


def test_what_ships_and_what_is_tested_are_the_same_versions() -> None:
    tested = _pins(ROOT / "requirements/dev.lock")
    for name in ("runtime.lock", "build.lock"):
        shipped = _pins(ROOT / "requirements" / name)
        assert {one: version for one, version in shipped.items() if tested.get(one) != version} == {}
