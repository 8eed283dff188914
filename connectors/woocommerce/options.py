"""The settings of one connection, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from canonical.errors import ConfigError, Problem
from connectors.manifest import Manifest

SettingValue: TypeAlias = str | int | float | bool
AuthKind: TypeAlias = Literal["basic", "query", "oauth1"]

_API_PATHS = ("/wp-json/wc/v3", "/wp-json")
_PROXY_HEADER = "x-forwarded-proto"
_OVERRIDE_HEADER = "x-http-method-override"


@dataclass(frozen=True, slots=True)
class Options:
    """What a connection to a shop needs to know; ``url`` is the site's address without a slash at the end."""

    url: str
    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    auth: AuthKind
    headers: Mapping[str, str] = field(repr=False)
    currency: str
    verify_tls: bool
    per_page: int
    batch_size: int
    timeout_seconds: float

    @property
    def secure(self) -> bool:
        """Whether the site is reached by https."""
        return self.url.startswith("https:")


def read_options(settings: Mapping[str, SettingValue], manifest: Manifest) -> Options:
    """Check the settings of a connection; ConfigError names everything that is wrong with them."""
    unknown = sorted(set(settings) - set(manifest.settings))
    problems = [Problem(f"woocommerce has no setting {name!r}") for name in unknown]
    given = {name: settings.get(name, spec.default) for name, spec in manifest.settings.items()}
    text = {name: str(value or "").strip() for name, value in given.items()}
    problems += [Problem(f"setting {name!r} is missing") for name in _required(manifest) if not text[name]]
    url = _site(text["url"], problems)
    headers = _headers(text["headers"], problems)
    options = Options(
        url=url,
        consumer_key=text["consumer_key"],
        consumer_secret=text["consumer_secret"],
        auth=_auth(url, text["auth"], headers, problems, in_query=bool(given["query_string_auth"])),
        headers=headers,
        currency=text["currency"].upper(),
        verify_tls=bool(given["verify_tls"]),
        per_page=_number("per_page", given["per_page"], problems, most=100),
        batch_size=_number("batch_size", given["batch_size"], problems, most=10_000),
        timeout_seconds=float(_number("timeout_seconds", given["timeout_seconds"], problems, most=600)),
    )
    if problems:
        raise ConfigError(problems)
    return options


def _required(manifest: Manifest) -> list[str]:
    return [name for name, spec in manifest.settings.items() if spec.required]


def _site(text: str, problems: list[Problem]) -> str:
    url = text.rstrip("/")
    for path in _API_PATHS:
        url = url.removesuffix(path)
    parts = urlsplit(url)
    if text and (parts.scheme not in ("http", "https") or not parts.hostname):
        problems.append(Problem(f"url {text!r} is not the address of a site", hint="write https:// and the host"))
    if parts.query or parts.fragment or parts.username:
        problems.append(Problem("url has more than an address in it", hint="write only scheme, host and folder"))
    return url


def _headers(text: str, problems: list[Problem]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or " " in name.strip():
            problems.append(Problem("headers: a line is not 'Name: value'", hint="write one header a line"))
        elif name.strip().lower() == _OVERRIDE_HEADER:
            problems.append(Problem(f"headers: {name.strip()} is not allowed", hint="it turns reads into writes"))
        else:
            headers[name.strip()] = value.strip()
    return headers


def _auth(url: str, kind: str, headers: Mapping[str, str], problems: list[Problem], *, in_query: bool) -> AuthKind:
    """Keys in clear text only where the shop will believe it is https; elsewhere it would not take them anyway."""
    forwarded = any(name.lower() == _PROXY_HEADER and value == "https" for name, value in headers.items())
    secure = url.startswith("https:") or forwarded
    if in_query and kind == "oauth1":
        problems.append(Problem("query_string_auth and auth: oauth1 exclude each other", hint="remove one of them"))
    if not secure and (in_query or kind == "basic"):
        setting = "query_string_auth" if in_query else "auth: basic"
        hint = "use https, auth: oauth1, or the header 'X-Forwarded-Proto: https' behind a proxy that ends TLS"
        problems.append(Problem(f"{setting} needs https", hint=hint))
    if in_query:
        return "query"
    if kind == "oauth1" or not secure:
        return "oauth1"
    return "basic"


def _number(name: str, value: SettingValue | None, problems: list[Problem], *, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1 <= value <= most:
        problems.append(Problem(f"{name} must be a number from 1 to {most}, not {value!r}"))
        return 1
    return int(value)
