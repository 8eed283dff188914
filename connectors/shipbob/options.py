"""The settings of one connection, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from ipaddress import ip_address
from typing import TypeAlias
from urllib.parse import urlsplit

from canonical.errors import ConfigError, Problem
from connectors.manifest import Manifest

SettingValue: TypeAlias = str | int | float | bool

_VERSION = re.compile(r"\d{4}-\d{2}")


@dataclass(frozen=True, slots=True)
class Options:
    """What a connection to an account needs to know; ``channel_id`` is empty where it is to be found out."""

    token: str = field(repr=False)
    version: str
    api_base: str
    channel_id: str
    orders_since: str
    creates_products: bool
    page_size: int
    calls_per_minute: int
    timeout_seconds: float

    @property
    def sandbox(self) -> bool:
        """Whether nothing real is shipped."""
        return "sandbox" in self.api_base


def read_options(settings: Mapping[str, SettingValue], manifest: Manifest) -> Options:
    """Check the settings of a connection; ConfigError names everything that is wrong with them."""
    problems = [Problem(f"shipbob has no setting {name!r}") for name in sorted(set(settings) - set(manifest.settings))]
    given = {name: settings.get(name, spec.default) for name, spec in manifest.settings.items()}
    text = {name: str(value if value is not None else "").strip() for name, value in given.items()}
    options = Options(
        token=_token(text["token"], problems),
        version=_version(text["version"] or manifest.default_version, problems),
        api_base=_base(text["api_base"], problems),
        channel_id=_channel(text["channel_id"], problems),
        orders_since=_since(text["orders_since"], problems),
        creates_products=_creates(text["unknown_products"], problems),
        page_size=_number("page_size", given["page_size"], problems, most=250),
        calls_per_minute=_number("calls_per_minute", given["calls_per_minute"], problems, most=1000),
        timeout_seconds=float(_number("timeout_seconds", given["timeout_seconds"], problems, most=600)),
    )
    if problems:
        raise ConfigError(problems)
    return options


def _token(text: str, problems: list[Problem]) -> str:
    if not text:
        problems.append(Problem("setting 'token' is missing"))
    elif not text.isascii() or not text.isprintable() or " " in text:
        problems.append(Problem("token is no access token", hint="make one in the dashboard under Integrations"))
    return text


def _version(text: str, problems: list[Problem]) -> str:
    if not _VERSION.fullmatch(text):
        problems.append(Problem(f"version {text!r} is no API version", hint="write it as 2026-01"))
    return text


def _base(text: str, problems: list[Problem]) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        problems.append(Problem(f"api_base {text!r} is not an address", hint="leave it out for ShipBob's own"))
    elif parts.scheme == "http" and not _is_this_machine(parts.hostname):
        problems.append(Problem(f"api_base {text!r} would send the token unencrypted", hint="use https"))
    return text.rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _channel(text: str, problems: list[Problem]) -> str:
    if text and not (text.isascii() and text.isdigit()):
        problems.append(Problem(f"channel_id {text!r} is not a number", hint="`crossdock doctor` lists the channels"))
    return text


def _since(text: str, problems: list[Problem]) -> str:
    if not text:
        return ""
    try:
        return f"{date.fromisoformat(text).isoformat()}T00:00:00Z"
    except ValueError:
        problems.append(Problem(f"orders_since {text!r} is not a day", hint="write it as 2026-01-31"))
        return ""


def _creates(text: str, problems: list[Problem]) -> bool:
    if text not in ("refuse", "create"):
        problems.append(Problem(f"unknown_products cannot be {text!r}", hint="it is refuse or create"))
    return text == "create"


def _number(name: str, value: SettingValue | None, problems: list[Problem], *, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1 <= value <= most:
        problems.append(Problem(f"{name} must be a number from 1 to {most}, not {value!r}"))
        return 1
    return int(value)
