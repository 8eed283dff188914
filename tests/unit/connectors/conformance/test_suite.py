"""The conformance suite passes a right connector and catches each mistake by the check that is there for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from canonical.errors import ConfigError
from connectors.conformance import CHECKS, CheckResult, Status, Tier, load_subject, run, tier_of
from tests.support.shelf.subject import subject

CAUGHT_BY = {
    "skips one": "paging_returns_every_record_once",
    "never complete": "only_the_last_page_is_complete",
    "always complete": "only_the_last_page_is_complete",
    "dates the future": "pages_tell_when_they_were_asked_for",
    "unstable bytes": "reading_twice_gives_the_same_bytes",
    "looks up all": "lookup_returns_what_was_asked_for",
    "makes up records": "lookup_leaves_out_what_does_not_exist",
    "looks up the first page": "lookup_of_many_returns_all",
    "misses changes": "delta_returns_what_changed",
    "reads all as delta": "delta_returns_what_changed",
    "complete delta": "delta_is_never_complete",
    "sees trouble": "health_check_reports",
    "names another": "a_message_names_the_records_it_is_about",
    "counts messages": "a_doubled_message_is_the_same_message",
    "believes everybody": "a_changed_message_is_refused",
    "believes the unsigned": "a_message_needs_its_signature",
    "looks at the head": "a_message_needs_its_signature",
    "needs no secret": "only_known_secrets_sign",
    "keeps one secret": "two_secrets_count_while_they_change",
    "forgets the time": "signed_times_are_near",
    "knows one spelling": "headers_count_in_any_case",
    "refuses strangers": "unknown_topics_name_nothing",
    "writes the wrong thing": "a_written_value_arrives",
    "sends while packing": "packing_sends_nothing",
    "packs by chance": "packing_is_repeatable",
    "overfills": "batches_hold_what_the_platform_allows",
    "loses a row": "batches_hold_what_the_platform_allows",
    "swallows a row": "every_row_has_an_outcome",
    "spills": "unmapped_fields_stay_untouched",
    "writes in a dry run": "a_dry_run_writes_nothing",
    "compares nothing": "a_stale_row_is_refused",
    "swallows refusals": "one_bad_row_does_not_stop_the_others",
    "never asks again": "reads_survive_passing_faults",
    "ends quietly": "lasting_faults_end_a_read_loudly",
    "keeps its token": "a_token_that_expires_is_renewed_in_a_read",
    "repeats writes": "a_lost_answer_is_resolved_without_a_second_effect",
    "hides lost answers": "a_write_that_never_arrived_is_resolved_honestly",
    "forgets the key": "a_late_effect_is_not_doubled",
    "starts documents anew": "a_lost_answer_is_resolved_without_a_second_effect",
    "leaves drafts": "a_lost_answer_is_resolved_without_a_second_effect",
    "answers another row": "composing_sends_nothing",
    "sends while composing": "composing_sends_nothing",
    "composes by chance": "composing_is_repeatable",
    "swallows refused parcels": "a_bad_document_is_refused_with_a_reason",
    "refuses without a word": "a_bad_document_is_refused_with_a_reason",
    "sends twice": "one_reference_is_done_once",
    "sends two parcels": "an_effect_is_done_and_answered",
    "sends of the wrong thing": "an_effect_is_done_and_answered",
    "takes units off itself": "an_effect_changes_only_what_it_is_for",
    "keeps the record": "an_effect_is_done_and_answered",
    "sends in a dry run": "a_dry_run_has_no_effects",
    "hides lost effects": "a_lost_effect_is_found_and_not_doubled",
    "sends lost ones anew": "a_lost_effect_is_found_and_not_doubled",
    "never finds out": "an_effect_that_comes_late_is_not_doubled",
    "takes any hit": "an_effect_that_never_arrived_is_told_honestly",
    "never repeats": "an_effect_that_never_arrived_is_told_honestly",
    "guesses untouched": "what_cannot_be_looked_up_is_not_guessed",
}


@pytest.mark.parametrize("check", CHECKS)
def test_a_right_connector_passes(check: str) -> None:
    result = CHECKS[check](subject())
    assert (result.status, result.reason) == (Status.PASS, "")


@pytest.mark.parametrize("mistake", CAUGHT_BY)
def test_a_mistake_is_caught(mistake: str) -> None:
    result = CHECKS[CAUGHT_BY[mistake]](subject(mistake))
    assert result.status is Status.FAIL, result
    assert result.reason


def test_every_check_says_what_it_asks_for_and_is_tried_on_a_mistake() -> None:
    assert all(check.about.endswith(".") for check in CHECKS.values())
    assert set(CHECKS) - set(CAUGHT_BY.values()) <= {
        "every_declared_resource_is_examined",
        "every_declared_write_is_examined",
        "every_declared_effect_is_examined",
        "reads_write_nothing",
        "throttled_reads_wait_and_return_everything",
        "a_fault_after_the_first_page_is_not_an_end",
        "a_token_that_expires_is_renewed_before_a_write",
        "a_throttled_write_is_sent_again",
        "a_token_that_expires_is_renewed_before_an_effect",
        "a_throttled_effect_is_sent_again",
    }


def test_the_right_connector_is_gold_and_the_run_keeps_the_order() -> None:
    results = run(subject())
    assert [result.check for result in results] == list(CHECKS)
    assert tier_of(results) is Tier.GOLD


@pytest.mark.parametrize(
    ("statuses", "tier"),
    [
        ({"reads": "pass", "writes": "pass", "faults": "pass"}, Tier.GOLD),
        ({"reads": "pass", "writes": "pass", "faults": "fail"}, Tier.SILVER),
        ({"reads": "pass", "writes": "pass", "faults": "skip"}, Tier.SILVER),
        ({"reads": "pass", "writes": "skip", "faults": "pass"}, Tier.BRONZE),
        ({"reads": "pass", "writes": "fail", "faults": "pass"}, Tier.BRONZE),
        ({"reads": "fail", "writes": "pass", "faults": "pass"}, Tier.NONE),
    ],
)
def test_a_tier_needs_its_groups_and_what_was_skipped_altogether_proves_nothing(
    statuses: dict[str, str], tier: Tier
) -> None:
    results = [CheckResult(f"in {group}", group, Status(status)) for group, status in statuses.items()]  # type: ignore[arg-type]
    assert tier_of([*results, CheckResult("extra", "reads", Status.SKIP, "none")]) is tier


def test_what_a_connector_does_not_have_is_skipped_with_a_reason() -> None:
    bare = replace(subject(), writes=(), effects=(), expire_token=None, touch=None)
    results = {result.check: result for result in run(bare)}
    assert results["a_written_value_arrives"].status is Status.SKIP
    assert "no writes" in results["a_written_value_arrives"].reason
    assert results["a_token_that_expires_is_renewed_in_a_read"].status is Status.SKIP
    assert results["delta_returns_what_changed"].status is Status.SKIP
    assert "no effects" in results["an_effect_is_done_and_answered"].reason
    assert tier_of(results.values()) is Tier.BRONZE


def test_an_operation_that_is_not_examined_is_named() -> None:
    partly = replace(subject(), writes=subject().writes[:1])
    result = CHECKS["every_declared_write_is_examined"](partly)
    assert (result.status, result.reason) == (Status.SKIP, "not examined by this subject: documents, keyed")


def test_an_effect_that_is_not_examined_is_named_and_one_that_is_none_fails() -> None:
    first, second = subject().effects
    result = CHECKS["every_declared_effect_is_examined"](replace(subject(), effects=(second,)))
    assert (result.status, result.reason) == (Status.SKIP, "not examined by this subject: parcels.send")
    odd = replace(subject(), effects=(first, second, replace(first, operation="parcels.eat")))
    result = CHECKS["every_declared_effect_is_examined"](odd)
    assert (result.status, result.reason) == (Status.FAIL, "not among the effects of the manifest: parcels.eat")


def test_a_mistake_in_a_subject_is_a_failure_with_its_name_and_not_the_end() -> None:
    ids: dict[str, str] = {}
    broken = replace(subject(), id_of=lambda resource, record: ids["sku"])
    results = run(broken)
    assert len(results) == len(CHECKS)
    assert any(result.reason.startswith("KeyError") for result in results)


def test_a_connector_without_a_subject_says_where_one_belongs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.conformance.suite.package_of", lambda name: "connectors.simulation")
    with pytest.raises(ConfigError, match=r"connectors\.simulation\.simulator\.subject with subject\(\)"):
        load_subject("other")
