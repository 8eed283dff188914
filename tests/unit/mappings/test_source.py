"""YAML with positions."""

from __future__ import annotations

from pathlib import Path

import pytest

from canonical.errors import ConfigError
from mappings.source import load_yaml, parse_yaml


def _problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "a.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "word", ["NO", "no", "yes", "on", "off", "y", "2026-11-22", "12:30:45", "007", "0.10.2", "1_000"]
)
def test_words_that_look_like_something_else_stay_text(word: str) -> None:
    assert parse_yaml(f"key: {word}").data == {"key": word}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("true", True),
        ("False", False),
        ("12", 12),
        ("-3", -3),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("~", None),
        ("", None),
    ],
)
def test_core_scalars_get_their_type(word: str, value: object) -> None:
    data = parse_yaml(f"key: {word}").data
    assert data == {"key": value}
    assert isinstance(data, dict)
    assert type(data["key"]) is type(value)


def test_quoted_scalars_and_keys_are_text() -> None:
    assert parse_yaml("'12': \"true\"\ntrue: '1'\n").data == {"12": "true", "true": "1"}


def test_every_part_knows_its_line_and_column() -> None:
    document = parse_yaml("fields:\n  price:\n    path: amount\n  tags: [a, b]\n", "a.yaml")
    assert document.position(("fields", "price", "path")) == (3, 5)
    assert document.value_position(("fields", "price", "path")) == (3, 11)
    assert document.position(("fields", "tags", 1)) == (4, 13)


def test_a_part_that_is_not_there_points_at_its_nearest_ancestor() -> None:
    document = parse_yaml("fields:\n  price: {path: a}\n", "a.yaml")
    assert document.position(("fields", "price", "write", "path")) == (2, 3)
    assert str(document.problem(("fields", "price"), "wrong", "do this")) == "a.yaml:2:3: wrong (do this)"


def test_broken_syntax_names_file_line_and_column() -> None:
    (problem,) = _problems("a: 1\nb: [1, 2\nc: 3\n")
    assert problem.startswith("a.yaml:3:2: not valid YAML")


def test_all_double_keys_are_reported_with_the_line_of_the_first() -> None:
    assert _problems("a: 1\nb: 2\na: 3\nc: {d: 1, d: 2}\n") == [
        "a.yaml:3:1: the key 'a' is there twice (the first is in line 1)",
        "a.yaml:4:11: the key 'd' is there twice (the first is in line 4)",
    ]


def test_aliases_repeat_what_they_name() -> None:
    assert parse_yaml("a: &x {b: 1}\nc: *x\n").data == {"a": {"b": 1}, "c": {"b": 1}}


def test_aliases_that_multiply_without_end_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "too large" in _problems("\n".join(lines))[0]


def test_an_alias_inside_itself_is_refused() -> None:
    assert _problems("a: &x [1, *x]\n")


@pytest.mark.parametrize("text", ["a: !!python/object:os.system x", "a: !env HOME"])
def test_tags_are_refused(text: str) -> None:
    assert "is not allowed here" in _problems(text)[0]


def test_two_documents_in_one_file_are_refused() -> None:
    assert _problems("a: 1\n---\nb: 2\n")


def test_an_empty_file_has_no_data() -> None:
    assert parse_yaml("# nothing\n").data is None


def test_a_file_is_read_by_its_path_and_named_as_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("﻿a: ü\n", "utf-8")
    document = load_yaml(path, "config/a.yaml")
    assert (document.data, document.file) == ({"a": "ü"}, "config/a.yaml")


def test_a_file_that_is_missing_or_not_text_is_a_configuration_error(tmp_path: Path) -> None:
    binary = tmp_path / "b.yaml"
    binary.write_bytes(b"a: \xff\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_yaml(binary)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_yaml(tmp_path / "none.yaml")


def test_control_characters_are_a_configuration_error() -> None:
    assert _problems("a: \x00\n")
