from __future__ import annotations

from canonical.ownership import Ownership, OwnershipRule, duplicates
from canonical.slot import Slot

_EUR = OwnershipRule("variant", "price", "EUR", "erp")
_REST = OwnershipRule("variant", "price", "*", "shop")


def test_the_exact_scope_wins_over_the_rest() -> None:
    table = Ownership([_REST, _EUR])
    assert table.owner_of("variant", Slot("price", "EUR")) == "erp"
    assert table.owner_of("variant", Slot("price", "USD")) == "shop"


def test_nobody_owns_what_no_rule_names() -> None:
    assert Ownership([_EUR]).owner_of("variant", Slot("price", "USD")) is None
    assert Ownership([_EUR]).owner_of("inventory", Slot("price", "EUR")) is None


def test_two_rules_for_one_slot_are_found() -> None:
    again = OwnershipRule("variant", "price", "EUR", "shop")
    assert duplicates([_EUR, _REST, again]) == [(_EUR, again)]
