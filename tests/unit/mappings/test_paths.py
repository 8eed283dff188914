"""Paths into records."""

from __future__ import annotations

import pytest

from mappings.paths import PathError, Step, check_list_path, check_value_path, join_each, parse_path, split_many


def test_a_path_is_read_into_steps() -> None:
    assert parse_path("a.b[name=on.hand].c-d") == (
        Step("a"),
        Step("b", is_list=True, key="name", value="on.hand"),
        Step("c-d"),
    )


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a[0].b", "a[k=].b", "a[=v].b", "a b", "a[k=v", "1a"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(PathError):
        parse_path(text)


def test_a_value_path_leads_to_one_value() -> None:
    assert check_value_path("a.b[k=v].c") == ""
    assert "each" in check_value_path("a[].b")
    assert "add the value" in check_value_path("a[k=v]")
    assert check_value_path("tags[].name", many=True) == ""
    assert check_value_path("a[].b[].c", many=True)


def test_a_list_path_leads_to_one_list() -> None:
    assert check_list_path("a.levels") == ""
    assert check_list_path("levels[]") == ""
    assert check_list_path("a[k=v].levels")
    assert check_list_path("a..b")


def test_paths_inside_lists_are_joined_and_split() -> None:
    assert join_each("levels", "location.id") == "levels[].location.id"
    assert join_each("levels[]", "id") == "levels[].id"
    assert join_each("", "id") == "id"
    assert split_many("levels[].location.id") == ("levels", "location.id")
    assert split_many("a[k=v].b") == ("", "a[k=v].b")
