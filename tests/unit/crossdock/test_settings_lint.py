"""The configuration is held against the mappings and against what the connectors declare."""

from __future__ import annotations

from pathlib import Path

import pytest

from canonical.errors import ConfigError, Problem
from crossdock.settings.lint import checked, find_problems
from crossdock.settings.platforms import InstalledPlatforms

CONFIG = """\
connections:
  erp: {connector: memory, settings: {world: erp}, currency: EUR}
  shop: {connector: memory, settings: {world: shop}, currency: EUR}
locations:
  WH1: {erp: W1, shop: S1}
ownership:
  variant.sku: erp
  variant.price[EUR]: erp
  inventory.stock[*]: erp
pools:
  main: {locations: [WH1]}
flows:
  stock: {kind: inventory, source: erp, targets: {shop: {pool: main}}}
  prices: {kind: state, source: erp, entity: variant, fields: [price], targets: {shop: }}
"""


def _lint(tmp_path: Path, config: str = CONFIG, **mappings: str) -> list[Problem]:
    path = tmp_path / "crossdock.yaml"
    path.write_text(config, encoding="utf-8")
    for name, text in mappings.items():
        file = tmp_path / "mappings" / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return find_problems(path, InstalledPlatforms())


def _said(problems: list[Problem]) -> str:
    return "\n".join(str(problem) for problem in problems)


def test_a_right_configuration_has_no_problems(tmp_path: Path) -> None:
    assert _said(_lint(tmp_path)) == ""


def test_an_override_with_an_unknown_path_is_told_with_its_own_file_and_line(tmp_path: Path) -> None:
    problems = _lint(tmp_path, memory__variant="# note\nfields:\n  price:\n    path: prise\n")
    (problem,) = [problem for problem in problems if "prise" in problem.message]
    assert problem.file.endswith("mappings/memory/variant.yaml")
    assert problem.line == 4
    assert "price" in problem.hint


def test_problems_of_the_configuration_and_of_mappings_are_told_together(tmp_path: Path) -> None:
    said = _said(_lint(tmp_path, CONFIG.replace("pool: main", "pool: mian"), memory__variant="feilds: {}\n"))
    assert "there is no pool mian" in said
    assert "feilds" in said


def test_an_owned_field_that_its_owner_does_not_read_is_found(tmp_path: Path) -> None:
    said = _said(_lint(tmp_path, memory__variant="fields:\n  price: null\n"))
    assert "variant.price" in said


def test_a_folder_of_an_unknown_connector_is_not_silently_ignored(tmp_path: Path) -> None:
    said = _said(_lint(tmp_path, memroy__variant="fields: {}\n", lost="fields: {}\n"))
    assert "there is no connector memroy" in said
    assert "did you mean 'memory'?" in said
    assert "a mapping lies in its connector's folder" in said


def test_a_channel_that_counts_by_location_needs_one(tmp_path: Path) -> None:
    said = _said(_lint(tmp_path, CONFIG.replace(", shop: S1", "")))
    assert "shop counts stock by location, but has no location here" in said


def test_a_source_that_counts_by_location_needs_an_id_for_each(tmp_path: Path) -> None:
    said = _said(_lint(tmp_path, CONFIG.replace("erp: W1, ", "")))
    assert "WH1 has no id on erp, the source of its stock" in said


def test_a_channel_with_one_figure_must_not_be_given_locations(tmp_path: Path) -> None:
    text = CONFIG.replace(
        "shop: {connector: memory, settings: {world: shop}", "shop: {connector: woocommerce, settings: {}"
    )
    assert "shop keeps one figure for the whole account" in _said(_lint(tmp_path, text))


def test_a_configuration_with_errors_is_not_used(tmp_path: Path) -> None:
    _lint(tmp_path, memory__variant="fields:\n  price:\n    path: prise\n")
    with pytest.raises(ConfigError, match="prise"):
        checked(tmp_path / "crossdock.yaml", InstalledPlatforms())
