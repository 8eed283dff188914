"""A short run of the fuzzer over everything that strangers' bytes reach; `make fuzz` is the long one."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.commands import ROOT

_RUNS = {"signatures": 20_000, "receiver": 5_000, "files": 1_500}


@pytest.mark.skipif(find_spec("atheris") is None, reason="the fuzzer is not to be had for this machine")
@pytest.mark.parametrize("target", sorted(_RUNS))
def test_no_input_breaks_what_takes_it(target: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", target, "--runs", str(_RUNS[target]), "--keep", f"{tmp_path}/"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert f"stat::number_of_executed_units: {_RUNS[target]}" in done.stderr
    assert not list(tmp_path.iterdir())
