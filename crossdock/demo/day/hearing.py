"""The hub's receiver over real HTTP on this machine, and platforms that tell it what happened."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn

from crossdock.daemon.server import listen
from crossdock.demo.day.scene import Day
from crossdock.settings.lint import checked
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.secrets import Resolver
from crossdock.webhooks.doors import doors, limits
from crossdock.webhooks.receiver import Receiver

_WAIT = 10.0


@dataclass(frozen=True, slots=True)
class Message:
    """One webhook as a platform sends it."""

    headers: Mapping[str, str]
    body: bytes


class Ear:
    """Where platforms tell something; ``counts`` is what became of it."""

    def __init__(self, receiver: Receiver, base: str) -> None:
        self._base = base
        self.counts = receiver.counts

    def deliver(self, connection: str, messages: Sequence[Message]) -> list[int]:
        """Post messages to a connection's door, all at the same time; tells the answers."""

        def post(one: Message) -> int:
            return httpx.post(
                f"{self._base}/webhooks/{connection}", content=one.body, headers=dict(one.headers), timeout=_WAIT
            ).status_code

        with ThreadPoolExecutor(len(messages)) as pool:
            return list(pool.map(post, messages))


@contextmanager
def hearing(day: Day) -> Iterator[Ear]:
    """What ``crossdock serve --receive-only`` does, while the context lasts."""
    settings = checked(day.config, InstalledPlatforms())
    opened = doors(settings, Resolver({}, settings.config_dir, set()))
    receiver = Receiver(opened, day.hub.database, day.hub.clock, limits(settings.webhooks))
    with listen("127.0.0.1", 0) as listener:
        config = uvicorn.Config(
            receiver.app, log_config=None, access_log=False, log_level=logging.WARNING, lifespan="on"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), name="receiver", daemon=True)
        thread.start()
        log = logging.getLogger(Receiver.__module__)
        level = log.level
        log.setLevel(logging.ERROR)  # what is refused on purpose is told by the story
        try:
            yield Ear(receiver, f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            log.setLevel(level)
            server.should_exit = True
            thread.join(_WAIT)
