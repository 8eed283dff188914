"""Results read well in pipes, hold still in JSON, and never cut a value off."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from canonical.errors import ConfigError, GuardError, Problem, RetriableError
from crossdock.cli.errors import redacted, tell, tell_unexpected
from crossdock.cli.outcome import Outcome, outcome_of
from crossdock.cli.output import Output, cell, text_lines
from crossdock.cli.report import Column, Report, Section

_ROWS = [{"sku": "A-1", "units": 7, "more": Decimal("1.50")}, {"sku": "LONGER-SKU", "units": 1234, "more": None}]
_SECTION = Section("changes", [Column("sku", "SKU"), Column("units", "units", figures=True)], _ROWS, title="shop")
_REPORT = Report("plan", Outcome.PENDING, [_SECTION], {"changes": 2, "api_calls": 1}, next=["crossdock apply"])


def test_text_is_aligned_with_figures_to_the_right() -> None:
    assert list(text_lines(_REPORT)) == [
        "shop",
        "SKU         units",
        "A-1             7",
        "LONGER-SKU   1234",
        "changes 2, api calls 1",
        "next: crossdock apply",
    ]


def test_json_holds_every_key_and_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert Output(as_json=True).emit(_REPORT) is Outcome.PENDING
    document = json.loads(capsys.readouterr().out)
    assert document["format_version"] == 1
    assert (document["outcome"], document["exit_code"]) == ("pending", 2)
    assert document["changes"][0] == {"sku": "A-1", "units": 7, "more": "1.50"}
    assert document["counts"] == {"changes": 2, "api_calls": 1}


def test_json_output_is_nothing_but_json(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=True)
    output.say("a line for people")
    with output.progress() as progress:
        progress.at("reading", 1, 2)
    output.emit(_REPORT)
    captured = capsys.readouterr()
    assert json.loads(captured.out)
    assert captured.err == ""


def test_a_value_stays_in_its_line_whatever_it_holds() -> None:
    assert cell("two\nlines\tand  more") == "two lines and more"
    assert [cell(value) for value in (None, True, False, 0, ["a", None])] == ["-", "yes", "no", "0", "a, -"]
    assert cell(datetime(2026, 11, 22, tzinfo=UTC)) == "2026-11-22T00:00:00+00:00"


def test_each_outcome_has_the_exit_code_the_design_gives_it() -> None:
    assert [int(outcome) for outcome in Outcome] == [0, 1, 2, 3, 4, 5]
    assert outcome_of(GuardError("stop")) is Outcome.GUARDED
    assert outcome_of(RetriableError("later")) is Outcome.ERROR


def test_an_error_says_what_and_what_next_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    tell(RetriableError("shop did not answer", hint="try again later"), ())
    tell(ConfigError([Problem("bad", "a.yaml", 3, 5, "good"), Problem("worse", "a.yaml", 4)]), ())
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "error: shop did not answer",
        "  next: try again later",
        "a.yaml:3:5: error: bad",
        "  next: good",
        "a.yaml:4: error: worse",
        "2 problems",
    ]


def test_no_secret_leaves_by_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    secrets = {"s3cr3t", "s3cr3t-longer", "ab"}
    tell(RetriableError("refused s3cr3t-longer and s3cr3t, table", hint="s3cr3t"), secrets)
    try:
        raise ValueError("token s3cr3t")
    except ValueError as error:
        tell_unexpected(error, secrets, verbose=True)
        tell_unexpected(error, secrets, verbose=False)
    said = capsys.readouterr().err
    assert "s3cr3t" not in said
    assert "longer" not in said
    assert "table" in said
    assert said.count("Traceback") == 1
    assert "run again with -v" in said


def test_a_password_in_a_url_is_taken_out_even_when_nobody_knew_it() -> None:
    assert redacted("cannot reach postgresql://me:pw@host/db", ()) == "cannot reach postgresql://me:***@host/db"
