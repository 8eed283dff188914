"""Answers to webhooks: stored for good before each, against the same server that only checks the signature."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.ackserver import SECRET
from bench.figure import Figure, at_most, middle, quantile, spread
from bench.posting import post, woo_message

_CONNECTIONS, _BYTES = 16, 6_800
_GOAL, _SLOWEST_MS = 0.40, 30.0


def answers(messages: int, rounds: int) -> list[Figure]:
    """So many messages to each server in each round, the two in turn, so that a busy machine is busy for both."""
    rates: dict[str, list[float]] = {"bare": [], "durable": []}
    times: dict[str, list[float]] = {"bare": [], "durable": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sync = _fsync_ms(folder)
        with _server("bare", folder) as bare, _server("durable", folder) as durable:
            ports = {"bare": bare, "durable": durable}
            for at in range(-1, rounds):
                for kind in sorted(ports, reverse=at % 2 == 0):
                    load = post(ports[kind], _messages(messages, f"round {at}"), _CONNECTIONS)
                    # The first one only warms up.
                    rates[kind] += [load.rate] if at >= 0 else []
                    times[kind] += load.times if at >= 0 else []
        lost = messages * (rounds + 1) - _stored(folder)
    ratios = [mine / other for mine, other in zip(rates["durable"], rates["bare"], strict=True)]
    ratio, stored, plain = middle(ratios), middle(rates["durable"]), middle(rates["bare"])
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
            1000 * quantile(times["durable"], 0.99),
            _SLOWEST_MS,
            f"p50 {1000 * quantile(times['durable'], 0.5):.1f} ms; p99 without storing "
            f"{1000 * quantile(times['bare'], 0.99):.1f} ms; an fsync takes {sync:.2f} ms here",
            digits=1,
            unit=" ms",
        ),
        Figure("webhook acks: answered and not stored", str(lost), "0", f"of {messages * (rounds + 1):,}", lost == 0),
    ]


def _messages(count: int, note: str) -> list[bytes]:
    """Messages about so many different orders."""
    return [woo_message("order.updated", number, note, SECRET, size=_BYTES) for number in range(1, count + 1)]


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
