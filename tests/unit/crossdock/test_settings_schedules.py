"""Schedules in crossdock.yaml: what is right is read, what is wrong is told with its line and a word that helps."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from crossdock.settings.load import examine, load_settings
from crossdock.settings.platforms import InstalledPlatforms
from sync.schedule import Quiet

BASE = """\
connections:
  erp: {connector: memory, currency: EUR}
  shop: {connector: memory, currency: EUR}
ownership: {variant.sku: erp, "variant.price[EUR]": erp, variant.title: erp}
flows:
  prices: {kind: state, source: erp, entity: variant, fields: [price], targets: {shop: {}}}
  titles: {kind: state, source: erp, entity: variant, fields: [title], targets: {shop: {}}}
schedules:
"""


def _file(folder: Path, *lines: str) -> Path:
    file = folder / "crossdock.yaml"
    file.write_text(BASE + "".join(f"  {line}\n" for line in lines))
    return file


def _told(folder: Path, *lines: str) -> list[tuple[int | None, str, str]]:
    _, problems = examine(_file(folder, *lines), InstalledPlatforms())
    return [(one.line, one.message, one.hint) for one in problems]


def test_a_schedule_is_read_whole(tmp_path: Path) -> None:
    settings = load_settings(
        _file(
            tmp_path,
            "often: {every: 5m, jitter: 30s}",
            'nightly: {cron: "0 2 * * *", timezone: Europe/Berlin, read: full, flows: [prices], connections: [erp],',
            '          quiet: ["22:00-01:30"]}',
        ),
        InstalledPlatforms(),
    )
    often, nightly = settings.schedules["often"], settings.schedules["nightly"]
    assert (often.every, often.jitter, often.read, str(often.zone)) == (
        timedelta(minutes=5),
        timedelta(seconds=30),
        "auto",
        "UTC",
    )
    assert (often.flows, often.connections, often.cron) == ((), (), None)
    assert (nightly.flows, nightly.connections, nightly.read) == (("prices",), ("erp",), "full")
    assert (nightly.every, nightly.quiet, str(nightly.zone)) == (None, (Quiet(time(22), time(1, 30)),), "Europe/Berlin")
    assert nightly.when == "0 2 * * *, quiet 22:00-01:30 (Europe/Berlin)"
    assert nightly.cron is not None


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("a: {every: 5m, flows: [pricse]}", "there is no flow pricse", "did you mean 'prices'?"),
        ("a: {every: 5m, connections: [shopp]}", "there is no connection shopp", "did you mean 'shop'?"),
        (
            "a: {every: 5m, timezone: Europe/Berln}",
            "there is no time zone Europe/Berln",
            "did you mean 'Europe/Berlin'?",
        ),
        ("a: {every: 5m, timezone: ../passwd}", "there is no time zone ../passwd", ""),
        ("a: {}", "a needs either every or cron", ""),
        ('a: {every: 5m, cron: "0 2 * * *"}', "a needs either every or cron", ""),
        ("a: {every: 5 minutes}", "every is not valid: 5 minutes", "5m"),
        ("a: {every: 0s}", "every must be 1s or more", ""),
        ('a: {cron: "0 25 * * *"}', "the hour '25' is no number from 0 to 23", ""),
        ('a: {cron: "0 0 31 2 *"}', "0 0 31 2 * never comes", ""),
        ("a: {every: 5m, jitter: 6m}", "jitter must not be longer than every (5m)", ""),
        ('a: {every: 5m, quiet: ["22:00-22:00"]}', "quiet hours end when they begin", ""),
        ('a: {every: 5m, quiet: ["22-6"]}', "item 1 of quiet is not valid: 22-6", "22:00-06:00"),
        ('a: {every: 5m, quiet: ["22:00-06:00", "06:00-22:00"]}', "it is quiet all day long, so it never starts", ""),
        ("a: {every: 5m, reed: full}", "unknown key reed", "did you mean 'read'?"),
        ("a: {every: 5m, read: ful}", "read cannot be ful", "did you mean 'full'?"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(tmp_path: Path, line: str, message: str, hint: str) -> None:
    told = _told(tmp_path, line)
    assert [(one[0], one[1]) for one in told] == [(9, message)]
    assert hint in told[0][2]


def test_a_flow_that_no_schedule_runs_is_told(tmp_path: Path) -> None:
    told = _told(tmp_path, "a: {every: 5m, flows: [prices]}")
    assert [(one[0], one[1]) for one in told] == [(7, "no schedule runs the flow titles")]
    assert _told(tmp_path, "a: {every: 5m, flows: [prices]}", "b: {every: 1h}") == []


def test_what_runs_when_is_no_part_of_the_version(tmp_path: Path) -> None:
    first = load_settings(_file(tmp_path, "a: {every: 5m}"), InstalledPlatforms()).version
    assert load_settings(_file(tmp_path, "a: {every: 6m}"), InstalledPlatforms()).version == first
    file = tmp_path / "crossdock.yaml"
    file.write_text(file.read_text().replace("fields: [title]", "fields: [title], on_conflict: restore"))
    assert load_settings(file, InstalledPlatforms()).version != first
