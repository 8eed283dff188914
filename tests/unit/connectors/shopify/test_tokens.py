"""Access tokens: asked for once, replaced in time, replaced once when refused."""

from __future__ import annotations

import threading
from datetime import timedelta

import httpx
import pytest

from canonical.errors import AuthenticationError, ProtocolError
from connectors.http import Answer, Outgoing
from connectors.shopify.tokens import ClientCredentials
from connectors.simulation import Ticker
from tests.unit.connectors.shopify.conftest import ScriptedShop

GRANT = {"client_id": "id", "client_secret": "shpss_secret", "access_token": ""}
LOCATIONS = {"records": {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}, "total": {"count": 0}}


class Grants:
    """Gives a new token each time and counts."""

    def __init__(self, clock: Ticker, expires_in: int = 86_399) -> None:
        self.clock, self.expires_in, self.count = clock, expires_in, 0

    def __call__(self, outgoing: Outgoing) -> Answer:
        self.count += 1
        body = f'{{"access_token":"shpat_{self.count}","scope":"read_products","expires_in":{self.expires_in}}}'
        return Answer(200, httpx.Headers(), body.encode(), self.clock.now(), 0.1, outgoing.label)


def test_one_token_serves_until_shortly_before_its_end(clock: Ticker) -> None:
    grants = Grants(clock)
    tokens = ClientCredentials("id", "secret", grants, clock)
    assert tokens.current() == "shpat_1"
    clock.advance(timedelta(hours=23, minutes=50).total_seconds())
    assert tokens.current() == "shpat_1"
    clock.advance(timedelta(minutes=6).total_seconds())
    assert tokens.current() == "shpat_2"


def test_a_short_lived_token_is_used_for_half_its_life(clock: Ticker) -> None:
    grants = Grants(clock, expires_in=60)
    tokens = ClientCredentials("id", "secret", grants, clock)
    tokens.current()
    clock.advance(29)
    tokens.current()
    assert grants.count == 1
    clock.advance(2)
    tokens.current()
    assert grants.count == 2


def test_many_threads_that_are_refused_replace_the_token_once(clock: Ticker) -> None:
    grants = Grants(clock)
    tokens = ClientCredentials("id", "secret", grants, clock)
    refused = tokens.current()
    together = threading.Barrier(8)

    def work() -> None:
        together.wait()
        assert tokens.renew(refused)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert grants.count == 2
    assert tokens.current() == "shpat_2"


def token(name: str) -> httpx.Response:
    return httpx.Response(200, json={"access_token": name, "scope": "read_products", "expires_in": 86_399})


def test_a_token_refused_in_the_middle_is_replaced_and_the_request_repeated(shop: ScriptedShop) -> None:
    shop.say(
        token("shpat_old"), LOCATIONS, httpx.Response(401, json={"errors": "expired"}), token("shpat_new"), LOCATIONS
    )
    connector = shop.connector(GRANT)
    connector.locations()
    connector.locations()
    used = [request.headers.get("x-shopify-access-token") for request in shop.requests]
    assert used == [None, "shpat_old", "shpat_old", None, "shpat_new"]


def test_a_token_refused_twice_ends_the_connection(shop: ScriptedShop) -> None:
    refused = httpx.Response(401, json={"errors": "no"})
    shop.say(token("shpat_old"), refused, token("shpat_new"), refused)
    with pytest.raises(AuthenticationError, match="refused the access token"):
        shop.connector(GRANT).locations()
    assert len(shop.requests) == 4


def test_a_static_token_that_is_refused_is_not_asked_for_again(shop: ScriptedShop) -> None:
    shop.say(httpx.Response(401, json={"errors": "no"}))
    with pytest.raises(AuthenticationError):
        shop.connector().locations()
    assert len(shop.requests) == 1


def test_neither_the_secret_nor_a_granted_token_shows_in_an_error(shop: ScriptedShop) -> None:
    body = {"errors": [{"message": "shpss_secret and shpat_old", "extensions": {"code": "BAD"}}]}
    shop.say(token("shpat_old"), httpx.Response(200, json=body))
    with pytest.raises(ProtocolError) as caught:
        shop.connector(GRANT).locations()
    assert "shpss_secret" not in str(caught.value)
    assert "shpat_old" not in str(caught.value)


def test_the_token_request_carries_the_grant_and_no_token(shop: ScriptedShop) -> None:
    shop.say(token("shpat_old"), LOCATIONS)
    shop.connector(GRANT, read_only=True).locations()
    form = shop.requests[0].content.decode()
    assert form == "client_id=id&client_secret=shpss_secret&grant_type=client_credentials"
    assert shop.requests[0].url == "https://example.myshopify.com/admin/oauth/access_token"
