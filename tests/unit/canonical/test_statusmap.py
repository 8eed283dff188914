from __future__ import annotations

from pathlib import Path

from canonical.status import TRANSITIONS, OrderStatus, PaymentStatus, is_legal, unlikely
from canonical.statusmap import page

ROOT = Path(__file__).parents[3]


def test_the_page_in_the_docs_is_drawn_from_the_table() -> None:
    assert (ROOT / "docs" / "status-model.md").read_text(encoding="utf-8") == page()


def test_every_step_of_the_table_is_in_the_picture_once() -> None:
    lines = [line.strip() for line in page().splitlines()]
    for kind in {type(status) for status in TRANSITIONS}:
        for before in kind:
            for after in TRANSITIONS[before]:
                assert f"{before.value} --> {after.value}" in lines
    steps = sum(len(after) or 1 for after in TRANSITIONS.values())
    assert sum("-->" in line for line in lines) == steps


def test_a_status_leads_only_to_its_own_kind_and_never_to_itself() -> None:
    for before, after in TRANSITIONS.items():
        assert {type(one) for one in after} <= {type(before)}
        assert before not in after


def test_a_read_may_skip_legal_steps_but_not_come_back_from_an_end() -> None:
    assert not is_legal(PaymentStatus.PENDING, PaymentStatus.REFUNDED)
    assert unlikely(PaymentStatus.PENDING, PaymentStatus.REFUNDED) == ""
    assert unlikely(OrderStatus.CANCELED, OrderStatus.OPEN) == "OrderStatus went from canceled to open"
    assert unlikely(OrderStatus.CANCELED, OrderStatus.CANCELED) == ""
