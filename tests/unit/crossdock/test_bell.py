"""The bell: it ends a rest, and lets who rang wait for a turn that began later."""

from __future__ import annotations

import threading
import time

from crossdock.daemon.bell import Bell
from tests.support.waiting import PATIENCE, until


def test_a_rest_ends_when_it_rings_and_one_that_rang_before_is_not_lost() -> None:
    bell = Bell()
    bell.ring()
    bell.rest(PATIENCE)
    with bell.turn():
        pass
    threading.Timer(0.05, bell.ring).start()
    bell.rest(PATIENCE)


def test_who_else_rings_while_it_gathers_is_attended_to_by_the_same_turn() -> None:
    bell = Bell()
    bell.ring()
    begun = time.monotonic()
    bell.rest(PATIENCE, gather=0.2)
    assert time.monotonic() - begun >= 0.2
    with bell.turn():
        pass
    begun = time.monotonic()
    bell.rest(0.01, gather=PATIENCE)
    assert time.monotonic() - begun < PATIENCE / 2


def test_who_rings_in_the_middle_of_a_turn_waits_for_the_next_one() -> None:
    bell = Bell()
    attended = threading.Event()

    def attend() -> None:
        bell.attend("shop")
        attended.set()

    with bell.turn():
        waiting = threading.Thread(target=attend)
        waiting.start()
        bell.rest(PATIENCE)
    assert not attended.wait(0.05)
    with bell.turn():
        assert not attended.is_set()
    assert attended.wait(PATIENCE)
    waiting.join()


def test_who_waits_in_a_turn_that_may_not_end_for_long_is_let_go() -> None:
    bell = Bell()
    waiting = threading.Thread(target=bell.attend, args=("shop",))
    with bell.turn():
        waiting.start()
        bell.rest(PATIENCE)
        bell.let_go()
        waiting.join(PATIENCE)
        assert not waiting.is_alive()


def test_nobody_waits_for_one_who_works_no_more() -> None:
    bell = Bell()
    waiting = threading.Thread(target=bell.attend, args=("shop",))
    waiting.start()
    bell.close()
    waiting.join(PATIENCE)
    assert not waiting.is_alive()
    bell.attend("shop")
    begun = time.monotonic()
    bell.rest(PATIENCE)
    assert time.monotonic() - begun < PATIENCE / 2
    until(lambda: not waiting.is_alive())
