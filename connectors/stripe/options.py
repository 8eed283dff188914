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

_KEY_PREFIXES = ("sk_", "rk_")


@dataclass(frozen=True, slots=True)
class Options:
    """What a connection to an account needs to know; ``created_since`` in Unix seconds, 0 for everything."""

    api_key: str = field(repr=False)
    account: str
    api_base: str
    created_since: int
    requests_per_second: int
    timeout_seconds: float

    @property
    def live(self) -> bool:
        """Whether the key moves real money."""
        return "_live_" in self.api_key


def read_options(settings: Mapping[str, SettingValue], manifest: Manifest) -> Options:
    """Check the settings of a connection; ConfigError names everything that is wrong with them."""
    problems = [Problem(f"stripe has no setting {name!r}") for name in sorted(set(settings) - set(manifest.settings))]
    given = {name: settings.get(name, spec.default) for name, spec in manifest.settings.items()}
    text = {name: str(value or "").strip() for name, value in given.items()}
    options = Options(
        api_key=_key(text["api_key"], problems),
        account=_account(text["account"], problems),
        api_base=_base(text["api_base"], problems),
        created_since=_since(text["created_since"], problems),
        requests_per_second=_number("requests_per_second", given["requests_per_second"], problems, most=100),
        timeout_seconds=float(_number("timeout_seconds", given["timeout_seconds"], problems, most=600)),
    )
    if problems:
        raise ConfigError(problems)
    return options


def _key(text: str, problems: list[Problem]) -> str:
    if not text:
        problems.append(Problem("setting 'api_key' is missing"))
    elif not text.startswith(_KEY_PREFIXES) or not text.isascii() or not text.isprintable():
        problems.append(
            Problem("api_key is no secret or restricted key", hint="it starts with sk_ or rk_; pk_ is for web pages")
        )
    return text


def _account(text: str, problems: list[Problem]) -> str:
    if text and not text.startswith("acct_"):
        problems.append(Problem(f"account {text!r} is no account", hint="it starts with acct_"))
    return text


def _base(text: str, problems: list[Problem]) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        problems.append(Problem(f"api_base {text!r} is not an address", hint="leave it out for Stripe's own"))
    elif parts.scheme == "http" and not _is_this_machine(parts.hostname):
        problems.append(Problem(f"api_base {text!r} would send the key unencrypted", hint="use https"))
    return text.rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _since(text: str, problems: list[Problem]) -> int:
    if not text:
        return 0
    try:
        return int(datetime.combine(date.fromisoformat(text), time(), UTC).timestamp())
    except ValueError:
        problems.append(Problem(f"created_since {text!r} is not a day", hint="write it as 2026-01-31"))
        return 0


def _number(name: str, value: SettingValue | None, problems: list[Problem], *, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1 <= value <= most:
        problems.append(Problem(f"{name} must be a number from 1 to {most}, not {value!r}"))
        return 1
    return int(value)
