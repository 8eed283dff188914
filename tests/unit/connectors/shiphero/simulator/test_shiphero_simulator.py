"""The simulated account: it runs any valid document, counts credits, and tells of what happens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from connectors.conformance.world import catalog
from connectors.shiphero.simulator import ShipHeroSimulator, Switches
from connectors.shiphero.simulator.access import REFRESH_TOKEN
from connectors.shiphero.simulator.loading import load
from connectors.simulation import SimRequest, Ticker


class Caller:
    """Someone with a token, who writes documents of his own."""

    def __init__(self, clock: Ticker, items: int = 3, **switches: Any) -> None:
        self.hero = ShipHeroSimulator(clock=clock, switches=Switches(**switches))
        load(self.hero, catalog(items))
        body = json.dumps({"refresh_token": REFRESH_TOKEN}).encode()
        self.token = json.loads(self.hero.handle(SimRequest("POST", "/auth/refresh", body=body)).body)["access_token"]

    def __call__(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"authorization": f"Bearer {self.token}"}
        answer = self.hero.handle(SimRequest("POST", "/graphql", headers=headers, body=body))
        assert answer.status == 200
        found: dict[str, Any] = json.loads(answer.body)
        return found


def test_any_document_runs_with_fragments_aliases_and_directives(clock: Ticker) -> None:
    call = Caller(clock)
    query = """
      fragment Stock on Product { sku levels: warehouse_products { available } }
      query Whatever($n: Int = 2, $names: Boolean!) {
        mine: products { data(first: $n) { edges { node { ...Stock name @include(if: $names) } }
          pageInfo { hasNextPage } } }
        who: account { data { email } }
      }
    """
    data = call(query, names=False)["data"]
    assert [edge["node"]["sku"] for edge in data["mine"]["data"]["edges"]] == ["SKU-00000", "SKU-00001"]
    assert data["mine"]["data"]["edges"][0]["node"] == {
        "sku": "SKU-00000",
        "levels": [{"available": 10}, {"available": 5}],
    }
    assert data["mine"]["data"]["pageInfo"] == {"hasNextPage": True}
    assert data["who"]["data"]["email"] == "owner@example.com"


def test_what_the_schema_does_not_have_is_refused(clock: Ticker) -> None:
    call = Caller(clock)
    assert "colour" in call("{ products { data { edges { node { colour } } } } }")["errors"][0]["message"]
    assert call("not a document")["errors"]


def test_pages_follow_their_cursors(clock: Ticker) -> None:
    for stable in (True, False):
        call = Caller(clock, 7, stable_cursors=stable, sorts=True)
        query = (
            'query($a: String) { products { data(first: 3, after: $a, sort: "-sku") '
            "{ edges { node { sku } } pageInfo { hasNextPage endCursor } } } }"
        )
        found: list[str] = []
        after = None
        while True:
            page = call(query, a=after)["data"]["products"]["data"]
            found += [edge["node"]["sku"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert found == sorted(found, reverse=True)
        assert len(found) == 7


def test_analyzing_tells_the_cost_and_spends_nothing(clock: Ticker) -> None:
    call = Caller(clock, credits=500.0)
    query = "{ products(analyze: %s) { complexity data(first: 50) { edges { node { sku } } } } }"
    left = "{ user_quota { credits_remaining max_available increment_rate } }"
    assert call(query % "false")["data"]["products"]["complexity"] == 51
    quota = call(left)["data"]["user_quota"]
    assert quota == {"credits_remaining": 449, "max_available": 500, "increment_rate": 30}
    clock.advance(1)
    assert call(left)["data"]["user_quota"]["credits_remaining"] == 478


@pytest.mark.parametrize("asked", [True, False])
def test_credits_are_taken_for_what_was_asked_or_for_what_came(clock: Ticker, asked: bool) -> None:
    call = Caller(clock, credits=500.0, charges_asked=asked, tells_quota=True)
    answer = call("{ products { data(first: 100) { edges { node { sku } } } } }")
    assert answer["extensions"]["throttling"]["user_quota"]["credits_remaining"] == (399 if asked else 496)


@pytest.mark.parametrize("tells", ["nothing", "text", "fields"])
def test_a_request_without_enough_credits_is_refused_at_status_200(clock: Ticker, tells: str) -> None:
    call = Caller(clock, credits=100.0, throttle_tells=tells)
    answer = call("{ products { data { edges { node { sku } } } } }")
    assert answer["data"] == {"products": None}
    [error] = answer["errors"]
    assert error["code"] == 30
    assert ("time_remaining" in error) is (tells == "fields")
    assert ("seconds" in error["message"]) is (tells == "text")


def test_webhooks_are_signed_over_the_raw_body_with_a_secret_that_is_told_once(clock: Ticker) -> None:
    call = Caller(clock)
    create = "mutation($d: CreateWebhookInput!) { webhook_create(data: $d) { webhook { id shared_signature_secret } } }"
    data = {"name": "Shipment Update", "url": "https://hub.example/hooks/wh"}
    secret = call(create, d=data)["data"]["webhook_create"]["webhook"]["shared_signature_secret"]
    order = call.hero.admin.order("ö-1", {"SKU-00001": 1})
    call.hero.admin.ship(order)
    [sent] = call.hero.webhooks.sent
    mac = base64.b64encode(hmac.new(secret.encode(), sent.body, hashlib.sha256).digest()).decode()
    assert sent.headers["x-shiphero-hmac-sha256"] == mac
    assert sent.headers["x-shiphero-message-id"]
    assert json.loads(sent.body)["webhook_type"] == "Shipment Update"
    assert (sent.host, sent.path) == ("hub.example", "/hooks/wh")
    listed = call("{ webhooks { data(first: 5) { edges { node { name shared_signature_secret } } } } }")
    assert listed["data"]["webhooks"]["data"]["edges"][0]["node"]["shared_signature_secret"] is None
    assert call(create, d={**data, "url": "http://plain"})["errors"]


@pytest.mark.parametrize("at_once", [True, False])
def test_an_order_gets_its_stock_at_once_or_when_the_warehouse_gives_it(clock: Ticker, at_once: bool) -> None:
    call = Caller(clock, allocates_at_once=at_once)
    order = call.hero.admin.order("a", {"SKU-00001": 11})
    assert call.hero.admin.stock("SKU-00001", "WH1")["available"] == (0 if at_once else 11)
    if not at_once:
        call.hero.admin.allocate(order)
    assert call.hero.admin.stock("SKU-00001", "WH1")["available"] == 0
    call.hero.admin.ship(order, warehouse="WH1")
    assert call.hero.admin.stock("SKU-00001", "WH1") == {"on_hand": 0, "allocated": 0, "available": 0}


def test_a_request_without_a_token_or_a_path_is_refused(clock: Ticker) -> None:
    hero = ShipHeroSimulator(clock=clock)
    assert hero.handle(SimRequest("POST", "/graphql", body=b'{"query": "{ account { data { id } } }"}')).status == 401
    assert hero.handle(SimRequest("GET", "/graphql")).status == 404
    assert hero.handle(SimRequest("POST", "/auth/token", body=b"no json")).status == 400
