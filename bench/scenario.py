"""One life of a hub at one size, in a process of its own: ``python -m bench.scenario SIZE URL`` prints it as JSON.

Idle, the first full sync, syncs with nothing to do, full audits, the same downloads thrown away; memory by high-water
mark. The platforms are in another process.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from subprocess import run
from typing import Any

import httpx

from bench.pulls import drop, timed
from bench.world import HastyClock, Sites, first_sync, open_hub
from sync.audit import audit
from sync.hub import Hub
from sync.observe import ReadMode
from sync.run import look, run_sync

_NOOPS = 3


def measure(size: int, url: str, repeats: int) -> dict[str, Any]:
    """Everything measured at one size; seconds and MiB."""
    with tempfile.TemporaryDirectory() as folder:
        hub = open_hub(Path(folder), Sites.prepared(url), HastyClock())
        for name in hub.config.connections:
            hub.connector(name).locations()
        found: dict[str, Any] = {"size": size, "idle_mib": _memory("VmRSS"), "first": timed(_checked_first(hub, size))}
        found["first_mib"] = _memory("VmHWM")
        _counts(url)
        found["noop"] = [timed(lambda: _noop(hub)) for _ in range(_NOOPS)]
        found["noop_calls"] = _counts(url)
        found["audit"], found["download"] = [], []
        for _ in range(repeats):
            found["audit"].append(timed(lambda: _audit_read(hub)))
            found["audit_calls"] = _counts(url)
            found["download"].append(timed(lambda: [drop(hub, name) for name in hub.config.connections]))
            _counts(url)
        found["compare"] = timed(lambda: _compare(hub, size))
        found["all_mib"] = _memory("VmHWM")
        hub.close()
        hub.database.close()
    return found


def _checked_first(hub: Hub, size: int) -> Callable[[], None]:
    def go() -> None:
        looked, summary = first_sync(hub)
        assert {read.records for read in looked.reads.values()} == {size, 2 * size}
        assert summary.changes == 0

    return go


def _noop(hub: Hub) -> None:
    report = run_sync(hub, ReadMode.DELTA)
    assert not report.look.incomplete
    assert report.plans[-1].changes == 0
    assert not report.applied


def _audit_read(hub: Hub) -> None:
    looked = look(hub, ReadMode.FULL)
    assert not looked.incomplete
    assert all(read.changed == 0 for read in looked.reads.values())


def _compare(hub: Hub, size: int) -> None:
    for flow in hub.config.flows.values():
        for target in flow.targets:
            report = audit(hub, flow, target)
            assert report.linked == size
            assert report.equal == report.compared


def _memory(name: str) -> float:
    """A line of this process's status in MiB: VmRSS is now, VmHWM the most so far."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(name)


def _counts(url: str) -> dict[str, int]:
    counted: dict[str, int] = httpx.get(f"{url}/bench/counts").json()
    return counted


def in_own_process(size: int, url: str, repeats: int) -> dict[str, Any]:
    """Measure in a fresh process, so that nothing else is in its memory."""
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-m", "bench.scenario", str(size), url, str(repeats)]
    done = run(command, cwd=root, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
