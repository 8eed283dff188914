"""The Shopify connector keeps the contract, however the platform reads what nobody could prove."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.conformance import CHECKS, Subject, load_subject
from connectors.shopify.simulator.subject import subject, subject_with
from connectors.shopify.simulator.switches import Switches

READS = [name for name, check in CHECKS.items() if check.group == "reads"]


def the_other_way() -> Switches:
    """Every unproven behavior as its opposite."""
    return Switches(
        throttle_status=429,
        stale_rejects_all=False,
        report_all_rows=False,
        name_rows=False,
        idempotency_honored=False,
        exact_sku_search=True,
        bulk_polls=3,
        bulk_seconds=20.0,
        bulk_order="adjacent",
        tips_as_lines=False,
        edits_make_refunds=True,
        plans_shrink=False,
        partial_splits=False,
        refund_lowers_total=False,
    )


def mild() -> Subject:
    return subject_with(the_other_way)


def oldest() -> Subject:
    return subject_with(Switches, api_version="2026-01")


def in_bulk() -> Subject:
    return subject_with(lambda: Switches(bulk_order="end", bulk_seconds=30.0), bulk_from=0)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("make", [subject, mild])
def test_the_connector_keeps_the_contract(make: Callable[[], Subject], check: str) -> None:
    result = CHECKS[check](make())
    assert result.status.value != "fail", result.reason


@pytest.mark.parametrize("check", READS)
def test_the_contract_of_reading_holds_in_bulk(check: str) -> None:
    result = CHECKS[check](in_bulk())
    assert result.status.value != "fail", result.reason


@pytest.mark.parametrize("check", [name for name, check in CHECKS.items() if check.group == "writes"])
def test_the_contract_of_writing_holds_in_the_oldest_version(check: str) -> None:
    result = CHECKS[check](oldest())
    assert result.status.value != "fail", result.reason


def test_nothing_is_skipped() -> None:
    """A skip would mean that a part of the contract was never looked at."""
    skipped = [name for name in READS if CHECKS[name](load_subject("shopify")).status.value == "skip"]
    assert skipped == []
