"""Look every locked package up among known vulnerabilities, and say so loudly when that was not possible.

``pip-audit`` passes over what its service does not know and still ends well; behind a package mirror that can be
everything. Here each locked package needs a verdict: exit code 1 for a finding, 2 when a verdict is missing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@dataclass
class Verdict:
    """What the service said of the locked packages."""

    judged: int = 0
    findings: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 only when every package was judged and none is known to be vulnerable."""
        return 1 if self.findings else 2 if self.unjudged or not self.judged else 0


def locked(text: str) -> list[str]:
    """The packages of a lock file that apply to this Python and platform, by normalized name."""
    lines = (line.removesuffix("\\").strip() for line in text.splitlines() if line[:1].isalnum())
    wanted = (Requirement(line) for line in lines)
    return [canonicalize_name(one.name) for one in wanted if one.marker is None or one.marker.evaluate()]


def judge(names: Iterable[str], report: Mapping[str, Any]) -> Verdict:
    """Compare what was locked with what the report of ``pip-audit`` really covers."""
    verdict = Verdict()
    told = {canonicalize_name(one["name"]): one for one in report.get("dependencies", [])}
    for name in names:
        entry = told.get(canonicalize_name(name), {"skip_reason": "it is not in the report"})
        if "vulns" not in entry:
            verdict.unjudged.append(f"{name}: {entry.get('skip_reason', 'no reason given')}")
            continue
        verdict.judged += 1
        for found in entry["vulns"]:
            fixed = ", ".join(found.get("fix_versions", [])) or "no fixed version yet"
            verdict.findings.append(f"{name} {entry.get('version', '')}: {found['id']} (fixed in: {fixed})")
    return verdict


def ask(lock: Path) -> tuple[Mapping[str, Any], str]:
    """Run ``pip-audit`` over a lock file: its report (empty when it wrote none) and what it complained about."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--require-hashes", "--disable-pip", "-f", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report: Mapping[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        report = {}
    return report, done.stderr.strip()


def main(path: str) -> int:
    """Print the verdict over one lock file."""
    lock = Path(path)
    report, complaint = ask(lock)
    names = locked(lock.read_text(encoding="utf-8"))
    verdict = judge(names, report)
    print(*verdict.findings, *verdict.unjudged[:10], sep="\n", end="\n" if verdict.findings or verdict.unjudged else "")
    print(
        f"{lock.name}: {verdict.judged} of {len(names)} packages judged, {len(verdict.findings)} known vulnerabilities"
    )
    if verdict.exit_code == 2:
        last = complaint.splitlines()[-1] if complaint else "no complaint"
        print(
            f"NOT AUDITED: the vulnerability service gave no verdict for the packages above; pip-audit said: {last}",
            file=sys.stderr,
        )
        print("Run it where https://pypi.org can be reached.", file=sys.stderr)
    return verdict.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
