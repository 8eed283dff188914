"""What `doctor` asks of a shop: address, keys, rights, version, clock, currency, a safe connection."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from canonical.errors import AuthenticationError, CrossdockError
from connectors.base import Environment, Finding
from connectors.http import Answer
from connectors.woocommerce.batching import PRODUCTS
from connectors.woocommerce.client import Client
from connectors.woocommerce.options import Options

_NAMESPACE = "wc/v3"
_EMPTY_BATCH = b"{}"
_SKEW_WARNING, _SKEW_LIMIT = 60.0, 900.0
_LIST_OF_ALL = (10, 3)


class _Index(msgspec.Struct):
    namespaces: list[str] = []


class _Environment(msgspec.Struct):
    version: str = ""


class _Status(msgspec.Struct):
    environment: _Environment


class _Setting(msgspec.Struct):
    value: str = ""


class Doctor:
    """Looks at one connection and reports; an error is a finding."""

    def __init__(self, client: Client, options: Options, environment: Environment) -> None:
        self._client = client
        self._options = options
        self._environment = environment

    def findings(self) -> list[Finding]:
        """Everything worth knowing; what follows from an earlier failure is not asked."""
        found = [self._try("address", self._address)]
        if found[0].ok:
            found.append(self._try("credentials", self._credentials))
        if found[-1].ok:
            looks = {"rights": self._rights, "version": self._version, "clock": self._clock, "currency": self._currency}
            found += [self._try(name, look) for name, look in looks.items()]
        return [*found, self._connection()]

    def currency(self) -> str:
        """The currency of the shop's prices, from its settings."""
        answer = self._client.get("settings/general/woocommerce_currency", {}, "settings")
        return answer.decode(_Setting).value.upper()

    @staticmethod
    def _try(check: str, look: Callable[[], Finding]) -> Finding:
        try:
            return look()
        except CrossdockError as error:
            return Finding(check, ok=False, message=str(error.args[0]), advice=error.hint)

    def _address(self) -> Finding:
        namespaces = self._client.index().decode(_Index).namespaces
        if _NAMESPACE in namespaces:
            return Finding("address", ok=True, message=f"{self._options.url} answers {_NAMESPACE}")
        advice = "activate WooCommerce, and allow its REST API in security plugins"
        return Finding("address", ok=False, message=f"the site has no {_NAMESPACE}", advice=advice)

    def _credentials(self) -> Finding:
        listing = self._client.list("products", {"per_page": 1, "_fields": "id"}, "products")
        if listing.total is None:
            text = "the keys can read, but the shop's answers carry no X-WP-Total"
            advice = "let the proxy pass X-WP-Total and X-WP-TotalPages; without them no long read counts as whole"
            return Finding("credentials", ok=True, message=text, advice=advice, warning=True)
        return Finding("credentials", ok=True, message=f"the keys can read; {listing.total} products")

    def _rights(self) -> Finding:
        """Only a request that writes shows whether the key may; an empty batch changes nothing."""
        if self._environment.read_only:
            text = "whether the key may write was not tried, since nothing is written here"
            advice = "see in WooCommerce > Settings > Advanced > REST API that the key has the permission Read/Write"
            return Finding("rights", ok=True, message=text, advice=advice, warning=True)
        try:
            self._client.batch(PRODUCTS, _EMPTY_BATCH, "rights")
        except AuthenticationError as error:
            return Finding("rights", ok=False, message=str(error.args[0]), advice=error.hint)
        return Finding("rights", ok=True, message="the key may read and write")

    def _version(self) -> Finding:
        answer = self._client.get("system_status", {"_fields": "environment"}, "system_status")
        version = answer.decode(_Status).environment.version
        if _number(version) < _LIST_OF_ALL:
            text = f"WooCommerce {version} lists variations only product by product"
            return Finding("version", ok=True, message=text, advice="update to 10.3 or later", warning=True)
        return Finding("version", ok=True, message=f"WooCommerce {version}")

    def _clock(self) -> Finding:
        answer: Answer = self._client.index()
        there, here = answer.server_date, self._environment.clock.now()
        if there is None:
            text = "the shop's answers carry no Date; changes are followed by the newest stamp seen"
            return Finding("clock", ok=True, message=text, warning=True)
        skew = _skew(here, there)
        text = f"this machine and the shop are {skew:.0f} s apart"
        if skew <= _SKEW_WARNING:
            return Finding("clock", ok=True, message=text)
        fatal = skew > _SKEW_LIMIT and self._options.auth == "oauth1"
        return Finding("clock", ok=not fatal, message=text, advice="set both clocks by NTP", warning=True)

    def _currency(self) -> Finding:
        there, here = self.currency(), self._options.currency
        if not here or here == there:
            return Finding("currency", ok=True, message=f"prices are in {there}")
        text = f"the shop's prices are in {there}, the configuration says {here}"
        return Finding("currency", ok=False, message=text, advice="set currency to what the shop uses")

    def _connection(self) -> Finding:
        if not self._options.secure:
            advice = "use https; over plain http everything but the secret can be read and changed on the way"
            return Finding("https", ok=True, message="the shop is reached by plain http", advice=advice, warning=True)
        if not self._options.verify_tls:
            advice = "give the site a valid certificate and remove verify_tls: false"
            return Finding("https", ok=True, message="the certificate is not checked", advice=advice, warning=True)
        return Finding("https", ok=True, message="the shop is reached by https")


def _number(version: str) -> tuple[int, int]:
    parts = [int(part) if part.isdigit() else 0 for part in version.split(".")[:2]]
    return (parts[0], parts[1] if len(parts) > 1 else 0)


def _skew(here: datetime, there: datetime) -> float:
    return abs((here - there).total_seconds())
