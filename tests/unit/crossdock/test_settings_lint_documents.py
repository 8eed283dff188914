"""The lint of a configuration covers the document mappings of its connectors."""

from __future__ import annotations

from pathlib import Path

import pytest

from canonical.errors import ConfigError
from crossdock.settings.lint import checked, find_problems
from crossdock.settings.platforms import InstalledPlatforms

CONFIG = """\
connections:
  erp: {connector: memory, settings: {world: erp}, currency: EUR}
"""
CHARGE = """\
platform: memory
document: charge
resource: items
fields:
  id: id
  amount: {path: price}
  currency: {value: EUR}
  status: {value: succeeded}
  created_at: {path: update_at, read: utc}
"""


def _lint(tmp_path: Path, name: str, text: str) -> list[str]:
    path = tmp_path / "crossdock.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    file = tmp_path / "mappings" / "memory" / "documents" / name
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return [str(problem) for problem in find_problems(path, InstalledPlatforms())]


def test_a_document_of_the_operator_is_held_against_the_platform(tmp_path: Path) -> None:
    said = [one for one in _lint(tmp_path, "charge.yaml", CHARGE) if "charge.yaml" in one]
    assert any("charge.yaml:3:11: items holds no charge" in one for one in said)
    assert any("charge.yaml:9:" in one and "items has no path 'update_at'" in one for one in said)
    with pytest.raises(ConfigError, match="items holds no charge"):
        checked(tmp_path / "crossdock.yaml", InstalledPlatforms())


def test_what_no_document_is_read_from_is_told(tmp_path: Path) -> None:
    assert any("name it .yaml" in one for one in _lint(tmp_path, "order.yml", ""))


def test_an_unknown_document_is_told(tmp_path: Path) -> None:
    assert any("there is no document 'chrge' (did you mean 'charge'?)" in o for o in _lint(tmp_path, "chrge.yaml", "a"))
