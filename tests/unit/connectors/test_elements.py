"""The elements of a list as they came, and no list where there is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http.elements import elements

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(told=st.lists(values), indent=st.sampled_from([None, 1]))
def test_every_element_is_cut_out_as_it_is(told: list[Any], indent: int | None) -> None:
    found = elements(json.dumps(told, indent=indent).encode())
    assert found is not None
    assert [json.loads(one) for one in found] == told


@pytest.mark.parametrize("content", [b"", b"{}", b'{"a": [1]}', b"[1", b'[{"a": 1}', b'["a]', b"[1] x", b"7"])
def test_what_is_no_complete_list_is_none(content: bytes) -> None:
    assert elements(content) is None


def test_depth_is_no_matter() -> None:
    deep = b"[" * 50_000 + b"]" * 50_000
    assert elements(b'[{"id": 1}, ' + deep + b"]") == [b'{"id": 1}', deep]
