"""Webhooks as the shop sends them: queued, built when the queue runs, signed over the body, and never sent again."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from canonical.clock import Clock

Shown = Mapping[str, dict[str, Any]]
_STAMPS = frozenset({"date_modified", "date_modified_gmt"})


STATUSES = ("active", "paused", "disabled")
_FORGIVEN = 5


@dataclass(slots=True)
class Webhook:
    """One entry of the list under Advanced > Webhooks; ``failures`` counts deliveries that failed in a row."""

    id: int
    topic: str
    url: str
    created: datetime
    secret: str = field(repr=False)
    name: str = ""
    status: str = "active"
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that waits to be posted."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Webhooks:
    """What the shop tells: by resource, how its records look now; what differs from the last run is told."""

    def __init__(self, clock: Clock, site: str, shown: Mapping[str, Callable[[], Shown]]) -> None:
        self._clock = clock
        self._site = site
        self._shown = shown
        self._seen: dict[str, Shown] = {}
        self._next_id = 1
        self.hooks: list[Webhook] = []
        self.outbox: list[Delivery] = []

    def subscribe(self, topic: str, url: str, secret: str) -> Webhook:
        """The merchant makes a webhook; its address is greeted at once, and hears of what happens from now on."""
        hook = Webhook(self._next_id, topic, url, self._clock.now(), secret, f"Webhook created for {topic}")
        self._next_id += 1
        self.hooks.append(hook)
        greeting = {"content-type": "application/x-www-form-urlencoded"}
        self.outbox.append(Delivery(url, greeting, f"webhook_id={hook.id}".encode()))
        self._seen = {resource: shown() for resource, shown in self._shown.items()}
        return hook

    def run_queue(self) -> None:
        """The background queue runs: each record that changed is told once, as it is now."""
        for resource, shown in self._shown.items():
            before, now = self._seen.get(resource, {}), shown()
            for number in dict.fromkeys((*before, *now)):
                event = _event(before.get(number), now.get(number))
                body = now.get(number, {}) if event != "deleted" else {"id": int(number)}
                if event:
                    self._tell(resource, event, body)
            self._seen[resource] = now

    def answered(self, hook: Webhook, *, well: bool) -> None:
        """A delivery ended: too many failures in a row switch the webhook off, and nobody is told.

        The check comes before the count, so that it is the seventh failure that does it.
        """
        if well:
            hook.failures = 0
            return
        if hook.failures > _FORGIVEN:
            hook.status = "disabled"
        hook.failures += 1

    def _tell(self, resource: str, event: str, body: Mapping[str, Any]) -> None:
        for hook in self.hooks:
            if hook.topic == f"{resource}.{event}" and hook.status == "active":
                self.send(hook, body)

    def send(self, hook: Webhook, body: Mapping[str, Any]) -> None:
        """Put a message in the outbox; all that one webhook sends within a second share the id of the delivery."""
        content = msgspec.json.encode(body)
        second = int(self._clock.now().timestamp())
        resource, _, event = hook.topic.partition(".")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "WooCommerce/11.0.1 Hookshot (WordPress/7.1)",
            "X-WC-Webhook-Source": f"{self._site}/",
            "X-WC-Webhook-Topic": hook.topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": signature(hook.secret, content),
            "X-WC-Webhook-ID": str(hook.id),
            "X-WC-Webhook-Delivery-ID": hashlib.md5(f"{hook.id}{second}".encode(), usedforsecurity=False).hexdigest(),
        }
        self.outbox.append(Delivery(hook.url, headers, content))


def signature(secret: str, body: bytes) -> str:
    """The signature of a body: HMAC-SHA256 in base64."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def _event(before: dict[str, Any] | None, now: dict[str, Any] | None) -> str:
    gone = now is None or now.get("status") == "trash"
    was_gone = before is None or before.get("status") == "trash"
    if gone:
        return "" if was_gone else "deleted"
    if was_gone:
        return "created" if before is None else "restored"
    assert before is not None
    assert now is not None
    same = all(before.get(name) == value for name, value in now.items() if name not in _STAMPS)
    return "" if same else "updated"
