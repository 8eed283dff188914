"""The way from the platforms to the hub: it loses messages, doubles them, keeps some back, and carries forgeries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import httpx

from crossdock.clock import SystemClock
from tests.chaos.mouth import Message
from tests.chaos.scene import SECRETS

Forgery: TypeAlias = Message
_OLD = 3_600
_HUGE = 3 * 1024 * 1024
_REMEMBERED = 400


class Post:
    """Delivers messages, if ``calm`` each once; ``attempts`` are deliveries, ``answers`` what became of them."""

    def __init__(self, port: int, seed: int, *, calm: bool) -> None:
        self._dice = random.Random(f"post {seed}")
        self._calm = calm
        self._base = f"http://127.0.0.1:{port}/webhooks"
        limits = httpx.Limits(max_connections=8, max_keepalive_connections=8)
        self._client = httpx.Client(timeout=5, limits=limits, trust_env=False)
        self._pool = ThreadPoolExecutor(8)
        self._kept: list[tuple[int, Message]] = []
        self._past: deque[Message] = deque(maxlen=_REMEMBERED)
        self._turn = 0
        self.attempts = 0
        self.counted: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self.believed: list[str] = []
        """Forgeries that the hub took."""

    def deliver(self, told: Sequence[Message]) -> None:
        """Take messages over, and post what is to be posted now."""
        self._turn += 1
        if self._calm:
            self._send([(one, "") for one in told])
            return
        now = [(one, "") for message in told for one in self._fate(message)]
        now += [(message, "") for due, message in self._kept if due <= self._turn]
        self._kept = [one for one in self._kept if one[0] > self._turn]
        if told and self._past and self._dice.random() < 0.5:
            again = self._dice.sample(list(self._past), min(len(self._past), 5))
            self.counted["told again later"] += len(again)
            now += [(one, "") for one in again]
        if told and self._past and self._dice.random() < 0.4:
            now.append(self._forged(self._dice.choice(list(self._past)), self._dice.choice(_KINDS)))
        self._past.extend(told)
        self._dice.shuffle(now)
        self._send(now)

    def forge_all(self) -> None:
        """Each kind of forgery of the newest message at each door: none depends on how the dice fell."""
        if not self._calm:
            newest = {message[0]: message for message in self._past}
            self._send([self._forged(message, kind) for message in newest.values() for kind in _KINDS])

    def reaches(self) -> bool:
        """Whether somebody listens where messages are delivered."""
        try:
            return self._client.get(self._base.replace("/webhooks", "/healthz")).status_code < 500
        except httpx.HTTPError:
            return False

    def close(self) -> None:
        """What is still kept is lost."""
        self.counted["dropped"] += len(self._kept)
        self._pool.shutdown()
        self._client.close()

    def _fate(self, message: Message) -> list[Message]:
        chance = self._dice.random()
        if chance < 0.08:
            self.counted["dropped"] += 1
            return []
        if chance < 0.20:
            self.counted["reordered"] += 1
            self._kept.append((self._turn + self._dice.randint(1, 8), message))
            return []
        if chance < 0.45:
            self.counted["doubled"] += 1
            return [message] * self._dice.randint(2, 4)
        return [message]

    def _forged(self, message: Message, kind: str) -> tuple[Message, str]:
        self.counted[f"forged: {kind}"] += 1
        door, headers, body = message
        if kind == "wrong signature":
            name = next(one for one in headers if one.lower() in _SIGNATURES)
            value = base64.b64encode(hashlib.sha256(body).digest()).decode()
            return (door, {**headers, name: f"v1,{value}" if door == "tpl" else value}, body), kind
        if kind == "wrong connection":
            others = [one for one in ("shop_eu", "shop_web", "tpl") if one != door]
            return (self._dice.choice(others), headers, body), kind
        if kind == "truncated":
            return (door, headers, body[: len(body) // 2]), kind
        if kind == "oversized":
            return (door, headers, body + b" " * _HUGE), kind
        return _signed_long_ago(body), kind

    def _send(self, messages: Sequence[tuple[Message, str]]) -> None:
        answers = list(self._pool.map(lambda one: self._one(one[0]), messages))
        self.attempts += len(answers)
        for (_, forged), status in zip(messages, answers, strict=True):
            self.answers[status] += 1
            if forged and status < 300 and status:
                self.believed.append(forged)

    def _one(self, message: Message) -> int:
        door, headers, body = message
        try:
            return self._client.post(f"{self._base}/{door}", content=body, headers=headers).status_code
        except httpx.HTTPError:
            return 0


_KINDS = ("wrong signature", "wrong connection", "truncated", "oversized", "old timestamp")
_SIGNATURES = ("x-wc-webhook-signature", "x-shopify-hmac-sha256", "webhook-signature")


def _signed_long_ago(body: bytes) -> Message:
    """A message of the 3PL that is signed well, and was an hour ago."""
    number, at = "msg_00000000000000000000", str(int(SystemClock().now().timestamp()) - _OLD)
    key = base64.b64decode(SECRETS["TPL_HOOK"].removeprefix("whsec_"))
    digest = hmac.new(key, f"{number}.{at}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    headers = {"webhook-id": number, "webhook-timestamp": at, "webhook-signature": signature}
    return "tpl", {**headers, "content-type": "application/json", "x-webhook-topic": "order.shipped"}, body
