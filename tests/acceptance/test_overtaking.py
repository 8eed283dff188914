"""What a platform tells overtakes whatever takes long, and a record that cannot be read delays no other."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from connectors.simulation import Fault
from connectors.simulation.messages import SimRequest, SimResponse
from tests.support.commands import environment
from tests.support.hearing import SECRETS, Hearing, hearing
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(300)
_PAGE_SECONDS, _ITEMS = 0.7, 1_300


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30, trust_env=False) as found:
        yield found


def _is_page(request: SimRequest) -> bool:
    return request.method == "GET" and request.path.endswith("/products") and not request.param("include")


def _slow_pages(world: Hearing, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A shop as slow as a large one, where reading all of it takes hours; tells the pages that it gave."""
    handle, pages = world.woo.handle, list[str]()

    def slowly(request: SimRequest) -> SimResponse:
        if _is_page(request):
            time.sleep(_PAGE_SECONDS)
            pages.append(request.param("page"))
        return handle(request)

    monkeypatch.setattr(world.woo, "handle", slowly)
    return pages


def test_what_is_told_waits_for_no_full_read(
    tmp_path: Path, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hearing(tmp_path, items=_ITEMS) as world:
        serving = world.serve("--every", "3600")
        until(lambda: world.runs("serve") == ["done"])
        pages = _slow_pages(world, monkeypatch)
        command = [sys.executable, "-m", "crossdock", "--config", "crossdock.yaml", "sync", "--read", "full"]
        with subprocess.Popen(command, cwd=tmp_path, env=environment(SECRETS), text=True) as reading:
            until(lambda: world.runs("sync") == ["running"])
            world.woo.checkout.place({"SKU-1": 2})
            ((body, headers),) = world.messages()
            assert serving.post(client, body, headers) == 200
            until(world.asked)
            assert len(pages) < _ITEMS // 100
            assert reading.wait(120) in (0, 2)
        assert len(pages) == _ITEMS // 100
        assert len(world.asked()) == 1


def test_an_order_that_cannot_be_read_delays_no_other(tmp_path: Path, client: httpx.Client) -> None:
    with hearing(tmp_path) as world:
        serving = world.serve("--every", "3600")
        until(lambda: world.runs("serve") == ["done"])
        bad = str(world.woo.checkout.place({"SKU-1": 1}))
        for _ in range(6):
            world.woo.checkout.place({"SKU-2": 1})
        asks_for_it = Fault("status", times=1_000_000, only="read", status=500, when=lambda one: _names(one, bad))
        with world.woo.turn():
            world.woo.faults.add(asks_for_it)
        begun = time.monotonic()
        for body, headers in world.messages():
            assert serving.post(client, body, headers) == 200
        until(lambda: len(world.asked()) == 6)
        took = time.monotonic() - begun
        assert world.marked() == 1
        with world.woo.turn():
            world.woo.faults.clear()
        until(lambda: len(world.asked()) == 7)
        assert not world.marked()
        # Trying a broken read again and again on the spot, as is right for everything else, takes longer by itself.
        assert took < 15


def _names(request: SimRequest, order: str) -> bool:
    """Whether a lookup of orders asks for this one."""
    return request.path.endswith("/orders") and order in request.param("include").split(",")
