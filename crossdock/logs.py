"""The log on stderr: text for people, or one JSON object a line for a collector; secrets taken out of both."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from sync import logcontext

Form: TypeAlias = Literal["text", "json"]
Redact: TypeAlias = Callable[[str, Iterable[str]], str]
LEVELS = ("debug", "info", "warning", "error")
_OTHERS = ("apscheduler", "httpx", "httpcore")


def start(form: Form, level: int, secrets: set[str], redact: Redact) -> None:
    """Send everything from a level on to stderr; ``secrets`` may grow while the log is written."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(secrets, redact) if form == "json" else Text(secrets, redact))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _OTHERS:
        # Their own words are about threads, jobs and sockets; what an operator should know is said by us.
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


class Text(logging.Formatter):
    """Level, place and message, for who reads along."""

    def __init__(self, secrets: set[str], redact: Redact) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        self._secrets = secrets
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """One record as lines of text."""
        return self._redact(super().format(record), self._secrets)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and what it is about; ``error`` holds a traceback."""

    def __init__(self, secrets: set[str], redact: Redact) -> None:
        super().__init__()
        self._secrets = secrets
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """One record as one line, each text in it redacted before it is escaped."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_about(record),
        }
        exchange = getattr(record, "exchange", None)
        if is_dataclass(exchange) and not isinstance(exchange, type):
            line["exchange"] = asdict(exchange)
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(self._clean(line), ensure_ascii=False, default=str)

    def _clean(self, value: object) -> object:
        if isinstance(value, dict):
            return {key: self._clean(one) for key, one in value.items()}
        return self._redact(value, self._secrets) if isinstance(value, str) else value


def _about(record: logging.LogRecord) -> dict[str, object]:
    """What a record says of itself counts more than what it was written under."""
    own = {key: getattr(record, key) for key in logcontext.KEYS if hasattr(record, key)}
    return {**logcontext.current(), **own}
