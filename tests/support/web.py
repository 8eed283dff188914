"""A transport on a scripted site: what each test sends, and what the site is made to answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import httpx

from connectors.http import Answer, Outgoing, RequestRecord, RetryPolicy, Transport, http_verdict
from connectors.simulation import Ticker

READ = Outgoing("GET", "things", operation="things")
WRITE = Outgoing("POST", "things", content=b"{}", operation="things/batch")

Step = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Site(httpx.BaseTransport):
    """Answers with the given steps in order, the last one for ever; keeps what it was asked."""

    def __init__(self, *steps: Step) -> None:
        self.steps: list[Step] = list(steps)
        self.asked: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        if isinstance(step, httpx.Response):
            return httpx.Response(step.status_code, headers=step.headers, content=step.content)
        return step(request)


def is_read(outgoing: Outgoing) -> bool:
    return outgoing.method in ("GET", "HEAD")


def transport(site: httpx.BaseTransport | None, clock: Ticker, **settings: Any) -> Transport:
    """A transport of the connection ``shop`` on ``https://shop.test/api``; pauses are half their longest."""
    return Transport(
        "shop",
        **{
            "base_url": "https://shop.test/api",
            "is_read": is_read,
            "verdict": http_verdict,
            "clock": clock,
            "http_transport": site,
            "retry": RetryPolicy(chance=lambda limit: limit / 2),
            "allow_private_network": True,
            **settings,
        },
    )


def ok(value: object = None, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=value if value is not None else {"ok": True}, headers=headers)


def page(status: int = 200) -> httpx.Response:
    return httpx.Response(status, html="<html><body>Back soon</body></html>")


class Records(list[RequestRecord]):
    """The request log of a test."""

    def statuses(self) -> Sequence[int]:
        return [record.status for record in self]


def answer_of(response: httpx.Response, clock: Ticker) -> Answer:
    return Answer(response.status_code, response.headers, response.content, clock.now(), 0.1, "things", "shop")
