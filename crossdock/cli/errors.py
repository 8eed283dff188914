"""Tell errors on stderr: what happened, where, and what to do next; never a secret."""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path

from canonical.errors import ConfigError, CrossdockError, Problem
from canonical.spellings import spellings
from crossdock.cli.outcome import Outcome

_MASK = "***"
_SHORTEST = 4
_IN_URL = re.compile(r"(://[^/\s:@]*:)[^@\s/]+@")


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text without known secrets, quoted or not, and without passwords in URLs."""
    # Copied at once: another thread may read a new secret meanwhile.
    forms = {form for secret in tuple(secrets) if len(secret.strip()) >= _SHORTEST for form in spellings(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, _MASK)
    return _IN_URL.sub(rf"\1{_MASK}@", text)


def unwritable(path: Path, error: OSError) -> CrossdockError:
    """What to say of a file that cannot be written."""
    return CrossdockError(f"cannot write {path}: {error.strerror}", hint="name another file with -o")


def tell(error: CrossdockError, secrets: Iterable[str]) -> None:
    """An expected error: its message and the next step."""
    if isinstance(error, ConfigError):
        lines = [line for problem in error.problems for line in problem_lines(problem)]
        if len(error.problems) > 1:
            lines.append(f"{len(error.problems)} problems")
    else:
        lines = [f"error: {error.args[0]}", *([f"  next: {error.hint}"] if error.hint else [])]
    print(redacted("\n".join(lines), secrets), file=sys.stderr)


def error_document(error: CrossdockError, outcome: Outcome, secrets: Iterable[str]) -> str:
    """An error as JSON: ``{"exit_code", "error", "next"}``."""
    if isinstance(error, ConfigError):
        told = "\n".join(problem_lines(problem)[0] for problem in error.problems)
        steps = [problem.hint for problem in error.problems if problem.hint]
    else:
        told, steps = str(error.args[0]), [error.hint] if error.hint else []
    known = list(secrets)
    document = {
        "exit_code": int(outcome),
        "error": redacted(told, known),
        "next": [redacted(step, known) for step in dict.fromkeys(steps)],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def tell_unexpected(error: BaseException, secrets: Iterable[str], *, verbose: bool) -> None:
    """A fault of ours: short, with the traceback when asked for."""
    lines = [f"unexpected error: {type(error).__name__}: {error}"]
    if verbose:
        lines = ["".join(traceback.format_exception(error)).rstrip(), *lines]
    else:
        lines.append("  next: run again with -v for the traceback, and report it")
    print(redacted("\n".join(lines), secrets), file=sys.stderr)


def problem_lines(problem: Problem) -> list[str]:
    """One finding in a file: place, severity and message, then the hint."""
    place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part)
    head = f"{place}: {problem.severity}: {problem.message}" if place else f"{problem.severity}: {problem.message}"
    return [head, *([f"  next: {problem.hint}"] if problem.hint else [])]
