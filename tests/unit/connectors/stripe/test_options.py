"""The settings: everything wrong is told at once, and no key goes out in the clear."""

from __future__ import annotations

from typing import Any

import pytest

from canonical.errors import ConfigError
from connectors.manifest import load_manifest
from connectors.stripe.options import Options, read_options

GOOD = {"api_key": "rk_live_0123456789"}
MANIFEST = load_manifest("connectors.stripe")


def read(**settings: Any) -> Options:
    return read_options({**GOOD, **settings}, MANIFEST)


def test_a_key_is_enough() -> None:
    options = read()
    assert (options.api_base, options.requests_per_second, options.timeout_seconds) == (
        "https://api.stripe.com",
        20,
        80,
    )
    assert (options.created_since, options.account, options.live) == (0, "", True)
    assert "0123456789" not in repr(options)


def test_a_day_becomes_the_second_it_begins() -> None:
    assert read(created_since="2026-01-01").created_since == 1767225600


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"api_key": ""}, "'api_key' is missing"),
        ({"api_key": "pk_live_1"}, "no secret or restricted key"),
        ({"api_key": "sk_live_ä"}, "no secret or restricted key"),
        ({"account": "17"}, "'17' is no account"),
        ({"api_base": "http://api.stripe.com"}, "would send the key unencrypted"),
        ({"api_base": "api.stripe.com"}, "is not an address"),
        ({"created_since": "January"}, "'January' is not a day"),
        ({"requests_per_second": 0}, "from 1 to 100"),
        ({"secret": "x"}, "no setting 'secret'"),
    ],
)
def test_a_wrong_setting_is_told(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(**settings)


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        read(api_key="", account="17", created_since="x")
    assert len(caught.value.problems) == 3


def test_this_machine_may_be_asked_without_encryption() -> None:
    assert read(api_base="http://127.0.0.1:8420/").api_base == "http://127.0.0.1:8420"
