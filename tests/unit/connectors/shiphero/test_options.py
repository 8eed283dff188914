"""Settings: everything that is wrong with them at once, no secret in a message."""

from __future__ import annotations

from typing import Any

import pytest

from canonical.errors import ConfigError
from connectors.manifest import load_manifest
from connectors.shiphero.options import Options, read_options

MANIFEST = load_manifest("connectors.shiphero")
GOOD: dict[str, Any] = {"refresh_token": "refresh-token-1"}


def options(**settings: Any) -> Options:
    return read_options({**GOOD, **settings}, MANIFEST)


def test_a_refresh_token_or_user_and_password_are_enough() -> None:
    assert options().url == "https://public-api.shiphero.com"
    assert options(refresh_token="", username="u", password="p").username == "u"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"refresh_token": ""}, "no credentials"),
        ({"refresh_token": "", "username": "u"}, "no credentials"),
        ({"refresh_token": "", "password": "p"}, "no credentials"),
        ({"url": "http://public-api.shiphero.com"}, "unencrypted"),
        ({"url": "shiphero"}, "not an address"),
        ({"page_size": 1}, "page_size must be a number from 2"),
        ({"order_page_size": 0}, "order_page_size"),
        ({"line_page_size": True}, "line_page_size"),
        ({"lookup_batch": "10"}, "lookup_batch"),
        ({"timeout_seconds": 1e9}, "timeout_seconds"),
        ({"orders_since": "last year"}, "not a day"),
        ({"colour": "red"}, "no setting 'colour'"),
    ],
)
def test_what_is_wrong_is_said(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        options(**settings)


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        options(page_size=0, url="x", colour=1)
    assert len(caught.value.problems) == 3


def test_a_server_on_this_machine_may_be_plain() -> None:
    assert options(url="http://127.0.0.1:8080/").url == "http://127.0.0.1:8080"


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(options(refresh_token="secret-1", password="secret-2"))
