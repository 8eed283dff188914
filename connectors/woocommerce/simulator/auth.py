"""Who is asking: Basic or query keys where PHP sees HTTPS, OAuth 1.0a everywhere."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, unquote

from connectors.simulation import SimRequest
from connectors.woocommerce.simulator.errors import WooError
from connectors.woocommerce.simulator.switches import Switches

READS = frozenset({"GET", "HEAD", "OPTIONS"})
_NEEDED = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
_HASHES = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}


@dataclass(slots=True)
class Key:
    """A key pair with its permission: read, write or read_write."""

    consumer_key: str
    consumer_secret: str
    permissions: str = "read_write"
    nonces: dict[str, int] = field(default_factory=dict)


class Gate:
    """Finds the key a request was made with; WooError when it is refused, None when nobody is named."""

    def __init__(self, switches: Switches) -> None:
        self.keys: dict[str, Key] = {}
        self._switches = switches

    def admit(self, request: SimRequest, now: datetime) -> Key | None:
        """The key of this request, its permission for the method checked."""
        key = self._by_secret(request) if self.is_secure(request) else None
        key = key or self._by_oauth(request, now)
        if key is not None:
            _check_permission(key, request.method)
        return key

    def is_secure(self, request: SimRequest) -> bool:
        """Whether PHP believes the request came by HTTPS."""
        forwarded = request.headers.get("x-forwarded-proto", "") == "https"
        return request.scheme == "https" or (forwarded and self._switches.trust_forwarded_proto)

    def _by_secret(self, request: SimRequest) -> Key | None:
        name, secret = request.param("consumer_key"), request.param("consumer_secret")
        if not (name and secret):
            header = "" if self._switches.strip_authorization else request.headers.get("authorization", "")
            name, secret = _basic(header)
        if not (name and secret):
            return None
        key = self._known(name)
        if not hmac.compare_digest(key.consumer_secret.encode(), secret.encode()):
            raise _refused("Consumer secret is invalid.")
        return key

    def _by_oauth(self, request: SimRequest, now: datetime) -> Key | None:
        given = {name: request.param(name) for name in _NEEDED}
        if not any(given.values()):
            return None
        missing = [name for name, value in given.items() if not value]
        if missing:
            text = f"Missing OAuth parameter {', '.join(missing)}"
            raise WooError("woocommerce_rest_authentication_missing_parameter", text, 401)
        key = self._known(given["oauth_consumer_key"])
        self._check_signature(request, key, given)
        self._check_timestamp(key, given, now)
        return key

    def _check_signature(self, request: SimRequest, key: Key, given: dict[str, str]) -> None:
        algorithm = _HASHES.get(given["oauth_signature_method"])
        if algorithm is None:
            raise _refused("Invalid signature - signature method is invalid.")
        scheme = "https" if self.is_secure(request) else "http"
        parameters = {name: value for name, value in request.query if name != "oauth_signature"}
        pairs = sorted((_encoded(name), _encoded(value)) for name, value in parameters.items())
        normal = "&".join(f"{name}={value}" for name, value in pairs)
        base = "&".join((request.method, quote(f"{scheme}://{request.host}{request.path}", ""), quote(normal, "")))
        digest = hmac.new(f"{key.consumer_secret}&".encode(), base.encode(), algorithm).digest()
        sent = given["oauth_signature"].replace(" ", "+")
        if not hmac.compare_digest(base64.b64encode(digest), sent.encode()):
            raise _refused("Invalid signature - provided signature does not match.")

    def _check_timestamp(self, key: Key, given: dict[str, str], now: datetime) -> None:
        window, seconds = self._switches.oauth_window_seconds, int(now.timestamp())
        try:
            sent = int(given["oauth_timestamp"])
        except ValueError as error:
            raise _refused("Invalid timestamp.") from error
        if abs(sent - seconds) > window:
            raise _refused("Invalid timestamp.")
        key.nonces = {nonce: at for nonce, at in key.nonces.items() if at >= seconds - window}
        if self._switches.nonce_once and given["oauth_nonce"] in key.nonces:
            raise _refused("Invalid nonce - nonce has already been used.")
        key.nonces[given["oauth_nonce"]] = sent

    def _known(self, name: str) -> Key:
        if name not in self.keys:
            raise _refused("Consumer key is invalid.")
        return self.keys[name]


def _check_permission(key: Key, method: str) -> None:
    if method == "OPTIONS":
        return
    needed = "read" if method in READS else "write"
    if key.permissions not in (needed, "read_write"):
        raise _refused(f"The API key provided does not have {needed} permissions.")


def _refused(message: str) -> WooError:
    return WooError("woocommerce_rest_authentication_error", message, 401)


def _basic(header: str) -> tuple[str, str]:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(token, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def _encoded(text: str) -> str:
    """Percent-encode as PHP's rawurlencode does, after undoing what the sender may have encoded already."""
    return quote(unquote(text), safe="~")
