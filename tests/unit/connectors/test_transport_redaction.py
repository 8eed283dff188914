"""Secrets are never seen: not in errors, reprs, records or logs."""

from __future__ import annotations

import html
import json
import logging
from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.errors import CrossdockError, FatalError
from connectors.http import Answer, Outgoing, Redactor, http_verdict
from connectors.simulation import Ticker
from tests.support.web import READ, WRITE, Records, Site, answer_of, ok, transport

SECRET = "shpat_0123+456/789="


@pytest.mark.parametrize(
    "text",
    [
        f"token {SECRET} refused",
        "https://x.test/?a=1&k=shpat_0123%2B456%2F789%3D",
        "shpat_0123%2B456/789%3D",
        '{"access_token":"never-seen-before","expires_in":3600}',
        "https://x.test/?consumer_key=ck_1&consumer_secret=cs_2&page=3",
        "oauth_signature=abc%3D&oauth_nonce=1&oauth_consumer_key=ck_77",
        "?signature=deadbeef",
        "client_secret=hunter22&grant_type=client_credentials",
        "X-Amz-Signature=feedface",
    ],
)
def test_secrets_and_secret_parameters_are_masked(text: str) -> None:
    shown = Redactor([SECRET])(text)
    assert "***" in shown
    for part in ("0123", "never-seen", "ck_1", "cs_2", "ck_77", "abc%3D", "deadbeef", "hunter22", "feedface"):
        assert part not in shown


def test_a_secret_is_masked_however_often_json_or_a_page_quoted_it() -> None:
    secret = 'pw-"ö/&<7'
    for quoted in (secret, json.dumps(secret), json.dumps({"body": json.dumps({"password": secret})})):
        for text in (quoted, html.escape(quoted), quoted.replace("/", "\\/")):
            assert "***" in Redactor([secret])(text)
            assert "pw-" not in Redactor([secret])(text)


def test_no_half_of_a_secret_is_left_where_a_long_page_is_cut() -> None:
    clock = Ticker()
    for padding in range(1240, 1290):
        page = httpx.Response(500, html=f"<p>{' ' * padding}</p>{SECRET}")
        shown = replace(answer_of(page, clock), redact=Redactor([SECRET])).excerpt()
        assert "shpat" not in shown


def test_what_is_not_secret_stays_readable() -> None:
    redact = Redactor([SECRET, "abc"])
    assert (
        redact("https://x.test/wp-json?page=3&sku=abc&per_page=100")
        == "https://x.test/wp-json?page=3&sku=abc&per_page=100"
    )


@given(st.text(min_size=4).filter(lambda text: len(text.strip()) >= 4), st.text(), st.text())
def test_no_known_secret_survives_in_any_text(secret: str, before: str, after: str) -> None:
    assert secret.strip() not in Redactor([secret])(before + secret + after).replace("***", "")


def test_a_token_learned_later_is_masked_too() -> None:
    redact = Redactor()
    redact.hide("new-token-99")
    assert redact("Bearer new-token-99") == "Bearer ***"


def test_basic_credentials_are_masked_in_their_encoded_form() -> None:
    redact = Redactor()
    redact.hide_pair("key", "secret")
    assert redact("Basic a2V5OnNlY3JldA==") == "Basic ***"


def test_an_error_shows_no_secret_that_the_platform_echoes(clock: Ticker) -> None:
    site = Site(ok({"message": f"bad token {SECRET}"}, status=401))
    with pytest.raises(CrossdockError) as caught:
        transport(site, clock, secrets=[SECRET]).send(READ)
    assert SECRET not in str(caught.value)
    assert "bad token ***" in str(caught.value)


def test_an_error_a_platform_verdict_composed_is_cleaned(clock: Ticker) -> None:
    def verdict(answer: Answer) -> CrossdockError | None:
        return FatalError(f"refused {SECRET}", hint=f"look at {SECRET}")

    with pytest.raises(FatalError) as caught:
        transport(Site(ok()), clock, verdict=verdict, secrets=[SECRET]).send(READ)
    assert SECRET not in str(caught.value)


def test_no_log_of_ours_or_of_the_http_library_shows_a_key(caplog: pytest.LogCaptureFixture, clock: Ticker) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.NOTSET)
    records = Records()
    sender = transport(Site(ok()), clock, secrets=[SECRET], on_request=records.append)
    sender.send(Outgoing("GET", "things?consumer_key=ck_77", headers={"x-token": SECRET}))
    text = caplog.text + repr(records) + "".join(repr(vars(record)) for record in caplog.records)
    assert "ck_77" not in text
    assert SECRET not in text
    assert records.statuses() == [200]


def test_reprs_show_neither_headers_nor_bodies(clock: Ticker) -> None:
    outgoing = Outgoing("POST", "things", content=b"body-of-mine", headers={"x-token": SECRET})
    answer = answer_of(httpx.Response(200, content=b"body-of-theirs", headers={"set-cookie": SECRET}), clock)
    assert SECRET not in repr(outgoing) + repr(answer)
    assert "body-of" not in repr(outgoing) + repr(answer)


@pytest.mark.parametrize("secret", ["line-end-1234\n", "pässwörd"])
def test_a_secret_that_cannot_be_a_header_is_a_clear_error_that_hides_it(secret: str, clock: Ticker) -> None:
    def socket(request: httpx.Request) -> httpx.Response:
        raise httpx.LocalProtocolError(f"Illegal header value {secret!r}", request=request)

    sender = transport(Site(socket), clock, secrets=[secret], headers={"x-token": secret})
    with pytest.raises(FatalError) as caught:
        sender.send(WRITE)
    assert secret.strip() not in str(caught.value)
    assert "stray" in caught.value.hint or "header" in str(caught.value)


def test_an_excerpt_is_short_and_on_one_line(clock: Ticker) -> None:
    answer = answer_of(httpx.Response(500, content=b"<pre>\n" + b"trace\n" * 5000), clock)
    error = http_verdict(answer)
    assert error is not None
    assert len(str(error)) < 300
    assert "\n" not in str(error)
