"""Webhook endpoints: made, changed and deleted by the API; the secret is told once, when one is made."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from connectors.stripe.simulator.account import Account
from connectors.stripe.simulator.errors import StripeError
from connectors.stripe.simulator.events import Endpoint
from connectors.stripe.simulator.forms import Form, items
from connectors.stripe.simulator.params import flag, metadata, only
from connectors.stripe.simulator.shapes import Obj

_KIND = "webhook_endpoint"
_OF_CREATE = frozenset({"api_version", "connect", "description", "enabled_events", "expand", "metadata", "url"})
_OF_UPDATE = frozenset({"description", "disabled", "enabled_events", "expand", "metadata", "url"})


class Endpoints:
    """The endpoints of one account; what they hear of is kept with its events."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def create(self, form: Form) -> Obj:
        """A receiver subscribes."""
        only(form, _OF_CREATE)
        url, events = _url(form), _events(form)
        account = self._account
        made: Obj = {
            "id": account.new_id("we"),
            "object": _KIND,
            "api_version": form.get("api_version"),
            "application": None,
            "created": account.now(),
            "description": form.get("description"),
            "enabled_events": events,
            "livemode": False,
            "metadata": metadata(form),
            "status": "enabled",
            "url": url,
        }
        account.keep(made)
        secret = f"whsec_{hashlib.sha256(made['id'].encode()).hexdigest()[:32]}"
        account.events.endpoints.append(Endpoint(url, secret, tuple(events), made["id"]))
        return {**made, "secret": secret}

    def update(self, external_id: str, form: Form) -> Obj:
        """Other events, another address, or switched on or off."""
        only(form, _OF_UPDATE)
        found = self._account.find(_KIND, external_id)
        if "enabled_events" in form:
            found["enabled_events"] = _events(form)
        if "url" in form:
            found["url"] = _url(form)
        if "disabled" in form:
            found["status"] = "disabled" if flag(form, "disabled") else "enabled"
        self._account.events.endpoints = [
            replace(one, url=found["url"], enabled=_heard(found)) if one.id == external_id else one
            for one in self._account.events.endpoints
        ]
        return found

    def delete(self, external_id: str, form: Form) -> Obj:
        """It is told nothing any more."""
        only(form, frozenset())
        self._account.find(_KIND, external_id)
        del self._account.objects[_KIND][external_id]
        kept = [one for one in self._account.events.endpoints if one.id != external_id]
        self._account.events.endpoints = kept
        return {"id": external_id, "object": _KIND, "deleted": True}


def _heard(found: Obj) -> tuple[str, ...]:
    return tuple(found["enabled_events"]) if found["status"] == "enabled" else ()


def _url(form: Form) -> str:
    url = form.get("url")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        raise StripeError(400, "Invalid URL: An explicit scheme (such as https) must be provided.", param="url")
    return url


def _events(form: Form) -> list[str]:
    events = items(form.get("enabled_events"))
    if not events:
        raise StripeError(
            400, "Missing required param: enabled_events.", code="parameter_missing", param="enabled_events"
        )
    return events
