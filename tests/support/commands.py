"""Runs the real command line as its own process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """What a process of ours finds in its environment: this machine's, our code, and these."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def crossdock(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a command and wait for its end, at most so many seconds."""
    return subprocess.run(
        [sys.executable, "-m", "crossdock", *arguments],
        cwd=cwd,
        env=environment(env or {}),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
