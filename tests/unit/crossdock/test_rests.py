"""A connection that fails is left alone for a while, longer each time; the first success ends that."""

from __future__ import annotations

from crossdock.daemon.rests import Rests


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_each_failure_in_a_row_rests_it_twice_as_long_up_to_five_minutes() -> None:
    time = Time()
    rests = Rests(15.0, time)
    lengths = []
    for _ in range(7):
        rests.met("shop", "down")
        begun = time.now
        while "shop" in rests.now():
            time.now += 1.0
        lengths.append(time.now - begun)
    assert lengths == [15.0, 30.0, 60.0, 120.0, 240.0, 300.0, 300.0]


def test_trouble_met_while_it_rests_is_the_same_trouble() -> None:
    time = Time()
    rests = Rests(15.0, time)
    for _ in range(5):
        rests.met("shop", "down")
    time.now += 15.0
    assert not rests.now()


def test_a_success_ends_a_rest_and_others_are_not_concerned() -> None:
    rests = Rests(15.0, Time())
    rests.met("shop", "down")
    rests.met("erp", "refused")
    assert rests.now() == {"shop": "down", "erp": "refused"}
    rests.met("shop", "")
    assert rests.now() == {"erp": "refused"}
