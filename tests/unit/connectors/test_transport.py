"""The transport: when a request is sent again, and what is said when it is not."""

from __future__ import annotations

import httpx
import pytest

from canonical.errors import (
    AmbiguousError,
    AuthenticationError,
    CrossdockError,
    FatalError,
    ProtocolError,
    RetriableError,
    ThrottledError,
)
from connectors.http import Answer, Outgoing, ReadOnlyError, RetryPolicy
from connectors.simulation import Ticker
from tests.support.web import READ, WRITE, Records, Site, ok, page, transport

LOST = httpx.ReadTimeout("the read timed out")
REFUSED = httpx.ConnectError("[Errno 111] Connection refused")
CUT = httpx.Response(200, content=b'{"items":[{"id":1},{"id"', headers={"content-type": "application/json"})


@pytest.mark.parametrize(
    "trouble",
    [ok(status=500), ok(status=502), ok(status=429), ok(status=408), page(503), page(200), CUT, LOST, REFUSED,
     httpx.RemoteProtocolError("peer closed"), httpx.ReadError("reset"), httpx.Response(200)],
    ids=str,
)  # fmt: skip
def test_a_read_is_asked_again_after_trouble_that_may_pass(trouble: httpx.Response | Exception, clock: Ticker) -> None:
    site = Site(trouble, trouble, ok([1]))
    assert transport(site, clock).send(READ).json() == [1]
    assert len(site.asked) == 3


@pytest.mark.parametrize(
    "trouble",
    [LOST, httpx.WriteTimeout("w"), httpx.ReadError("reset"), httpx.RemoteProtocolError("peer closed"),
     ok(status=500), ok(status=503), page(502), page(200), CUT, httpx.Response(200)],
    ids=str,
)  # fmt: skip
def test_a_write_that_may_have_taken_effect_is_ambiguous_and_never_sent_again(
    trouble: httpx.Response | Exception, clock: Ticker
) -> None:
    site = Site(trouble, ok())
    with pytest.raises(AmbiguousError, match=r"^shop: .*things/batch"):
        transport(site, clock).send(WRITE)
    assert len(site.asked) == 1
    assert clock.slept == []


@pytest.mark.parametrize(
    "trouble", [REFUSED, httpx.ConnectTimeout("timed out"), httpx.PoolTimeout("pool"), ok(status=429)], ids=str
)
def test_a_write_that_surely_had_no_effect_is_sent_again(trouble: httpx.Response | Exception, clock: Ticker) -> None:
    site = Site(trouble, trouble, ok({"done": 1}))
    assert transport(site, clock).send(WRITE).json() == {"done": 1}
    assert len(site.asked) == 3


def test_a_write_that_cannot_get_through_says_that_nothing_was_done(clock: Ticker) -> None:
    with pytest.raises(RetriableError, match=r"^shop: cannot reach shop\.test:443, asked for things/batch: ") as caught:
        transport(Site(REFUSED), clock).send(WRITE)
    assert not isinstance(caught.value, AmbiguousError)
    assert "check the address in the settings of shop" in caught.value.hint


def test_an_unreachable_host_is_named_with_its_port_after_all_attempts(clock: Ticker) -> None:
    site = Site(REFUSED)
    with pytest.raises(RetriableError, match=r"cannot reach 127\.0\.0\.1:8801"):
        transport(site, clock, base_url="http://127.0.0.1:8801", retry=RetryPolicy(attempts=3)).send(READ)
    assert len(site.asked) == 3


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, FatalError), (401, AuthenticationError), (403, AuthenticationError), (404, ProtocolError),
     (409, FatalError), (413, FatalError), (422, FatalError)],
)  # fmt: skip
def test_a_refusal_is_final(status: int, error: type[CrossdockError], clock: Ticker) -> None:
    site = Site(ok({"message": "no"}, status=status))
    for outgoing in (READ, WRITE):
        with pytest.raises(error, match=str(status)) as caught:
            transport(site, clock).send(outgoing)
        assert not isinstance(caught.value, RetriableError)
    assert len(site.asked) == 2


