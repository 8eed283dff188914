"""Every built-in connector passes the conformance suite against its own simulator."""

from __future__ import annotations

from functools import cache

import pytest

from canonical.errors import ConfigError
from connectors.conformance import CHECKS, Status, Subject, load_subject
from connectors.registry import BUILT_IN


@cache
def _subject(name: str) -> Subject | str:
    try:
        return load_subject(name)
    except ConfigError as missing:
        return str(missing)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", BUILT_IN)
def test_a_connector_keeps_the_contract(name: str, check: str) -> None:
    found = _subject(name)
    if isinstance(found, str):
        pytest.skip(found)
    result = CHECKS[check](found)
    if result.status is Status.SKIP:
        pytest.skip(result.reason)
    assert result.status is Status.PASS, result.reason
