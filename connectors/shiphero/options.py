"""The settings of one connection, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from ipaddress import ip_address
from typing import TypeAlias
from urllib.parse import urlsplit

from canonical.errors import ConfigError, Problem
from connectors.manifest import Manifest

SettingValue: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Options:
    """What a connection to an account needs to know; pages are in records, ``orders_since`` is an instant or empty."""

    url: str
    refresh_token: str = field(repr=False)
    username: str
    password: str = field(repr=False)
    customer_account_id: str
    orders_since: str
    page_size: int
    order_page_size: int
    line_page_size: int
    lookup_batch: int
    timeout_seconds: float


def read_options(settings: Mapping[str, SettingValue], manifest: Manifest) -> Options:
    """Check the settings of a connection; ConfigError names everything that is wrong with them."""
    problems = [Problem(f"shiphero has no setting {name!r}") for name in sorted(set(settings) - set(manifest.settings))]
    given = {name: settings.get(name, spec.default) for name, spec in manifest.settings.items()}
    text = {name: str(value or "").strip() for name, value in given.items()}
    if not text["refresh_token"] and not (text["username"] and text["password"]):
        problems.append(Problem("no credentials", hint="set refresh_token, or username and password"))
    numbers = {name: _number(name, given[name], problems) for name in _LEAST}
    options = Options(
        url=_base(text["url"], problems),
        refresh_token=text["refresh_token"],
        username=text["username"],
        password=text["password"],
        customer_account_id=text["customer_account_id"],
        orders_since=_since(text["orders_since"], problems),
        page_size=numbers["page_size"],
        order_page_size=numbers["order_page_size"],
        line_page_size=numbers["line_page_size"],
        lookup_batch=numbers["lookup_batch"],
        timeout_seconds=float(numbers["timeout_seconds"]),
    )
    if problems:
        raise ConfigError(problems)
    return options


# A page of one record could never begin with the last record of the page before.
_LEAST = {"page_size": 2, "order_page_size": 2, "line_page_size": 1, "lookup_batch": 1, "timeout_seconds": 1}
_MOST = 600


def _number(name: str, value: SettingValue | None, problems: list[Problem]) -> int:
    least = _LEAST[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= _MOST:
        problems.append(Problem(f"{name} must be a number from {least} to {_MOST}, not {value!r}"))
        return least
    return int(value)


def _since(text: str, problems: list[Problem]) -> str:
    """The beginning of a day as an instant; empty for no day."""
    if not text:
        return ""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC).isoformat()
    except ValueError:
        problems.append(Problem(f"orders_since {text!r} is not a day", hint="write it as 2026-01-31"))
        return ""


def _base(text: str, problems: list[Problem]) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        problems.append(Problem(f"url {text!r} is not an address", hint="leave it out for ShipHero's own"))
    elif parts.scheme == "http" and not _is_this_machine(parts.hostname):
        problems.append(Problem(f"url {text!r} would send the token unencrypted", hint="use https"))
    return text.rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
