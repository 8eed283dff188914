"""The few helpers taken from ShopifyAPI, wrapped here because the package has no types.

It reads shop domains and version names. It sends nothing: its sessions are shared by the whole process, and it
knows neither timeouts nor the cost of a query.
"""

from __future__ import annotations

from canonical.errors import ConfigError


def shop_domain(text: str) -> str:
    """The ``*.myshopify.com`` domain of a shop's name, domain or address; ConfigError when it is none."""
    from shopify.utils.shop_url import sanitize_shop_domain

    domain: str | None = sanitize_shop_domain(text.strip().rstrip("/"))
    if not domain:
        raise ConfigError(f"shop: {text!r} is not a domain under myshopify.com; write it as example.myshopify.com")
    return domain


def api_path(version: str) -> str:
    """Path of the GraphQL endpoint of a version such as 2026-10; ConfigError when it is not a version."""
    from shopify.api_version import ApiVersion, InvalidVersionError, VersionNotFoundError

    try:
        release = ApiVersion.coerce_to_version(version)
    except (InvalidVersionError, VersionNotFoundError) as error:
        raise ConfigError(f"api_version: {version!r} is not a version; write it as 2026-10") from error
    return f"{release.api_path('')}/graphql.json"
