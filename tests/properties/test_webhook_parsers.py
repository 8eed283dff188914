"""Whatever comes over the wire: the readers of webhooks raise nothing, and believe nothing that was not signed."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.registry import BUILT_IN, manifest_of, webhooks_of
from connectors.webhooks import Accepted, Contents, Greeting, Refused

NAMES = [name for name in BUILT_IN if webhooks_of(name) is not None]
NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
SIGNING = ("stripe-signature", "x-shopify-hmac-sha256", "x-wc-webhook-signature", "x-shiphero-hmac-sha256")
STANDARD = ("webhook-id", "webhook-timestamp", "webhook-signature")
ODD = st.sampled_from(
    ["", ",", "=", "t=", "t=1,v1=", "v1,", "v1,=", "t=1764230400,v1=z", "\x00", "²", "-1", "AAAA", "é"]
)
VALUES = st.one_of(ODD, st.text(max_size=60))
HEADERS = st.dictionaries(st.sampled_from([*SIGNING, *STANDARD, "content-type", "x-wc-webhook-topic"]), VALUES)
_KEYS = st.sampled_from(
    "id type data object charge order_id order_uuid shipments fulfillment webhook_type order order_edit variants"
    " customer inventory_item_id admin_graphql_api_id orders_to_redact orders_requested".split()
)
PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=9)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=8,
)


@pytest.mark.parametrize("name", NAMES)
@given(body=st.binary(max_size=200), headers=HEADERS)
@settings(max_examples=200)
def test_nothing_unsigned_is_believed_and_nothing_breaks(name: str, body: bytes, headers: dict[str, str]) -> None:
    reader = webhooks_of(name)
    assert reader is not None
    verdict = reader.verify(body, headers, ["a secret", "whsec_c2VjcmV0"], NOW)
    assert isinstance(verdict, (Refused, Greeting))


@pytest.mark.parametrize("name", NAMES)
@given(told=PLAIN, cut=st.integers(0, 3), data=st.data())
@settings(max_examples=300)
def test_any_content_is_read_to_records_that_can_be_looked_up(
    name: str, told: object, cut: int, data: st.DataObject
) -> None:
    reader, spec = webhooks_of(name), manifest_of(name).webhooks
    assert reader is not None
    assert spec is not None
    topic = data.draw(st.sampled_from([*spec.topics, *spec.privacy, "no/such topic", ""]))
    body = _encoded(told)
    contents = reader.read(topic, body[: len(body) - cut])
    assert isinstance(contents, Contents)
    for one in contents.records:
        assert one.external_id
        assert one.resource in spec.topics[topic]


def _encoded(told: object) -> bytes:
    try:
        return msgspec.json.encode(told)
    except (OverflowError, UnicodeEncodeError):
        return b'{"id": 123456789012345678901234567890, "order_id": "\\ud800", "object": "\xff"}'


def test_a_greeting_is_all_that_comes_in_unsigned() -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    found = {name: webhooks_of(name) for name in NAMES}
    verdicts = {name: one.verify(b"webhook_id=1", form, ["s"], NOW) for name, one in found.items() if one is not None}
    assert [name for name, verdict in verdicts.items() if isinstance(verdict, Greeting)] == ["woocommerce"]
    assert not any(isinstance(verdict, Accepted) for verdict in verdicts.values())
