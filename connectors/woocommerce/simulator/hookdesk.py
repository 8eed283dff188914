"""The routes /webhooks of wc/v3: list, make, switch on and off, delete; a secret goes in and never comes out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.woocommerce.simulator.errors import WooError, invalid_id, invalid_params
from connectors.woocommerce.simulator.resources import Written
from connectors.woocommerce.simulator.switches import Switches
from connectors.woocommerce.simulator.webhooks import STATUSES, Webhook, Webhooks

_TOPIC = re.compile(r"(coupon|customer|order|product)\.(created|updated|deleted|restored)|action\.\w+")
_ORDERS = {"id": "id", "date": "id", "title": "name"}
_MOST = 100


class HookDesk:
    """The REST side of the shop's webhooks."""

    def __init__(self, hooks: Webhooks, switches: Switches, site: str) -> None:
        self._hooks = hooks
        self._switches = switches
        self._site = site

    def answer(self, verb: str, number: int, query: Sequence[tuple[str, str]], body: Mapping[str, Any]) -> Written:
        """Do what a request asks; ``number`` 0 is the list."""
        params = dict(query)
        if verb in ("GET", "HEAD"):
            return Written(self._show(self._find(number)) if number else self._page(params), 1)
        if not number:
            return self._make(body)
        if verb == "DELETE":
            return self._delete(number, params)
        return self._change(number, body)

    def _page(self, params: Mapping[str, str]) -> list[dict[str, Any]]:
        size, page = int(params.get("per_page", "10")), int(params.get("page", "1"))
        by, order = params.get("orderby", "date"), params.get("order", "desc")
        problems = {"per_page": "per_page"} if not 1 <= size <= _MOST else {}
        problems |= {"orderby": f"orderby is not one of {', '.join(_ORDERS)}."} if by not in _ORDERS else {}
        if problems:
            raise invalid_params(problems)
        status = params.get("status", "all")
        found = [one for one in self._hooks.hooks if status in ("all", one.status)]
        found.sort(key=lambda one: getattr(one, _ORDERS[by]), reverse=order == "desc")
        return [self._show(one) for one in found[(page - 1) * size : page * size]]

    def _make(self, body: Mapping[str, Any]) -> Written:
        topic, url = str(body.get("topic") or ""), str(body.get("delivery_url") or "")
        if not _TOPIC.fullmatch(topic):
            raise WooError(
                "woocommerce_rest_webhook_invalid_topic", "Webhook topic is required and must be valid.", 400
            )
        if not url.startswith(("https://", "http://")):
            text = "Webhook delivery URL must be a valid URL starting with http:// or https://."
            raise WooError("woocommerce_rest_webhook_invalid_delivery_url", text, 400)
        _check_status(body)
        # Without a secret WooCommerce derives one from the user, which nobody knows.
        hook = self._hooks.subscribe(topic, url, str(body.get("secret") or "of the user"))
        hook.name = str(body.get("name") or hook.name)
        hook.status = str(body.get("status") or hook.status)
        return Written(self._show(hook), 1, [f"webhook {hook.id} {topic} created"], 201)

    def _change(self, number: int, body: Mapping[str, Any]) -> Written:
        hook = self._find(number, 400)
        _check_status(body)
        for name in ("name", "topic", "secret", "status"):
            if body.get(name):
                setattr(hook, name, str(body[name]))
        if hook.status == "active":
            hook.failures = 0
        return Written(self._show(hook), 1, [f"webhook {number} changed"])

    def _delete(self, number: int, params: Mapping[str, str]) -> Written:
        hook = self._find(number)
        if params.get("force") not in ("true", "1"):
            raise WooError("woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.", 501)
        self._hooks.hooks.remove(hook)
        return Written(self._show(hook), 1, [f"webhook {number} deleted"])

    def _find(self, number: int, status: int = 404) -> Webhook:
        for one in self._hooks.hooks:
            if one.id == number:
                return one
        raise invalid_id("shop_webhook", status)

    def _show(self, hook: Webhook) -> dict[str, Any]:
        resource, _, event = hook.topic.partition(".")
        made = hook.created.replace(microsecond=0, tzinfo=None)
        local = made + timedelta(hours=self._switches.site_utc_offset_hours)
        base = f"{self._site}/wp-json/wc/v3/webhooks"
        return {
            "id": hook.id,
            "name": hook.name,
            "status": hook.status,
            "topic": hook.topic,
            "resource": resource,
            "event": event,
            "hooks": [f"woocommerce_{event}_{resource}"],
            "delivery_url": hook.url,
            "date_created": local.isoformat(),
            "date_created_gmt": made.isoformat(),
            "date_modified": local.isoformat(),
            "date_modified_gmt": made.isoformat(),
            "_links": {"self": [{"href": f"{base}/{hook.id}"}], "collection": [{"href": base}]},
        }


def _check_status(body: Mapping[str, Any]) -> None:
    status = body.get("status")
    if status is not None and status not in STATUSES:
        raise invalid_params({"status": f"status is not one of {', '.join(STATUSES)}."})
