"""Halves of characters and NUL are replaced; whole ones, and what only looks like one, stay as they came."""

from __future__ import annotations

import json

import pytest

from connectors.http.surrogates import without_halves


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (rb'["\ud83d"]', rb'["\ufffd"]'),
        (rb'["\uDE00 x"]', rb'["\ufffd x"]'),
        (rb'["\ud83d\u0041"]', rb'["\ufffd\u0041"]'),
        (rb'["\ud83d\ud83d\ude00"]', rb'["\ufffd\ud83d\ude00"]'),
        (rb'["\ud83d\ude00"]', rb'["\ud83d\ude00"]'),
        (rb'["C:\\ud83d"]', rb'["C:\\ud83d"]'),
        (rb'["\u00e9"]', rb'["\u00e9"]'),
        (rb'["a\u0000b"]', rb'["a\ufffdb"]'),
        (rb'["a\\u0000\u00001"]', rb'["a\\u0000\ufffd1"]'),
    ],
)
def test_only_halves_and_nul_are_replaced(content: bytes, expected: bytes) -> None:
    assert without_halves(content) == expected
    json.loads(expected)[0].encode()
