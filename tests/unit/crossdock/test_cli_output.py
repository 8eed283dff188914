"""Results read well in pipes, hold still in JSON, and never cut a value off."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from canonical.errors import ConfigError, GuardError, Problem, RetriableError
from crossdock.cli.errors import redacted, tell, tell_unexpected
from crossdock.cli.outcome import Outcome, outcome_of
from crossdock.cli.output import Output, cell, record_lines, text_lines, to_seconds
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


def test_a_table_shows_instants_to_the_second_and_json_holds_them_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert to_seconds("2026-11-22T04:24:00.123456Z") == "2026-11-22 04:24:00Z"
    assert to_seconds("2026-11-22T04:24:00+00:00: 1 -> 2 (applied)") == "2026-11-22 04:24:00Z: 1 -> 2 (applied)"
    assert to_seconds("from 2026-11-22T04:24:00.5Z") == "from 2026-11-22T04:24:00.5Z"
    section = Section("runs", [Column("at", "started")], [{"at": "2026-11-22T04:24:00.123456Z"}])
    Output(as_json=True).emit(Report("runs", Outcome.IN_SYNC, [section]))
    assert json.loads(capsys.readouterr().out)["runs"] == [{"at": "2026-11-22T04:24:00.123456Z"}]


def test_a_column_that_is_empty_in_every_row_is_left_out_unless_it_says_something() -> None:
    columns = [Column("a", "A"), Column("b", "B"), Column("c", "C", keep=True)]
    section = Section("some", columns, [{"a": 0, "b": "", "c": None}, {"a": False, "b": None, "c": None}])
    assert list(text_lines(Report("x", Outcome.IN_SYNC, [section]))) == ["A   C", "0   -", "no  -"]


@pytest.mark.parametrize("width", [30, 200])
def test_a_terminal_of_any_width_shows_every_value_whole(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    columns = [Column(name, name) for name in ("sku", "detail", "none")]
    rows = [{"sku": f"SKU-{n}", "detail": f"value number {n} and a long word {'x' * 40}", "none": ""} for n in (1, 2)]
    section = Section("some", columns, rows)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    Output().emit(Report("x", Outcome.IN_SYNC, [section], next=["crossdock conflicts resolve drop:3 --yes"]))
    shown = capsys.readouterr().out
    assert all(str(row["detail"]) in shown and str(row["sku"]) in shown for row in rows)
    assert "none" not in shown
    assert "next: crossdock conflicts resolve drop:3 --yes" in shown
    assert ("sku: SKU-1" in shown) == (width == 30)


_WIDE = Section(
    "wide",
    [Column("sku", "SKU"), Column("units", "units", figures=True), Column("why", "because"), Column("id", "id there")],
    [
        {
            "sku": "A-1",
            "units": 7,
            "why": "it was changed by somebody who does not own it",
            "id": "gid://shop/Variant/1",
        },
        {"sku": "B-2", "units": 12, "why": "the owner's figure", "id": ""},
    ],
)


def test_a_pipe_gets_a_table_that_is_wrapped_between_words_where_it_is_too_wide() -> None:
    assert list(text_lines(Report("x", Outcome.IN_SYNC, [_WIDE]), 56)) == [
        "SKU  units  because                id there",
        "A-1      7  it was changed by      gid://shop/Variant/1",
        "            somebody who does not",
        "            own it",
        "B-2     12  the owner's figure",
    ]


def test_a_pipe_too_narrow_for_the_words_of_a_table_gets_them_line_by_line() -> None:
    assert list(text_lines(Report("x", Outcome.IN_SYNC, [_WIDE]), 36))[:5] == [
        "SKU: A-1",
        "units: 7",
        "because: it was changed by somebody",
        "  who does not own it",
        "id there: gid://shop/Variant/1",
    ]


@pytest.mark.parametrize(("columns", "lines"), [("", 4), ("0", 4), ("wide", 4), ("1000", 2)])
def test_the_width_of_a_pipe_is_what_columns_says_or_120(
    columns: str, lines: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    row = {"sku": "A-1", "why": " ".join(["word"] * 60)}
    Output().emit(Report("x", Outcome.IN_SYNC, [Section("s", [Column("sku", "SKU"), Column("why", "why")], [row])]))
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == lines
    assert max(map(len, shown)) <= (1000 if columns == "1000" else 120)
    assert sum(line.count("word") for line in shown) == 60


def test_records_leave_out_what_is_empty() -> None:
    section = Section("some", [Column("a", "A"), Column("b", "B")], [{"a": 1, "b": ""}, {"a": 2, "b": "x"}])
    assert list(record_lines(section)) == ["A: 1", "", "A: 2", "B: x"]


def test_a_narrow_terminal_keeps_a_currency_beside_its_amount() -> None:
    columns = [Column("amount", "amount", figures=True), Column("currency", ""), Column("state", "state")]
    section = Section("x", columns, [{"amount": "26.60", "currency": "EUR", "state": "done"}])
    assert list(record_lines(section)) == ["amount: 26.60 EUR", "state: done"]


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


def test_a_secret_is_taken_out_as_it_is_quoted_in_what_a_platform_answers() -> None:
    quoted = json.dumps({"said": json.dumps({"password": 'pw-"7/x'})})
    assert "pw-" not in redacted(quoted, {'pw-"7/x'})


def test_a_password_in_a_url_is_taken_out_even_when_nobody_knew_it() -> None:
    assert redacted("cannot reach postgresql://me:pw@host/db", ()) == "cannot reach postgresql://me:***@host/db"
