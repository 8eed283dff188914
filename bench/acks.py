"""Answers to webhooks: stored for good before each, against the same server that only checks the signature."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.ackserver import SECRET
from bench.figure import Figure, at_most, middle, spread

_CONNECTIONS = 16
_GOAL, _SLOWEST_MS = 0.40, 30.0


@dataclass(frozen=True)
class Load:
    """What one run of messages came to."""

    acks: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.acks / self.seconds


def answers(messages: int, repeats: int) -> list[Figure]:
    """Both servers in turn, so often; each run with messages of its own."""
    rates: dict[str, list[Load]] = {"bare": [], "durable": []}
    syncs: list[float] = []
    lost = 0
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            syncs.append(_fsync_ms(folder))
            for kind, found in rates.items():
                with _server(kind, folder) as port:
                    _run(port, _requests(messages // 10, "warm"))
                    found.append(_run(port, _requests(messages, "told")))
            lost += rates["durable"][-1].acks + messages // 10 - _stored(folder)
    ratios = [mine.rate / other.rate for mine, other in zip(rates["durable"], rates["bare"], strict=True)]
    slowest = [one.p99 for one in rates["durable"]]
    ratio = middle(ratios)
    stored, plain = middle([one.rate for one in rates["durable"]]), middle([one.rate for one in rates["bare"]])
    p50, bare99 = middle([one.p50 for one in rates["durable"]]), middle([one.p99 for one in rates["bare"]])
    return [
        Figure(
            "webhook acks: durable (SQLite FULL) / signature only",
            f"{ratio:.2f}",
            f">= {_GOAL:.2f}",
            f"{stored:,.0f}/s against {plain:,.0f}/s, {_CONNECTIONS} connections, 6.8 KB; {spread(ratios)}",
            ratio >= _GOAL,
        ),
        at_most(
            "webhook acks: p99, durable",
            middle(slowest),
            _SLOWEST_MS,
            f"p50 {p50:.1f} ms; p99 without storing {bare99:.1f} ms; an fsync takes {middle(syncs):.2f} ms here",
            digits=1,
            unit=" ms",
        ),
        Figure("webhook acks: answered and not stored", str(lost), "0", f"{repeats} runs", lost == 0),
    ]


def _run(port: int, requests: Sequence[bytes]) -> Load:
    times: list[float] = []
    begun = time.perf_counter()
    asyncio.run(_post_all(port, requests, times))
    seconds = time.perf_counter() - begun
    times.sort()
    return Load(len(times), seconds, 1000 * times[len(times) // 2], 1000 * times[int(len(times) * 0.99)])


async def _post_all(port: int, requests: Sequence[bytes], times: list[float]) -> None:
    parts = [requests[at::_CONNECTIONS] for at in range(_CONNECTIONS)]
    await asyncio.gather(*(_post(port, part, times) for part in parts))


async def _post(port: int, requests: Sequence[bytes], times: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        at = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head[:20], head
        await reader.readexactly(2)
        times.append(time.perf_counter() - at)
    writer.close()
    await writer.wait_closed()


def _requests(count: int, note: str) -> list[bytes]:
    """Messages about so many different orders, each as it goes over the wire."""
    found = []
    filling = "x" * 6600
    for number in range(1, count + 1):
        body = msgspec.json.encode({"id": number, "status": "processing", "note": note, "filling": filling})
        digest = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()
        head = (
            "POST /webhooks/shop HTTP/1.1\r\nHost: hub.example.com\r\nUser-Agent: WooCommerce/11.0.1 Hookshot\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nX-WC-Webhook-Topic: order.updated\r\n"
            f"X-WC-Webhook-ID: 1\r\nX-WC-Webhook-Delivery-ID: {number:032x}\r\nX-WC-Webhook-Signature: {digest}\r\n\r\n"
        )
        found.append(head.encode() + body)
    return found


@contextmanager
def _server(kind: str, folder: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "bench.ackserver", kind, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def _stored(folder: Path) -> int:
    with sqlite3.connect(folder / "hub.sqlite") as database:
        count = int(database.execute("select count(*) from inbox").fetchone()[0])
    database.close()
    return count


def _fsync_ms(folder: Path) -> float:
    times = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            at = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - at)
    return 1000 * middle(times)
