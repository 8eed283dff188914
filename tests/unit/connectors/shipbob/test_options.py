"""The settings of a connection."""

from __future__ import annotations

from typing import Any

import pytest

from canonical.errors import ConfigError
from connectors.manifest import load_manifest
from connectors.registry import settings_problems
from connectors.shipbob.options import Options, read_options

MANIFEST = load_manifest("connectors.shipbob")


def options(**settings: Any) -> Options:
    return read_options({"token": "pat-1", **settings}, MANIFEST)


def test_a_token_is_all_that_is_needed() -> None:
    found = options()
    assert (found.version, found.api_base, found.channel_id) == ("2026-01", "https://api.shipbob.com", "")
    assert (found.page_size, found.calls_per_minute, found.creates_products) == (250, 150, False)
    assert settings_problems("shipbob", {"token": "pat-1"}) == []


def test_the_token_is_not_shown() -> None:
    assert "pat-1" not in repr(options())


def test_everything_can_be_set() -> None:
    found = options(
        version="2026-07",
        api_base="https://sandbox-api.shipbob.com/",
        channel_id="12",
        unknown_products="create",
        orders_since="2026-01-31",
    )
    assert (found.version, found.channel_id, found.creates_products, found.sandbox) == ("2026-07", "12", True, True)
    assert (found.api_base, found.orders_since) == ("https://sandbox-api.shipbob.com", "2026-01-31T00:00:00Z")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("token", ""),
        ("token", "two words"),
        ("token", "tökén"),
        ("version", "2.0"),
        ("version", "2026-01/../.."),
        ("api_base", "shipbob.com"),
        ("api_base", "http://api.shipbob.com"),
        ("channel_id", "mine"),
        ("unknown_products", "perhaps"),
        ("orders_since", "31.01.2026"),
        ("page_size", 251),
        ("page_size", True),
        ("calls_per_minute", 0),
        ("timeout_seconds", 601),
        ("color", "red"),
    ],
)
def test_what_is_wrong_is_named(setting: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=setting):
        options(**{setting: value})


@pytest.mark.parametrize("base", ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:2"])
def test_a_server_on_this_machine_needs_no_encryption(base: str) -> None:
    assert options(api_base=base).api_base == base
