"""How a command ended, as bytes: its report, or the error that ended it; shown elsewhere as if it had run there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace

from canonical.errors import ConfigError, CrossdockError, GuardError, Problem
from crossdock.cli.errors import redacted
from crossdock.cli.outcome import Outcome
from crossdock.cli.output import plain
from crossdock.cli.report import Column, Report, Section


def report_bytes(report: Report) -> bytes:
    """A report, its values as JSON would hold them."""
    return json.dumps({"report": asdict(report)}, ensure_ascii=False, default=plain).encode()


def error_bytes(error: CrossdockError, secrets: Iterable[str]) -> bytes:
    """An error without secrets."""
    known = list(secrets)
    problems = error.problems if isinstance(error, ConfigError) else ()
    told = {
        "guard": isinstance(error, GuardError),
        "message": redacted(str(error.args[0]), known),
        "hint": redacted(error.hint, known),
        "problems": [
            asdict(replace(one, message=redacted(one.message, known), hint=redacted(one.hint, known)))
            for one in problems
        ],
    }
    return json.dumps({"error": told}, ensure_ascii=False).encode()


def ended(raw: bytes) -> Report | CrossdockError:
    """What was kept."""
    kept = json.loads(raw)
    if "report" in kept:
        return _report(kept["report"])
    told = kept["error"]
    if told["problems"]:
        return ConfigError([Problem(**one) for one in told["problems"]])
    kind = GuardError if told["guard"] else CrossdockError
    return kind(told["message"], hint=told["hint"])


def _report(kept: dict[str, object]) -> Report:
    sections = kept.pop("sections")
    assert isinstance(sections, list)
    found = Report(**kept)  # type: ignore[arg-type]
    return replace(found, outcome=Outcome(found.outcome), sections=[_section(one) for one in sections])


def _section(kept: dict[str, object]) -> Section:
    columns = kept.pop("columns")
    assert isinstance(columns, list)
    return Section(columns=[Column(**one) for one in columns], **kept)  # type: ignore[arg-type]
