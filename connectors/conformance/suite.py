"""The whole suite: every check by name, how to run it, and the tier it proves."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec

from canonical.errors import ConfigError, Problem
from connectors.conformance.deliveries import WEBHOOK_CHECKS
from connectors.conformance.effects import EFFECT_CHECKS
from connectors.conformance.faults import FAULT_CHECKS
from connectors.conformance.model import Check, CheckResult, Group, Status, Subject, Tier
from connectors.conformance.reads import READ_CHECKS
from connectors.conformance.writes import WRITE_CHECKS
from connectors.registry import package_of

CHECKS: dict[str, Check] = {
    check.name: check for check in (*READ_CHECKS, *WEBHOOK_CHECKS, *WRITE_CHECKS, *EFFECT_CHECKS, *FAULT_CHECKS)
}
"""Every check by its name, in the order they run."""


def run(subject: Subject) -> list[CheckResult]:
    """Run every check on one connector."""
    return [check(subject) for check in CHECKS.values()]


def tier_of(results: Iterable[CheckResult]) -> Tier:
    """Bronze: all reads; silver: all writes and effects too; gold: all under faults. Skips alone prove nothing."""
    found = list(results)
    reads, writes, faults = (_proven(found, group) for group in ("reads", "writes", "faults"))
    if not reads:
        return Tier.NONE
    if not writes:
        return Tier.BRONZE
    return Tier.GOLD if faults else Tier.SILVER


def load_subject(name: str) -> Subject:
    """The subject that a connector package provides in ``simulator/subject.py``; ConfigError when it has none."""
    module = f"{package_of(name)}.simulator.subject"
    if not _exists(module):
        raise ConfigError(
            [
                Problem(
                    f"connector {name} has no conformance subject",
                    hint=f"nothing to examine it on; a connector of your own needs {module} with subject() -> Subject",
                )
            ]
        )
    found = import_module(module).subject()
    if not isinstance(found, Subject):
        raise ConfigError(f"{module}.subject() gave a {type(found).__name__}, not a Subject")
    return found


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # a package above it is missing
        return False


def _proven(results: list[CheckResult], group: Group) -> bool:
    statuses = [result.status for result in results if result.group == group]
    return Status.PASS in statuses and Status.FAIL not in statuses