def test_web_pages_for_ever_end_as_an_error_that_names_connection_operation_and_status(clock: Ticker) -> None:
    with pytest.raises(ProtocolError, match=r"shop: things: .*web page.*status 200.*Back soon") as caught:
        transport(Site(page(200)), clock).send(READ)
    assert "maintenance" in caught.value.hint


def test_a_cut_body_for_ever_ends_as_a_protocol_error_with_an_excerpt(clock: Ticker) -> None:
    with pytest.raises(ProtocolError, match=r"not complete JSON .*\"items\""):
        transport(Site(CUT), clock).send(READ)


def test_a_server_error_page_for_ever_stays_worth_a_later_try(clock: Ticker) -> None:
    with pytest.raises(RetriableError, match="503"):
        transport(Site(page(503)), clock).send(READ)


def test_without_the_json_check_a_download_of_another_kind_passes(clock: Ticker) -> None:
    site = Site(httpx.Response(200, text="id,sku"))
    assert transport(site, clock, check_json=False).send(READ).content == b"id,sku"


def test_an_answer_without_a_body_is_good_where_http_says_so(clock: Ticker) -> None:
    assert transport(Site(httpx.Response(204)), clock).send(WRITE).status == 204


def test_pauses_grow_exponentially_and_are_capped(clock: Ticker) -> None:
    policy = RetryPolicy(attempts=7, base=1.0, max_pause=5.0, chance=lambda limit: limit)
    with pytest.raises(RetriableError):
        transport(Site(ok(status=500)), clock, retry=policy).send(READ)
    assert clock.slept == [1.0, 2.0, 4.0, 5.0, 5.0, 5.0]


def test_jitter_is_drawn_from_the_whole_pause(clock: Ticker) -> None:
    drawn = {RetryPolicy().pause(4, None) for _ in range(50)}
    assert len(drawn) > 40
    assert 0 <= min(drawn) < max(drawn) <= 4.0


def test_a_throttling_without_a_word_of_how_long_is_waited_out_longer_each_time(clock: Ticker) -> None:
    policy = RetryPolicy(untold=5.0, chance=lambda _: 0.0)
    transport(Site(*[httpx.Response(429)] * 3, httpx.Response(503), ok()), clock, retry=policy).send(READ)
    assert clock.slept == [5.0, 10.0, 20.0, 0.0], "trouble of another kind is not throttling"


@pytest.mark.parametrize("name", ["Retry-After", "x-retry-after"])
def test_retry_after_in_seconds_is_waited_for(name: str, clock: Ticker) -> None:
    transport(Site(httpx.Response(429, headers={name: "7"}), ok()), clock).send(READ)
    assert 7.0 <= clock.slept[0] <= 7.5


def test_retry_after_as_a_date_is_counted_from_the_platforms_own_clock(clock: Ticker) -> None:
    headers = {"date": "Sun, 01 Nov 2026 10:00:00 GMT", "retry-after": "Sun, 01 Nov 2026 10:00:09 GMT"}
    transport(Site(httpx.Response(503, headers=headers), ok()), clock).send(READ)
    assert 9.0 <= clock.slept[0] <= 9.5


def test_a_retry_after_of_a_year_is_capped(clock: Ticker) -> None:
    transport(Site(httpx.Response(429, headers={"retry-after": "31536000"}), ok()), clock).send(READ)
    assert clock.slept[0] <= 121


@pytest.mark.parametrize("text", ["soon", "", "-5", "inf", "nan"])
def test_a_retry_after_that_makes_no_sense_does_no_harm(text: str, clock: Ticker) -> None:
    transport(Site(httpx.Response(429, headers={"retry-after": text}), ok()), clock).send(READ)
    assert clock.slept[0] <= 1


def test_a_throttled_write_that_stays_throttled_says_so_and_how_long(clock: Ticker) -> None:
    with pytest.raises(ThrottledError) as caught:
        transport(Site(httpx.Response(429, headers={"retry-after": "3"})), clock).send(WRITE)
    assert caught.value.retry_after == 3.0


def test_a_platforms_own_verdict_decides_over_a_good_status(clock: Ticker) -> None:
    def verdict(answer: Answer) -> CrossdockError | None:
        return ThrottledError("slow down", retry_after=2.0) if answer.json() == "THROTTLED" else None

    site = Site(ok("THROTTLED"), ok("fine"))
    assert transport(site, clock, verdict=verdict).send(WRITE).json() == "fine"
    assert clock.slept[0] >= 2.0


