"""What is fuzzed, and what must never happen: each target takes bytes and returns, or ends the run."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from canonical.errors import ConfigError
from connectors.registry import BUILT_IN, manifest_of, webhooks_of
from connectors.webhooks import Contents, Greeting, Refused
from crossdock.clock import SystemClock
from crossdock.settings.lint import checked, find_problems
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.webhooks.limits import Limits
from crossdock.webhooks.receiver import Door, Receiver
from mappings.source import parse_yaml
from sync.store.database import open_database

_NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
_SECRET = "whsec_" + base64.b64encode(b"a secret for fuzzing").decode()
_PLATFORMS = sorted(name for name in BUILT_IN if webhooks_of(name) is not None)
_HEADERS = (
    b"stripe-signature",
    b"x-shopify-hmac-sha256",
    b"x-shopify-topic",
    b"x-wc-webhook-signature",
    b"x-wc-webhook-topic",
    b"x-shiphero-hmac-sha256",
    b"webhook-id",
    b"webhook-timestamp",
    b"webhook-signature",
    b"content-type",
    b"content-length",
)
_EXPECTED = frozenset({200, 400, 401, 404, 405, 408, 413, 429, 503})


class Choices(Protocol):
    """What a fuzzer hands out: pieces of its input, as the library calls them."""

    def ConsumeBytes(self, count: int) -> bytes: ...
    def ConsumeIntInRange(self, low: int, high: int) -> int: ...
    def ConsumeBool(self) -> bool: ...
    def ConsumeUnicode(self, count: int) -> str: ...
    def remaining_bytes(self) -> int: ...


Target = Callable[[Choices], None]


def signatures(choices: Choices) -> None:
    """No signature that was made up is believed, and whatever an authentic message says is read or names nothing."""
    name = _PLATFORMS[choices.ConsumeIntInRange(0, len(_PLATFORMS) - 1)]
    reader, spec = webhooks_of(name), manifest_of(name).webhooks
    assert reader is not None
    assert spec is not None
    topics = [*spec.topics, *spec.privacy, choices.ConsumeUnicode(12)]
    topic = topics[choices.ConsumeIntInRange(0, len(topics) - 1)]
    headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in _headers(choices)}
    body = choices.ConsumeBytes(choices.remaining_bytes())
    verdict = reader.verify(body, headers, [_SECRET], _NOW)
    assert isinstance(verdict, (Refused, Greeting)), verdict
    contents = reader.read(topic, body)
    assert isinstance(contents, Contents)
    assert all(one.external_id and one.resource in spec.topics[topic] for one in contents.records)


def _headers(choices: Choices) -> list[tuple[bytes, bytes]]:
    return [
        (_HEADERS[choices.ConsumeIntInRange(0, len(_HEADERS) - 1)], choices.ConsumeBytes(40))
        for _ in range(choices.ConsumeIntInRange(0, 4))
    ]


def files(choices: Choices) -> None:
    """Any text in place of a configuration is read, or its fault is told in words."""
    text = choices.ConsumeUnicode(choices.remaining_bytes())
    try:
        parse_yaml(text)
    except ConfigError as error:
        assert error.problems[0].message
        return
    file = _folder() / "crossdock.yaml"
    file.write_text(text, "utf-8", errors="replace")
    platforms = InstalledPlatforms()
    assert all(problem.message for problem in find_problems(file, platforms))
    try:
        checked(file, platforms)
    except ConfigError as error:
        assert error.problems[0].message


_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


def _folder() -> Path:
    if not _FOLDERS:
        _FOLDERS.append(tempfile.TemporaryDirectory(prefix="crossdock-fuzz-"))
    return Path(_FOLDERS[0].name)


class Heard:
    """A receiver with a door for every platform, spoken to as a server would, without a socket."""

    def __init__(self) -> None:
        self._database = open_database(f"sqlite:///{_folder()}/fuzz.sqlite")
        doors = {}
        for name in _PLATFORMS:
            reader = webhooks_of(name)
            assert reader is not None
            doors[name] = Door(name, reader, (_SECRET,))
        limits = Limits(per_second=1_000_000, body_bytes=2_000)
        self._receiver = Receiver(doors, self._database, SystemClock(), limits)
        self._loop = asyncio.new_event_loop()
        self._life = self._receiver.app.router.lifespan_context(self._receiver.app)
        self._loop.run_until_complete(self._life.__aenter__())

    def __call__(self, choices: Choices) -> None:
        """A request is answered, with a status that is foreseen; only what was signed is stored."""
        name = _PLATFORMS[choices.ConsumeIntInRange(0, len(_PLATFORMS) - 1)]
        method = ("POST", "POST", "POST", "GET", "PUT")[choices.ConsumeIntInRange(0, 4)]
        path = f"/webhooks/{name}" if choices.ConsumeBool() else f"/{choices.ConsumeUnicode(12)}"
        signed, headers = choices.ConsumeBool(), _headers(choices)
        parts = list(_parts(choices))
        body = b"".join(part for part, _ in parts)
        if signed:
            headers.append((b"x-shopify-hmac-sha256", _digest(body)))
            headers.append((b"x-wc-webhook-signature", _digest(body)))
        before = self._receiver.counts.copy()
        status = self._loop.run_until_complete(self._ask(method, path, headers, parts))
        assert status in _EXPECTED, (status, method, path, headers, body)
        stored = sum(count for (_, what), count in (self._receiver.counts - before).items() if what == "stored")
        assert stored == 0 or (status == 200 and _is_signed(headers, body)), (headers, body)

    async def _ask(
        self, method: str, path: str, headers: list[tuple[bytes, bytes]], parts: list[tuple[bytes, bool]]
    ) -> int:
        statuses: list[int] = []
        coming = [{"type": "http.request", "body": part, "more_body": more} for part, more in parts]
        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode("utf-8", "replace"),
            "root_path": "",
            "scheme": "http",
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "http_version": "1.1",
            "asgi": {"version": "3.0"},
        }

        async def receive() -> dict[str, Any]:
            return coming.pop(0) if coming else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await self._receiver.app(scope, receive, send)
        assert len(statuses) == 1
        return statuses[0]


def _parts(choices: Choices) -> Iterator[tuple[bytes, bool]]:
    for _ in range(choices.ConsumeIntInRange(0, 3)):
        yield choices.ConsumeBytes(choices.ConsumeIntInRange(0, 900)), True
    yield choices.ConsumeBytes(900), False


def _digest(body: bytes) -> bytes:
    return base64.b64encode(hmac.new(_SECRET.encode(), body, hashlib.sha256).digest())


def _is_signed(headers: list[tuple[bytes, bytes]], body: bytes) -> bool:
    return any(value == _digest(body) for _, value in headers)


def known() -> dict[str, Callable[[], Target]]:
    """Every target, made when it is used."""
    return {"signatures": lambda: signatures, "files": lambda: files, "receiver": Heard}


def seeds() -> Iterator[bytes]:
    """What a fuzzer begins with: texts that get far."""
    yield msgspec.json.encode({"id": 7, "status": "processing", "admin_graphql_api_id": "gid://shopify/Order/7"})
    yield b"database: sqlite:///x.sqlite\nconnections:\n  shop:\n    connector: shopify\n    settings: {shop: a}\n"
    yield b"locations:\n  WH1: {erp: '5'}\nownership:\n  variant.sku: erp\nflows:\n  - name: prices\n"
