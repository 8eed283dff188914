"""The audit of the lock file never takes silence for safety."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from requirements import audit

LOCK = """\
alpha==1.0 \\
    --hash=sha256:aa
    # via crossdock
beta-two==2.0 ; sys_platform == 'no-such-platform' \\
    --hash=sha256:bb
Gamma_3==3.0 ; python_version >= '3.11' \\
    --hash=sha256:cc
"""


def _report(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": list(entries)}


def test_a_lock_file_names_the_packages_that_apply_here() -> None:
    assert audit.locked(LOCK) == ["alpha", "gamma-3"]


def test_an_audit_is_good_only_when_every_package_was_judged() -> None:
    entries = [{"name": "alpha", "version": "1.0", "vulns": []}, {"name": "Gamma.3", "version": "3.0", "vulns": []}]
    whole = audit.judge(["alpha", "gamma-3"], _report(*entries))
    assert (whole.exit_code, whole.judged) == (0, 2)


def test_a_skipped_package_fails_the_audit_with_its_reason() -> None:
    skipped = {"name": "gamma-3", "skip_reason": "not found on PyPI"}
    verdict = audit.judge(["alpha", "gamma-3"], _report({"name": "alpha", "vulns": []}, skipped))
    assert verdict.exit_code == 2
    assert verdict.unjudged == ["gamma-3: not found on PyPI"]


def test_a_package_missing_from_the_report_fails_the_audit() -> None:
    assert audit.judge(["alpha", "gamma-3"], _report({"name": "alpha", "vulns": []})).exit_code == 2


def test_an_empty_report_fails_the_audit() -> None:
    assert audit.judge(["alpha"], {}).exit_code == 2
    assert audit.judge([], {}).exit_code == 2


def test_a_known_vulnerability_is_named_with_the_version_that_fixes_it() -> None:
    found = {"id": "PYSEC-1", "fix_versions": ["1.1"]}
    verdict = audit.judge(["alpha"], _report({"name": "alpha", "version": "1.0", "vulns": [found]}))
    assert verdict.exit_code == 1
    assert verdict.findings == ["alpha 1.0: PYSEC-1 (fixed in: 1.1)"]


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ('{"dependencies": [{"name": "alpha", "skip_reason": "not found on PyPI"}]}', 2, "0 of 1 packages judged"),
        ('{"dependencies": []}', 2, "0 of 1 packages judged"),
        ("the mirror answers a page", 2, "NOT AUDITED"),
        ('{"dependencies": [{"name": "alpha", "version": "1.0", "vulns": []}]}', 0, "1 of 1 packages judged"),
    ],
)
def test_a_run_that_looked_at_nothing_fails_though_pip_audit_ends_well(
    answer: str, code: int, said: str, tmp_path: Path
) -> None:
    (tmp_path / "pip_audit.py").write_text(f"print({answer!r})")
    (tmp_path / "some.lock").write_text("alpha==1.0 \\\n    --hash=sha256:aa\n")
    done = subprocess.run(
        [sys.executable, audit.__file__, str(tmp_path / "some.lock")],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr
