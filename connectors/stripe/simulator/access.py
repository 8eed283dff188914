"""Who may ask for what: secret keys everything, restricted keys what they were given."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Literal, TypeAlias

from connectors.simulation import SimRequest
from connectors.stripe.simulator.errors import StripeError
from connectors.stripe.simulator.events import API_VERSION

Right: TypeAlias = Literal["read", "write"]

_VERSIONS = frozenset({API_VERSION, "2026-07-29.dahlia", "2026-06-24.dahlia"})


class Access:
    """The keys of the account; a restricted key maps collections to what it may do with them."""

    def __init__(self, account_id: str, secret_key: str) -> None:
        self.account_id = account_id
        self.secret_key = secret_key
        self.restricted: dict[str, Mapping[str, Right]] = {}

    def admit(self, request: SimRequest, collection: str, *, write: bool) -> str:
        """The API version the request is answered in; refused for a wrong key, a missing right or another account."""
        key = _key_of(request)
        if not key:
            text = "You did not provide an API key. You need to provide your API key in the Authorization header."
            raise StripeError(401, text)
        if key != self.secret_key and key not in self.restricted:
            raise StripeError(401, f"Invalid API Key provided: {_masked(key)}")
        self._allow(key, collection, write=write)
        account = request.headers.get("stripe-account", self.account_id)
        if account != self.account_id:
            text = f"The provided key '{_masked(key)}' does not have access to account '{account}'"
            raise StripeError(403, text, code="account_invalid")
        version = request.headers.get("stripe-version", API_VERSION)
        if version not in _VERSIONS:
            raise StripeError(400, f"Invalid Stripe API version: {version}")
        return version

    def _allow(self, key: str, collection: str, *, write: bool) -> None:
        if key == self.secret_key:
            return
        right = self.restricted[key].get(collection)
        if right is None or (write and right != "write"):
            text = f"The provided key '{_masked(key)}' does not have the required permissions for this endpoint."
            raise StripeError(403, text)


def _key_of(request: SimRequest) -> str:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _masked(key: str) -> str:
    return f"{key[:8]}{'*' * 8}{key[-4:]}"
