"""What ShipHero's answers mean in our error tree: the status first, then what stands in ``errors`` at status 200."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from canonical.errors import (
    AmbiguousError,
    AuthenticationError,
    CrossdockError,
    FatalError,
    ProtocolError,
    RetriableError,
    ThrottledError,
)
from connectors.http import Answer, http_verdict
from connectors.shiphero.credits import CreditBudget
from connectors.shiphero.shapes import Envelope, Problem
from connectors.shiphero.tokens import LOGIN, REFRESH

LOOKUP = ".lookup"
"""How the names of requests end in which a record may well be absent."""

WRITES = frozenset({"order_create", "order_cancel"})
_TOKEN_HINT = "check refresh_token, or username and password, of this connection"  # noqa: S105 - a hint, no secret


class TokenRefusedError(AuthenticationError):
    """ShipHero refused the access token."""


class TooDearError(FatalError):
    """A request costs more credits than the bucket ever holds."""


class RefusedError(FatalError):
    """ShipHero refused what was asked; nothing was done."""


class Judge:
    """Reads answers; knows the size of the bucket, if anyone does."""

    def __init__(self, budget: CreditBudget) -> None:
        self._budget = budget

    def __call__(self, answer: Answer) -> CrossdockError | None:
        """Judge an answer; None when its data can be used."""
        by_status = http_verdict(answer)
        if answer.operation in (REFRESH, LOGIN):
            return _of_token(answer, by_status)
        if by_status is not None:
            refused = answer.status == 401
            return TokenRefusedError(by_status.args[0], hint=_TOKEN_HINT) if refused else by_status
        try:
            envelope = msgspec.json.decode(answer.content, type=Envelope)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return answer.problem()
        problems = envelope.problems()
        if not problems:
            return None if envelope.data is not None else ProtocolError(f"{answer.place}: an answer without data")
        return self._of_problems(answer, envelope, problems)

    def _of_problems(self, answer: Answer, envelope: Envelope, problems: Sequence[Problem]) -> CrossdockError | None:
        said = f"{answer.place}: {answer.redact('; '.join(problem.text for problem in problems[:3]))}"
        write = answer.operation in WRITES
        if write and envelope.present(answer.operation):
            return None  # it was done, and a part of what was asked about it could not be told
        if any(problem.throttles for problem in problems):
            return self._throttled(said, next(problem for problem in problems if problem.throttles))
        if any(problem.unauthorized for problem in problems):
            return TokenRefusedError(said, hint=_TOKEN_HINT)
        if any(problem.passing for problem in problems):
            return AmbiguousError(f"{said}; it may have taken effect") if write else RetriableError(said)
        if answer.operation.endswith(LOOKUP) and all(problem.absent for problem in problems):
            return None
        if write:
            return RefusedError(said)
        return ProtocolError(said, hint="ShipHero may have changed its API; see what the message complains about")

    def _throttled(self, said: str, problem: Problem) -> CrossdockError:
        size = self._budget.size
        if size is not None and problem.required is not None and problem.required > size:
            return TooDearError(said, hint="lower the page sizes of this connection, or map fewer fields")
        return ThrottledError(said, retry_after=problem.pause)


def _of_token(answer: Answer, by_status: CrossdockError | None) -> CrossdockError | None:
    if by_status is None or answer.status not in (400, 401, 403):
        return by_status
    said = f"{answer.place}: ShipHero gives no access token (status {answer.status}): {answer.excerpt()}"
    return AuthenticationError(said, hint=_TOKEN_HINT)
