"""The Stripe account as a pure core: requests in, answers out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from canonical.clock import Clock
from connectors.simulation import SimRequest, SimResponse, Simulator, json_response
from connectors.stripe.simulator import lists
from connectors.stripe.simulator.access import Access
from connectors.stripe.simulator.account import KINDS, Account
from connectors.stripe.simulator.admin import Admin
from connectors.stripe.simulator.calls import Calls
from connectors.stripe.simulator.errors import StripeError, unrecognized
from connectors.stripe.simulator.expand import expanded
from connectors.stripe.simulator.forms import Form, items, parse_body, parse_pairs
from connectors.stripe.simulator.idempotency import Idempotency
from connectors.stripe.simulator.money import Exchange
from connectors.stripe.simulator.shapes import Obj
from connectors.stripe.simulator.switches import Switches

_KIND_OF = {f"{kind}s": kind for kind in KINDS}
_PATH = re.compile(r"/v1/(?P<collection>\w+)(?:/(?P<id>[^/]+))?(?:/(?P<verb>\w+))?/?")
_RATES = {"usd": "0.92", "gbp": "1.17", "jpy": "0.0061", "kwd": "3.01", "sek": "0.087", "isk": "0.0067"}
_READS = frozenset({"GET", "HEAD"})
SECRET_KEY = "sk_test_simulated"
_BUSY = {
    "rate_limit": "Request rate limit exceeded. You can learn more about rate limits in the documentation.",
    "lock_timeout": "This object cannot be accessed right now because another request is using it.",
}


class StripeSimulator(Simulator):
    """One account; by its secret key it keeps a balance in euros and changes everything else into them."""

    name = "stripe"

    def __init__(
        self,
        *,
        clock: Clock,
        secret_key: str = SECRET_KEY,
        switches: Switches | None = None,
        home: str = "eur",
        settles: frozenset[str] = frozenset(),
        rates: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(clock=clock)
        self.switches = switches or Switches()
        self.account = Account(clock, self.switches, Exchange(home, rates or _RATES), settles)
        self.access = Access(self.account.id, secret_key)
        self.keys = Idempotency(lambda: self.switches.retention_seconds)
        self.admin = Admin(self.account, self.turn)
        self._calls = Calls(self.account)
        self._broken: list[Literal["before", "after"]] = []
        self._busy: list[str] = []
        self._requests = 0

    def throttle(self, times: int, code: Literal["rate_limit", "lock_timeout"] = "rate_limit") -> None:
        """Let the next requests be answered with 429; Stripe never says how long to wait."""
        self._busy += [code] * times

    def break_inside(self, when: Literal["before", "after"], times: int = 1) -> None:
        """Let the next writes end in an error of Stripe's own, before or after their effect; it is saved."""
        self._broken += [when] * times

    def is_write(self, request: SimRequest) -> bool:
        """Whether a request writes."""
        return request.method not in _READS

    def snapshot(self) -> dict[str, Any]:
        """The whole state: objects by kind and id."""
        with self.turn():
            return {kind: dict(objects) for kind, objects in self.account.objects.items()}

    def events_of(self, external_id: str) -> list[Obj]:
        """What is kept of an object, oldest first."""
        with self.turn():
            kept = self.account.events.kept
            return [event for event in kept if event["data"]["object"]["id"] == external_id]

    def answer(self, request: SimRequest) -> SimResponse:
        """Do what Stripe does with a request."""
        self._requests += 1
        request_id = f"req_{self._requests:014d}"
        try:
            response = self._admitted(request, request_id)
        except StripeError as error:
            response = self._refused(error)
        headers = {**response.headers, "request-id": request_id}
        return replace(response, headers=headers if self.switches.date_header else {**headers, "date": ""})

    def _admitted(self, request: SimRequest, request_id: str) -> SimResponse:
        match = _PATH.fullmatch(request.path)
        if match is None:
            raise unrecognized(request.method, request.path)
        write = self.is_write(request)
        if self._busy:
            code = self._busy.pop(0)
            raise StripeError(429, _BUSY[code], code=code)
        version = self.access.admit(request, match["collection"], write=write)
        response = self._written(request, match, request_id) if write else self._read(request, match)
        return replace(response, headers={**response.headers, "stripe-version": version})

    def _read(self, request: SimRequest, match: re.Match[str]) -> SimResponse:
        collection, external_id = match["collection"], match["id"]
        form = parse_pairs(request.query)
        if collection in ("account", "balance") and not external_id:
            self.log.read(collection, 1)
            return json_response(self._calls.about(collection))
        if match["verb"] or (collection not in _KIND_OF and collection != "events"):
            raise unrecognized(request.method, request.path)
        if external_id:
            answer = self._one(collection, external_id)
        else:
            answer = lists.page(collection, _KIND_OF.get(collection, "event"), self._all(collection, form), form)
        self.log.read(collection, len(answer["data"]) if answer["object"] == "list" else 1)
        return json_response(expanded(self.account, answer, items(form.get("expand"))))

    def _one(self, collection: str, external_id: str) -> Obj:
        if collection == "events":
            return self._calls.event(external_id)
        return self.account.shown(self.account.find(_KIND_OF[collection], external_id))

    def _all(self, collection: str, form: Form) -> Sequence[Obj]:
        if collection == "events":
            return self.account.events.remembered(self.account.now())
        if collection == "balance_transactions" and isinstance(form.get("payout"), str):
            found: Sequence[Obj] = self.admin.payouts.items(str(form["payout"]))
        else:
            found = list(self.account.objects[_KIND_OF[collection]].values())
        if collection == "refunds" and self.switches.listing_lag_seconds:
            newest = self.account.now() - self.switches.listing_lag_seconds
            found = [refund for refund in found if refund["created"] <= newest]
        return [self.account.shown(obj) for obj in found]

    def _written(self, request: SimRequest, match: re.Match[str], request_id: str) -> SimResponse:
        key = request.headers.get("idempotency-key", "")
        self._note_under_way()
        saved = self.keys.replay(key, request, self.account.now())
        if saved is not None:
            self.log.write(f"{match['collection']}.replayed")
            return saved
        self.account.events.request = {"id": request_id, "idempotency_key": key or None}
        try:
            response = self._carried_out(request, match)
        except StripeError as error:
            if not error.saved:
                raise
            response = self._refused(error)
        finally:
            self.account.events.request = {"id": None, "idempotency_key": None}
        self.keys.save(key, request, response, request_id, self.account.now())
        return response

    def _carried_out(self, request: SimRequest, match: re.Match[str]) -> SimResponse:
        call = self._calls.find(request.method, match["collection"], match["id"], match["verb"])
        if call is None:
            raise unrecognized(request.method, request.path)
        form = parse_body(request.body)
        broken = self._broken.pop(0) if self._broken else ""
        if broken == "before":
            self.log.write(call.name)
            raise _own_fault()
        made = call.run(form)
        self.log.write(call.name, 1, [f"{call.name} {made['id']}"])
        if broken == "after":
            raise _own_fault()
        return json_response(expanded(self.account, self.account.shown(made), items(form.get("expand"))))

    def _note_under_way(self) -> None:
        """A request whose effect is still to come holds its key."""
        self.keys.under_way = {late.request.headers.get("idempotency-key", "") for late in self._late} - {""}

    def _refused(self, error: StripeError) -> SimResponse:
        headers: dict[str, str] = {}
        if error.status == 429 and self.switches.should_retry:
            headers["stripe-should-retry"] = self.switches.should_retry
        return json_response(error.body(), error.status, headers)


def _own_fault() -> StripeError:
    text = "Sorry! There was an error while talking to one of our backends. Support has been notified."
    return StripeError(500, text, kind="api_error", saved=True)
