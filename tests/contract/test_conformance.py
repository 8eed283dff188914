"""Every built-in connector passes the conformance suite against its own simulator."""

from __future__ import annotations

from functools import cache

import pytest

from canonical.errors import ConfigError
from connectors.conformance import CHECKS, Status, Subject, load_subject
from connectors.registry import BUILT_IN

WITHOUT_A_WIRE = {"memory"}
"""Connectors of platforms within the process: there are no requests that could be counted, cut or throttled."""

EXAMINED = [name for name in BUILT_IN if name not in WITHOUT_A_WIRE]

_subject = cache(load_subject)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", EXAMINED)
def test_a_connector_keeps_the_contract(name: str, check: str) -> None:
    found: Subject = _subject(name)
    result = CHECKS[check](found)
    if result.status is Status.SKIP:
        pytest.skip(result.reason)
    assert result.status is Status.PASS, result.reason


@pytest.mark.parametrize("name", sorted(WITHOUT_A_WIRE))
def test_a_connector_that_is_left_out_has_no_simulator_of_a_wire(name: str) -> None:
    with pytest.raises(ConfigError, match="has no conformance subject"):
        load_subject(name)
