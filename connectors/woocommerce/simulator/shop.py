"""The shop's own facts: the index, settings, currency and system status."""

from __future__ import annotations

from typing import Any

from connectors.woocommerce.simulator.switches import Switches

_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}


class Shop:
    """Answers questions about the shop itself."""

    def __init__(self, site: str, currency: str, switches: Switches) -> None:
        self._site = site
        self._currency = currency
        self._switches = switches

    def index(self) -> dict[str, Any]:
        """What the site says of its API to anyone."""
        hours = self._switches.site_utc_offset_hours
        namespaces = ["oembed/1.0", "wc/v2", "wc/v3", "wp/v2"]
        return {"name": "Simulated shop", "url": self._site, "gmt_offset": hours, "namespaces": namespaces}

    def settings(self) -> list[dict[str, Any]]:
        """The general settings."""
        values = {
            "woocommerce_default_country": "DE:DE-BE",
            "woocommerce_currency": self._currency,
            "woocommerce_currency_pos": "right_space",
            "woocommerce_price_num_decimals": "2",
        }
        return [
            {"id": name, "label": name, "description": "", "type": "text", "default": "", "value": value}
            for name, value in values.items()
        ]

    def currency(self) -> dict[str, Any]:
        """The currency of all prices."""
        return {"code": self._currency, "name": self._currency, "symbol": _SYMBOLS.get(self._currency, self._currency)}

    def system_status(self) -> dict[str, Any]:
        """Versions and the environment."""
        environment = {
            "home_url": self._site,
            "site_url": self._site,
            "version": self._switches.wc_version,
            "wp_version": self._switches.wp_version,
        }
        return {"environment": environment, "settings": {"currency": self._currency, "api_enabled": False}}
