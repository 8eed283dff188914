"""The suite every connector passes, for simple products and for variations, with and without a list of them all."""

from __future__ import annotations

import pytest

from connectors.conformance import CHECKS, Status, Subject, Tier, run, tier_of
from connectors.woocommerce.simulator import Switches
from connectors.woocommerce.simulator.subject import subject, variations_subject


def old_shop() -> Switches:
    return Switches(wc_version="9.9.5", variation_extras=False)


def forgetful_shop() -> Switches:
    return Switches(refund_keeps_meta=True, restock_tally=False, refunds_of_nothing=False, sale_moves_modified=False)


SUBJECTS = {
    "simple": subject,
    "variations-of-another-shop": lambda: variations_subject(forgetful_shop),
    "variations": variations_subject,
    "variations-before-10.3": lambda: variations_subject(old_shop),
}
MAY_SKIP = {
    "every_declared_write_is_examined",  # products and variations are subjects of their own; together they cover all
    "a_stale_row_is_refused",  # there is no compare-and-set
    "a_token_that_expires_is_renewed_in_a_read",  # keys do not expire
    "a_token_that_expires_is_renewed_before_a_write",
    "a_token_that_expires_is_renewed_before_an_effect",
}


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_connector_is_gold(name: str) -> None:
    judged: Subject = SUBJECTS[name]()
    results = run(judged)
    assert [(result.check, result.reason) for result in results if result.status is Status.FAIL] == []
    assert {result.check for result in results if result.status is Status.SKIP} <= MAY_SKIP
    assert len(results) == len(CHECKS)
    assert tier_of(results) is Tier.GOLD
