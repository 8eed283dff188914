"""An answer is read without trusting it."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from canonical.errors import ProtocolError
from connectors.simulation import Ticker
from tests.support.web import answer_of


class Thing(msgspec.Struct):
    id: int
    sku: str = ""


def test_a_typed_read_takes_only_what_the_type_names(clock: Ticker) -> None:
    answer = answer_of(httpx.Response(200, json={"id": 7, "sku": "A", "more": [1]}), clock)
    assert answer.decode(Thing) == Thing(7, "A")


def test_an_answer_of_another_shape_names_the_place_in_it(clock: Ticker) -> None:
    answer = answer_of(httpx.Response(200, json={"id": "seven"}), clock)
    with pytest.raises(ProtocolError, match=r"shop: things: .*expected shape.*\$\.id"):
        answer.decode(Thing)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "empty answer"), (b" \n", "empty answer"), (b"<html>", "web page"), (b'{"a": [1, 2', "not complete JSON"),
     (b'{"a": 1}{"b": 2}', "not complete JSON"), (b"\xff\xfe", "not complete JSON"), (b"Notice", "not complete JSON")],
)  # fmt: skip
def test_a_body_that_is_not_whole_json_is_said_to_be_what_it_is(content: bytes, said: str, clock: Ticker) -> None:
    answer = answer_of(httpx.Response(200, content=content), clock)
    assert not answer.is_whole_json()
    with pytest.raises(ProtocolError, match=f"shop: things: .*{said}.*status 200"):
        answer.json()
    with pytest.raises(ProtocolError, match="shop: things: "):
        answer.decode(Thing)


def test_a_page_labeled_json_is_still_seen_as_a_page(clock: Ticker) -> None:
    labeled = httpx.Response(200, content=b"\n<!DOCTYPE html>", headers={"content-type": "application/json"})
    assert answer_of(labeled, clock).is_html


@pytest.mark.parametrize("content", [b"{}", b"[1,2]", b'"text"', b"null", b' {"a": {"b": []}} '])
def test_whole_json_is_seen_as_whole(content: bytes, clock: Ticker) -> None:
    assert answer_of(httpx.Response(200, content=content), clock).is_whole_json()


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("Sun, 22 Nov 2026 10:11:12 GMT", datetime(2026, 11, 22, 10, 11, 12, tzinfo=UTC)),
        ("", None),
        ("yesterday", None),
    ],
)
def test_the_platforms_own_clock_is_read_from_its_date(text: str, instant: datetime | None, clock: Ticker) -> None:
    assert answer_of(httpx.Response(200, headers={"date": text}), clock).server_date == instant
