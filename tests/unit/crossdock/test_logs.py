"""One JSON object a line, with what it is about and without secrets."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from crossdock.cli import errors
from crossdock.cli.errors import redacted
from crossdock.logs import JsonLines, Text, start
from sync import logcontext
from sync.logcontext import about

SECRET = 'a "quoted" secret'


def _line(message: str, *arguments: object, error: bool = False, **more: object) -> dict[str, Any]:
    record = logging.LogRecord("sync.run", logging.WARNING, __file__, 1, message, arguments, None)
    if error:
        record.exc_info = sys.exc_info()
    record.__dict__.update(more)
    text = JsonLines({SECRET}, redacted).format(record)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_line_says_when_how_grave_where_and_what() -> None:
    found = _line("%s was not read", "shop")
    assert (found["level"], found["logger"], found["message"]) == ("warning", "sync.run", "shop was not read")
    assert found["time"].endswith("+00:00")


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.ERROR])
def test_what_libraries_say_of_themselves_is_left_out(level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    for name in ("apscheduler", "httpx", "httpcore"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.NOTSET)
    start("text", level, set(), redacted)
    for name in ("apscheduler.scheduler", "httpx", "httpcore.connection"):
        assert logging.getLogger(name).getEffectiveLevel() == max(level, logging.WARNING)


def test_what_a_line_is_about_comes_from_where_it_is_written_and_ends_there() -> None:
    with about(run=7, connection="shop"), about(ref="call 3", action="apply", flow="prices", trace="ab"):
        inner = _line("sent")
        assert _line("sent", connection="other")["connection"] == "other"
    assert {key: inner[key] for key in logcontext.KEYS} == {
        "run": 7,
        "connection": "shop",
        "ref": "call 3",
        "action": "apply",
        "flow": "prices",
        "trace": "ab",
    }
    assert not set(logcontext.KEYS) & _line("after").keys()


def test_secrets_are_taken_out_even_where_json_would_escape_them() -> None:
    try:
        raise ValueError(f"refused {SECRET}")
    except ValueError:
        found = _line("token %s at postgresql://me:hunter22@db/x", SECRET, error=True, ref=SECRET)
    assert "quoted" not in json.dumps(found)
    assert "hunter22" not in json.dumps(found)
    assert found["ref"] == "***"
    assert "ValueError" in found["error"]


def test_text_is_redacted_too() -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "token %s", (SECRET,), None)
    assert Text({SECRET}, redacted).format(record) == "INFO x: token ***"


def test_a_secret_may_be_read_while_a_line_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"first-secret"}

    def meanwhile(secret: str) -> frozenset[str]:
        secrets.add(f"{secret}-renewed")
        return frozenset({secret})

    monkeypatch.setattr(errors, "spellings", meanwhile)
    assert errors.redacted("it is first-secret", secrets) == "it is ***"
