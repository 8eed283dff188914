"""The settings of one connection, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from canonical.errors import ConfigError, Problem
from connectors.manifest import Manifest
from connectors.shopify.sdk import shop_domain

SettingValue = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Options:
    """What a connection to a shop needs to know."""

    base_url: str
    api_version: str
    access_token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    currency: str = ""
    bulk_from: int = 2000
    max_query_cost: int = 1000
    notes_refunds: bool = False


def read_options(settings: Mapping[str, SettingValue], manifest: Manifest) -> Options:
    """Check the settings of a connection; ConfigError names everything that is wrong with them."""
    problems: list[Problem] = []
    text = {name: str(settings.get(name) or "").strip() for name in manifest.settings}
    for name in sorted(set(settings) - set(manifest.settings)):
        problems.append(Problem(f"shopify has no setting {name!r}"))
    version = text["api_version"] or manifest.default_version
    if version not in manifest.versions:
        problems.append(
            Problem(f"api_version {version!r} is not supported", hint=f"use {', '.join(manifest.versions)}")
        )
    if not text["access_token"] and not (text["client_id"] and text["client_secret"]):
        problems.append(Problem("no credentials", hint="set access_token, or client_id and client_secret"))
    options = Options(
        base_url=_base_url(text["url"], text["shop"], problems),
        api_version=version,
        access_token=text["access_token"],
        client_id=text["client_id"],
        client_secret=text["client_secret"],
        currency=text["currency"].upper(),
        bulk_from=_number(settings, manifest, "bulk_from", 0, problems),
        max_query_cost=_number(settings, manifest, "max_query_cost", 1, problems),
        notes_refunds=_refunds(text["refunds"], manifest, problems),
    )
    if problems:
        raise ConfigError(problems)
    return options


def _refunds(chosen: str, manifest: Manifest, problems: list[Problem]) -> bool:
    choices = manifest.settings["refunds"].choices
    if chosen and chosen not in choices:
        problems.append(Problem(f"refunds: {chosen!r} is not one of {', '.join(choices)}"))
    return chosen == "note"


def _base_url(url: str, shop: str, problems: list[Problem]) -> str:
    if not url and not shop:
        problems.append(Problem("shop is missing", hint="write it as example.myshopify.com"))
        return ""
    if not url:
        try:
            return f"https://{shop_domain(shop)}"
        except ConfigError as error:
            problems.extend(error.problems)
            return ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        problems.append(Problem(f"url {url!r} is not an address", hint="write it as https://example.myshopify.com"))
    elif parts.scheme == "http" and not _is_this_machine(parts.hostname):
        problems.append(Problem(f"url {url!r} would send the token unencrypted", hint="use https"))
    return url.rstrip("/")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _number(
    settings: Mapping[str, SettingValue], manifest: Manifest, name: str, least: int, problems: list[Problem]
) -> int:
    value = settings.get(name)
    chosen = manifest.settings[name].default if value is None else value
    try:
        number = int(chosen or 0)
    except ValueError:
        number = least - 1
    if number < least:
        problems.append(Problem(f"{name}: {chosen!r} is not a whole number from {least} on"))
    return number
