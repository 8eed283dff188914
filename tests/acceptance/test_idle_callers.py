"""Who connects and says nothing, or half a word, costs a connection for a while and never the hub its work."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crossdock.daemon.patience import HEAD_SECONDS
from tests.support.hearing import Hearing, hearing
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(120)
_FILES = 128
_HALF = b"POST /webhooks/shop HTTP/1.1\r\nHost: hub.example\r\nX-Slow: "


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Hearing]:
    with hearing(tmp_path) as found:
        yield found


def _call(stack: ExitStack, address: str) -> socket.socket:
    at = urlsplit(address)
    return stack.enter_context(socket.create_connection((at.hostname, at.port), timeout=HEAD_SECONDS * 2))


def test_more_idle_callers_than_the_process_may_have_files_do_not_keep_it_from_working(world: Hearing) -> None:
    serving = world.serve("--every", "1")
    until(lambda: "done" in world.runs("serve"))
    resource.prlimit(serving.process.pid, resource.RLIMIT_NOFILE, (_FILES, _FILES))
    with ExitStack() as stack:
        for _ in range(_FILES * 2):
            _call(stack, serving.url)
        world.woo.checkout.place({"SKU-1": 2})
        until(world.asked)


@pytest.mark.parametrize("said", [b"", _HALF], ids=["nothing", "half a head"])
def test_who_does_not_come_to_the_end_of_a_head_is_let_go(world: Hearing, said: bytes) -> None:
    serving = world.serve("--every", "3600")
    with ExitStack() as stack:
        caller = _call(stack, serving.url)
        begun = time.monotonic()
        try:
            # A word now and then does not make it last longer.
            while time.monotonic() < begun + HEAD_SECONDS + 5:
                caller.settimeout(2)
                if said:
                    caller.sendall(said if time.monotonic() < begun + 1 else b"x")
                try:
                    ended = caller.recv(100) == b""
                except TimeoutError:
                    continue
                assert ended
                break
            else:
                pytest.fail("it was still waited for")
        except (ConnectionResetError, BrokenPipeError):
            pass
        assert time.monotonic() - begun >= HEAD_SECONDS - 1
