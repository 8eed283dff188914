"""Webhooks: subscribed by mutation, signed over the raw body; what was sent is kept for whoever plays the receiver."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from connectors.shiphero.simulator.errors import TAKEN, RefusedError, absent
from connectors.shiphero.simulator.state import Row, State
from connectors.simulation import SimRequest

SIGNATURE, MESSAGE_ID = "x-shiphero-hmac-sha256", "x-shiphero-message-id"


class Webhooks:
    """The subscriptions of an account and all that was sent to them."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.sent: list[SimRequest] = []
        self._made = 0

    def create(self, data: Mapping[str, Any]) -> Row:
        """Subscribe an address; its secret is told this once."""
        if not str(data["url"]).startswith("https://"):
            raise RefusedError("The address of a webhook must begin with https://")
        taken = {(row["name"], row["shop_name"]) for row in self._state.all("Webhook")}
        if (data["name"], data.get("shop_name")) in taken:
            raise RefusedError("There is a webhook of this type for this shop already", TAKEN)
        self._made += 1
        number = self._made
        secret = hashlib.sha256(f"webhook {number}".encode()).hexdigest()[:32]
        account = data.get("customer_account_id") or self._state.account["id"]
        row = self._state.add(
            "Webhook", account_id=account, name=data["name"], url=data["url"], shop_name=data.get("shop_name")
        )
        row["secret"] = secret
        return {**row, "shared_signature_secret": secret}

    def delete(self, data: Mapping[str, Any]) -> list[str]:
        """End a subscription, named by its type and shop; which ones these were."""
        account = data.get("customer_account_id") or self._state.account["id"]
        wanted = (data["name"], data.get("shop_name"), account)
        rows = self._state.all("Webhook")
        ended = [row["id"] for row in rows if (row["name"], row["shop_name"], row["account_id"]) == wanted]
        if not ended:
            raise absent("Webhook")
        for one in ended:
            del self._state.tables["Webhook"][one]
        return ended

    def send(self, name: str, body: Mapping[str, Any]) -> None:
        """Tell every subscriber of a type; the body names the type, no header does."""
        for row in self._state.all("Webhook"):
            if row["name"] != name:
                continue
            content = msgspec.json.encode({"webhook_type": name, "account_id": row["account_id"], **body})
            address = urlsplit(row["url"])
            headers = {
                "content-type": "application/json",
                SIGNATURE: signature(row["secret"], content),
                MESSAGE_ID: f"msg-{len(self.sent) + 1:06d}",
            }
            self.sent.append(
                SimRequest("POST", address.path or "/", (), headers, content, address.scheme, address.netloc)
            )


def signature(secret: str, body: bytes) -> str:
    """The signature of a body: HMAC-SHA256 in base64."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