def test_a_verdict_that_calls_a_read_ambiguous_only_means_asking_again(clock: Ticker) -> None:
    def verdict(answer: Answer) -> CrossdockError | None:
        return AmbiguousError("who knows") if answer.json() == "?" else None

    assert transport(Site(ok("?"), ok("fine")), clock, verdict=verdict).send(READ).json() == "fine"
    with pytest.raises(AmbiguousError, match="who knows"):
        transport(Site(ok("?"), ok("fine")), clock, verdict=verdict).send(WRITE)


def test_a_dry_run_sends_reads_and_no_write(clock: Ticker) -> None:
    site = Site(ok())
    dry = transport(site, clock, read_only=True)
    dry.send(READ)
    with pytest.raises(ReadOnlyError, match="dry run"):
        dry.send(WRITE)
    assert [request.method for request in site.asked] == ["GET"]


def test_a_dry_run_asks_the_allow_list_not_the_method(clock: Ticker) -> None:
    site = Site(ok())
    dry = transport(site, clock, read_only=True, is_read=lambda outgoing: b"query" in outgoing.content)
    dry.send(Outgoing("POST", "graphql", content=b"query { shop }"))
    with pytest.raises(ReadOnlyError):
        dry.send(Outgoing("GET", "danger"))
    assert len(site.asked) == 1


def test_every_attempt_is_recorded_with_its_number_status_and_error(clock: Ticker) -> None:
    records = Records()
    transport(Site(ok(status=503), LOST, ok()), clock, on_request=records.append).send(READ)
    assert records.statuses() == [503, 0, 200]
    assert [record.attempt for record in records] == [1, 2, 3]
    assert [record.error for record in records] == ["RetriableError", "RetriableError", ""]
    assert {(record.connection, record.operation, record.write) for record in records} == {("shop", "things", False)}


def test_a_path_is_joined_under_the_base_url_and_an_absolute_url_is_kept(clock: Ticker) -> None:
    site = Site(ok())
    sender = transport(site, clock)
    for url in ("/things?page=2", "things?page=2", "https://shop.test/elsewhere"):
        sender.send(Outgoing("GET", url))
    assert [str(request.url) for request in site.asked] == [
        "https://shop.test/api/things?page=2",
        "https://shop.test/api/things?page=2",
        "https://shop.test/elsewhere",
    ]


def test_a_base_url_that_is_none_is_a_clear_error(clock: Ticker) -> None:
    with pytest.raises(FatalError, match=r"check the URL"):
        transport(Site(ok()), clock, base_url="https://shop.test:port")


def test_as_of_is_the_start_of_the_request_that_was_answered(clock: Ticker) -> None:
    begun = clock.now()

    def slow(request: httpx.Request) -> httpx.Response:
        clock.advance(4)
        return ok()

    answer = transport(Site(slow), clock).send(READ)
    assert answer.started == begun
    assert answer.elapsed == 4.0


def test_after_close_the_next_request_opens_a_new_client(clock: Ticker) -> None:
    site = Site(ok())
    sender = transport(site, clock)
    sender.send(READ)
    sender.close()
    sender.close()
    sender.send(READ)
    assert len(site.asked) == 2


@pytest.mark.parametrize("status", [200, 400, 500])
def test_an_answer_nested_without_end_is_a_bad_answer_and_no_crash(status: int, clock: Ticker) -> None:
    site = Site(httpx.Response(status, content=b'{"errors": ' + b"[" * 1_000_000))
    with pytest.raises(CrossdockError):
        transport(site, clock, retry=RetryPolicy(attempts=1)).send(READ)


def test_what_a_site_says_does_not_move_the_terminals_cursor(clock: Ticker) -> None:
    site = Site(httpx.Response(400, text="no\x1b[2J\x1b]0;title\x07 way\u202e"))
    with pytest.raises(FatalError) as caught:
        transport(site, clock).send(READ)
    assert caught.value.args[0].endswith("status 400: no [2J ]0;title way")
