"""Shipped mapping files with the operator's single changes on top."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from canonical.errors import ConfigError
from mappings.loader import load_mappings, read_mappings
from mappings.spec import MappingSpec

SHIPPED = """\
platform: acme
entity: variant
resource: things
id: id
kind: thing
when: {type: {in: [simple, bundle]}, status: {equals: live}}
match: {sku: sku}
fields:
  title:
    path: title
    write: {operation: op, path: title}
  price: {path: price, scope: currency, values_typo: 1}
"""


def _write(folder: Path, text: str, entity: str = "variant", platform: str = "acme") -> Path:
    path = folder / platform / f"{entity}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), "utf-8")
    return path


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    shipped, ours = tmp_path / "shipped", tmp_path / "config" / "mappings"
    _write(shipped, SHIPPED.replace(", values_typo: 1", ""))
    return shipped, ours


def _load(folders: tuple[Path, Path], text: str) -> MappingSpec:
    shipped, ours = folders
    _write(ours, text)
    (spec,) = load_mappings("acme", ours, shipped)
    return spec


def _problems(folders: tuple[Path, Path], text: str) -> list[str]:
    shipped, ours = folders
    path = _write(ours, text)
    with pytest.raises(ConfigError) as caught:
        load_mappings("acme", ours, shipped)
    return [str(problem).replace(str(path), "variant.yaml") for problem in caught.value.problems]


def test_a_single_key_of_a_field_is_changed_and_the_rest_stays(folders: tuple[Path, Path]) -> None:
    spec = _load(folders, "fields:\n  title:\n    write:\n      path: name\n")
    title = spec.body.fields["title"]
    assert title.path == "title"
    assert title.write.path == "name"  # type: ignore[union-attr]
    assert title.write.operation == "op"  # type: ignore[union-attr]
    assert set(spec.body.fields) == {"title", "price"}


def test_null_takes_a_field_or_a_key_away(folders: tuple[Path, Path]) -> None:
    spec = _load(folders, "fields:\n  price: null\n  title: {write: null}\n")
    assert set(spec.body.fields) == {"title"}
    assert not isinstance(spec.body.fields["title"].write, dict)
    assert spec.body.fields["title"].path == "title"


def test_a_field_the_shipped_file_does_not_have_is_added(folders: tuple[Path, Path]) -> None:
    spec = _load(folders, "fields: {tags: {path: labels}}\n")
    assert spec.body.fields["tags"].path == "labels"


def test_a_condition_is_replaced_as_a_whole_and_the_others_stay(folders: tuple[Path, Path]) -> None:
    spec = _load(folders, "when: {type: {equals: simple}}\n")
    assert spec.body.when["type"].equals == "simple"
    assert not isinstance(spec.body.when["type"].in_, list)
    assert spec.body.when["status"].equals == "live"


def test_every_part_points_at_the_file_that_says_it(folders: tuple[Path, Path]) -> None:
    spec = _load(folders, "fields:\n  title:\n    write: {path: name}\n")
    assert spec.place(("fields", "title", "write", "path")).file.endswith("config/mappings/acme/variant.yaml")
    assert spec.place(("fields", "title", "write", "path")).line == 3
    assert spec.place(("fields", "title", "write", "operation")).file.endswith("shipped/acme/variant.yaml")
    assert spec.place(("fields", "title", "path")).line == 10


def test_an_empty_override_changes_nothing(folders: tuple[Path, Path]) -> None:
    assert set(_load(folders, "# nothing here yet\n").body.fields) == {"title", "price"}


def test_an_operator_may_bring_a_whole_mapping(tmp_path: Path) -> None:
    _write(tmp_path, SHIPPED.replace(", values_typo: 1", "").replace("acme", "own"), platform="own")
    (spec,) = load_mappings("own", tmp_path, tmp_path / "none")
    assert (spec.platform, spec.entity) == ("own", "variant")


def test_a_platform_without_files_has_no_mappings(tmp_path: Path) -> None:
    assert load_mappings("acme", None, tmp_path) == []
    assert load_mappings("acme", tmp_path / "none", tmp_path) == []


def test_all_problems_come_at_once_each_with_its_place(folders: tuple[Path, Path]) -> None:
    text = """\
    entity: variant
    wehn: {}
    fields:
      title: {pth: name}
      price: {path: [a], clear: maybe}
      tags: {path: tags, scope: shop}
      weight: {path: w, write: {operation: op}}
    """
    assert _problems(folders, text) == [
        "variant.yaml:2:1: unknown key 'wehn' (did you mean 'when'?)",
        "variant.yaml:4:11: unknown key 'pth' (did you mean 'path'?)",
        "variant.yaml:5:11: fields.price.path must be a text, not a list",
        "variant.yaml:5:22: fields.price.clear must be true or false, not 'maybe'",
        "variant.yaml:6:22: fields.tags.scope cannot be 'shop' (known are: currency)",
        "variant.yaml:7:21: the key 'path' is missing",
    ]


def test_numbers_where_text_belongs_ask_for_quotes(folders: tuple[Path, Path]) -> None:
    assert _problems(folders, "resource: 12\n") == [
        "variant.yaml:1:1: resource must be a text, not 12 (write it in quotes)"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]\n", "the file must be a group of keys, not a list"),
        ("match: {sku: 1, ena: x}\n", "unknown key 'ena'"),
        ("fields: [title]\n", "fields must be a group of keys"),
        ("when: {type: {is: simple}}\n", "unknown key 'is'"),
        ("platform: acne\n", "platform is 'acne', but the file is for 'acme'"),
        ("entity: inventory\n", "entity is 'inventory', but the file is for 'variant'"),
        ("fields: ]\n", "not valid YAML"),
        ("fields: {title: null, title: null}\n", "is there twice"),
        ("fields: {tags: null}\n", "fields.tags must be a group of keys, not empty"),
    ],
)
def test_what_cannot_be_a_mapping_is_said_with_its_place(folders: tuple[Path, Path], text: str, message: str) -> None:
    found = _problems(folders, text)
    assert any(message in problem and problem.startswith("variant.yaml:1:") for problem in found), found


def test_numbers_have_bounds(tmp_path: Path) -> None:
    text = "platform: acme\nentity: inventory\nresource: r\nid: id\nkind: k\n"
    _write(tmp_path, text + "fields: {stock: {path: q, stock: {settle_seconds: -1, basis: shiped}}}\n", "inventory")
    _, problems = read_mappings("acme", None, tmp_path)
    assert [(problem.message, problem.hint) for problem in problems] == [
        ("fields.stock.stock.settle_seconds must be at least 0", ""),
        ("fields.stock.stock.basis cannot be 'shiped'", "did you mean 'shipped'?"),
    ]


def test_a_file_for_an_unknown_entity_is_named(folders: tuple[Path, Path]) -> None:
    shipped, ours = folders
    _write(ours, "fields: {}\n", "varaint")
    specs, problems = read_mappings("acme", ours, shipped)
    assert [spec.entity for spec in specs] == ["variant"]
    assert [(problem.message, problem.hint) for problem in problems] == [
        ("there is no entity 'varaint'", "did you mean 'variant'?")
    ]


def test_the_shipped_file_is_named_by_its_place_in_the_package() -> None:
    specs = load_mappings("memory", None)
    assert sorted(spec.file for spec in specs) == ["mappings/memory/inventory.yaml", "mappings/memory/variant.yaml"]
