"""A report or an error that travelled is shown as if the command had run here."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest

from canonical.errors import ConfigError, CrossdockError, FatalError, GuardError, Problem
from crossdock.cli.ending import ended, error_bytes, report_bytes
from crossdock.cli.errors import error_document, tell
from crossdock.cli.host import Recorded
from crossdock.cli.outcome import Outcome, outcome_of
from crossdock.cli.output import Output, SilentProgress
from crossdock.cli.report import Column, Report, Section

SECTION = Section(
    "changes",
    [Column("sku", "SKU"), Column("price", "price", figures=True), Column("tags", "tags", keep=True)],
    [
        {"sku": "Ä-1", "price": Decimal("10.50"), "tags": ["b", "a"], "at": datetime(2026, 11, 27, tzinfo=UTC)},
        {"sku": "B-2", "price": None, "tags": [], "at": None, "deep": {"x": [1, 2.5, True]}},
    ],
    title="what changes",
)
REPORT = Report(
    "plan",
    Outcome.GUARDED,
    [SECTION, Section("none", [], [], empty="nothing")],
    {"changes": 2, "accuracy": None, "share": 99.5},
    "a summary",
    ["crossdock apply"],
)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_report_is_shown_the_same(as_json: bool) -> None:
    shown = []
    for report in (REPORT, ended(report_bytes(REPORT))):
        assert isinstance(report, Report)
        with redirect_stdout(StringIO()) as out:
            assert Output(as_json=as_json).emit(report) is Outcome.GUARDED
        shown.append(out.getvalue())
    assert shown[0] == shown[1]
    assert "Ä-1" in shown[0]


@pytest.mark.parametrize(
    "error",
    [
        FatalError("the shop says no", hint="ask it"),
        GuardError("too many"),
        CrossdockError("plain"),
        ConfigError([Problem("one", "a.yaml", 3, 4, "do this"), Problem("two", severity="warning")]),
    ],
)
def test_an_error_is_told_the_same(error: CrossdockError, capsys: pytest.CaptureFixture[str]) -> None:
    back = ended(error_bytes(error, ()))
    assert isinstance(back, CrossdockError)
    assert outcome_of(back) is outcome_of(error)
    told = []
    for one in (error, back):
        tell(one, ())
        told.append((capsys.readouterr().err, error_document(one, outcome_of(one), ())))
    assert told[0] == told[1]


def test_no_secret_is_kept_with_an_error() -> None:
    error = ConfigError([Problem("bad key s3cret", hint="not s3cret")])
    for one in (error, FatalError("https://ann:s3cret@db says no", hint="s3cret")):
        assert b"s3cret" not in error_bytes(one, {"s3cret"})
    assert json.loads(error_bytes(error, {"s3cret"}))["error"]["problems"][0]["message"] == "bad key ***"


def test_what_is_noted_beside_a_report_travels_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    carried = Recorded(SilentProgress())
    carried.note("paused, so left alone: prices")
    carried.emit(REPORT)
    assert capsys.readouterr() == ("", "")
    assert carried.report is not None
    found = ended(report_bytes(carried.report))
    assert isinstance(found, Report)
    Output(as_json=True).emit(found)
    told = capsys.readouterr()
    assert told.err == "paused, so left alone: prices\n"
    assert json.loads(told.out)["outcome"] == "guarded"
