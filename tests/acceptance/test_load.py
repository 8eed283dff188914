"""A hub under load, by the bench in small: its bounds four times as wide, so that only what is broken misses them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from bench.acks import answers
from bench.burst import bursts
from bench.figure import Figure
from bench.propagation import propagation
from bench.soak import soak

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
_ATTEMPTS = 3


def _value(figure: Figure) -> float:
    return float(figure.measured.split()[0].replace(",", ""))


def _busy_disk(p99: Figure) -> bool:
    """Whether an fsync takes so long here, in milliseconds, that figures say something of the disk only."""
    return float(p99.note.partition("an fsync takes ")[2].split()[0]) > 1


def _at_best(measure: Callable[[], Sequence[Figure]], good: Callable[[Sequence[Figure]], bool]) -> Sequence[Figure]:
    """Measure until it is good: others may use this machine just now, but what is broken is never good."""
    for _ in range(_ATTEMPTS):
        found = measure()
        if good(found):
            break
    return found


def test_answers_are_durable_and_not_far_slower_than_a_check_of_the_signature() -> None:
    def good(found: Sequence[Figure]) -> bool:
        ratio, p99, lost = map(_value, found)
        return lost == 0 and (_busy_disk(found[1]) or (ratio >= 0.40 / 4 and p99 <= 4 * 30))

    found = _at_best(lambda: answers(300, 3), good)
    assert good(found), found


def test_a_burst_is_stored_whole_and_each_record_is_read_once() -> None:
    missing, reads, missing_at_work, reads_at_work = bursts(60, 1_200)
    assert (_value(missing), _value(missing_at_work)) == (0, 0)
    assert _value(reads) == 1
    assert "60 records" in reads.note
    assert reads_at_work.met, reads_at_work


def test_a_change_reaches_the_other_shop_told_of_or_not() -> None:
    told, untold = propagation(6, 4, 2)
    assert _value(told) <= 4 * 5, told
    assert _value(untold) <= 4 * (2 + 5), untold


def test_memory_and_database_do_not_grow_with_what_is_over() -> None:
    memory, database = soak(3_000)
    assert _value(memory) <= 1 + 4 * 0.10, memory
    assert _value(database) <= 1 + 4 * 0.10, database
    assert database.note.endswith("300 to 0, 300 to 0")
