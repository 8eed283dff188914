"""How requests are authenticated, what is never shown, and what counts as a read."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from canonical.errors import AuthenticationError, ConfigError
from connectors.http import Outgoing
from connectors.simulation import SimRequest
from connectors.woocommerce.auth import OAuth1
from connectors.woocommerce.client import is_read


def requests_of(world: Any) -> list[SimRequest]:
    """Everything that reaches the shop from now on."""
    seen: list[SimRequest] = []
    answer_of = world.shop.answer

    def answer(request: SimRequest) -> Any:
        seen.append(request)
        return answer_of(request)

    world.shop.answer = answer
    return seen


def test_https_uses_basic_and_puts_no_key_into_the_address(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1))
    seen = requests_of(world)
    list(world.connect().pull("products", woo.FIELDS))
    assert seen[0].headers["authorization"].startswith("Basic ")
    assert not any("consumer" in name or "oauth" in name for name, _ in seen[0].query)


def test_plain_http_signs_and_the_shops_own_check_agrees(make_world: Any, woo: Any) -> None:
    """The simulator checks the signature on its own: reads with commas, dates and blanks, and a write."""
    world = make_world(woo.items(3))
    world.url = "http://shop.example"
    seen = requests_of(world)
    connector = world.connect()
    cursor = list(connector.pull("products", woo.FIELDS))[-1].cursor or ""
    list(connector.changed_since("products", ("meta_data[key=a b].value", *woo.FIELDS), cursor))
    woo.push_all(connector, world.rows({"stock_quantity": 3}, world.skus(1)))
    assert "authorization" not in seen[0].headers
    assert all(any(name == "oauth_signature" for name, _ in request.query) for request in seen)
    assert not any(woo.SECRET in value for request in seen for _, value in request.query)
    assert world.shop.quantity("S00000") == 3


def test_a_request_that_is_sent_again_is_signed_again(make_world: Any, woo: Any) -> None:
    """A nonce counts once: a repeated signature would be refused."""
    auth = OAuth1(woo.KEY, woo.SECRET, make_world().clock)
    request = httpx.Request("GET", "http://shop.example/wp-json/wc/v3/products?page=2")
    nonces = []
    for _ in range(2):
        next(auth.auth_flow(request))
        names = [name for name, _ in request.url.params.multi_items()]
        assert len(names) == len(set(names))
        nonces.append(request.url.params["oauth_nonce"])
    assert nonces[0] != nonces[1]
    assert request.url.params["page"] == "2"


def test_a_shop_behind_a_proxy_takes_basic_over_http_with_the_header(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1))
    world.url = "http://shop.example"
    connector = world.connect(auth="basic", headers="X-Forwarded-Proto: https\nX-Tenant: 7")
    seen = requests_of(world)
    assert len(woo.records(connector.pull("products", woo.FIELDS))) == 1
    assert seen[0].headers["x-tenant"] == "7"


def test_a_server_that_strips_the_header_is_answered_by_keys_in_the_query(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1), strip_authorization=True)
    with pytest.raises(AuthenticationError) as caught:
        list(world.connect().pull("products", woo.FIELDS))
    assert "query_string_auth" in caught.value.hint
    assert len(woo.records(world.connect(query_string_auth=True).pull("products", woo.FIELDS))) == 1


def test_a_clock_that_is_too_far_off_is_named_as_the_cause(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1), oauth_window_seconds=900)
    world.url = "http://shop.example"
    connector = world.connect()
    now = world.clock.now

    class Ahead:
        def now(self) -> Any:
            return now().replace(hour=now().hour + 1)

    connector._client._transport._pool._auth._clock = Ahead()
    with pytest.raises(AuthenticationError) as caught:
        list(connector.pull("products", woo.FIELDS))
    assert "clocks" in caught.value.hint


@pytest.mark.parametrize(
    ("outgoing", "expected"),
    [
        (Outgoing("GET", "products?page=1"), True),
        (Outgoing("HEAD", "products"), True),
        (Outgoing("POST", "products/batch"), False),
        (Outgoing("PUT", "products/1"), False),
        (Outgoing("DELETE", "products/1"), False),
        (Outgoing("OPTIONS", "products"), False),
        (Outgoing("GET", "products/1?_method=DELETE"), False),
        (Outgoing("GET", "products/1?x=1&_METHOD="), False),
        (Outgoing("GET", "products/1", headers={"X-HTTP-Method-Override": "PUT"}), False),
    ],
)
def test_only_what_wordpress_takes_as_a_read_is_one(outgoing: Outgoing, expected: bool) -> None:
    assert is_read(outgoing) is expected


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "shop.example"}, "address of a site"),
        ({"url": "https://u:p@shop.example"}, "more than an address"),
        ({"consumer_key": ""}, "consumer_key"),
        ({"url": "http://shop.example", "auth": "basic"}, "needs https"),
        ({"url": "http://shop.example", "query_string_auth": True}, "needs https"),
        ({"query_string_auth": True, "auth": "oauth1"}, "exclude each other"),
        ({"headers": "no colon here"}, "Name: value"),
        ({"headers": "X-HTTP-Method-Override: PUT"}, "not allowed"),
        ({"per_page": 101}, "1 to 100"),
        ({"batch_size": 0}, "batch_size"),
        ({"shop": "x"}, "no setting 'shop'"),
    ],
)
def test_wrong_settings_are_named(make_world: Any, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make_world().connect(**settings)


def test_all_wrong_settings_are_named_at_once(make_world: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        make_world().connect(url="shop.example", per_page=0, batch_size=0)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    "url", ["https://shop.example/", "https://shop.example/wp-json/wc/v3/", "https://shop.example"]
)
def test_the_address_may_be_written_with_or_without_the_api_path(make_world: Any, woo: Any, url: str) -> None:
    world = make_world(woo.items(1))
    world.url = url
    assert len(woo.records(world.connect().pull("products", woo.FIELDS))) == 1
