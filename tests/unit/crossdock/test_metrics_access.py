"""Who may read the figures: this machine, or whoever has the token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from starlette.requests import Request

from crossdock.metrics.access import Access


def _status(access: Access, host: str = "127.0.0.1", headers: Mapping[str, str] | None = None) -> int:
    scope: dict[str, Any] = {
        "type": "http",
        "client": (host, 1234),
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
    }
    refused = access.refusal(Request(scope))
    return 200 if refused is None else refused.status_code


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 200), ("::1", 200), ("::ffff:127.0.0.1", 200)])
def test_this_machine_needs_no_token_where_none_is_set(host: str, status: int) -> None:
    assert _status(Access(), host) == status


@pytest.mark.parametrize("host", ["10.0.0.7", "203.0.113.5", "fe80::1", "", "not an address"])
def test_nobody_else_is_let_in_without_a_token(host: str) -> None:
    assert _status(Access(), host) == 403


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip", "via"])
def test_what_a_proxy_passes_on_is_not_from_this_machine(header: str) -> None:
    assert _status(Access(), headers={header: "127.0.0.1"}) == 403


def test_behind_a_proxy_even_this_machine_needs_a_token() -> None:
    assert _status(Access(behind_proxy=True)) == 403


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("Bearer right", 200),
        ("bearer right", 200),
        ("Bearer wrong", 401),
        ("Bearer righ", 401),
        ("Bearer rightt", 401),
        ("Basic right", 401),
        ("right", 401),
        ("Bearer rïght", 401),
        ("", 401),
    ],
)
def test_with_a_token_only_the_token_counts(given: str, status: int) -> None:
    access = Access("right", behind_proxy=True)
    assert _status(access, "203.0.113.5", {"authorization": given} if given else {}) == status
    assert _status(Access("right")) == 401
