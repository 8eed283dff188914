"""Play worlds by hand: ``python -m tests.worlds --seed 12 -v`` shows one, ``--worlds 10000`` the figures of many."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.worlds.engine import Template
from tests.worlds.many import channels, play_part, template_of
from tests.worlds.mutants import NAMES
from tests.worlds.play import Group, groups, hides_of
from tests.worlds.report import Totals, table
from tests.worlds.script import CHANNELS, world

_PART = 500


def main() -> int:
    """Play what was asked for; 1 when a hub did what it must not."""
    parser = argparse.ArgumentParser(prog="python -m tests.worlds", description=__doc__)
    parser.add_argument("--seed", type=int, help="show this world")
    parser.add_argument("-v", dest="trace", action="store_true", help="with every step of the hub")
    parser.add_argument("--blind", action="store_true", help="under the hub that sets figures blindly")
    parser.add_argument("--compare", action="store_true", help="on channels that all compare before they set")
    parser.add_argument("--broken", choices=NAMES, default="", help="under a hub with a broken rule")
    parser.add_argument("--first", type=int, default=0, help="first seed of many")
    parser.add_argument("--worlds", type=int, default=1000, help="how many")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    asked = parser.parse_args()
    if asked.seed is not None:
        with template_of(compare=asked.compare, rule=asked.broken) as template:
            _show(template, asked.seed, blind=asked.blind, trace=asked.trace)
        return 0
    careful, blind = Totals(channels(compare=asked.compare)), Totals(dict.fromkeys(CHANNELS, False))
    starts = range(asked.first, asked.first + asked.worlds, _PART)
    parts = [(start, min(_PART, asked.first + asked.worlds - start), asked.compare, asked.broken) for start in starts]
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn")) as pool:
        for one, other in pool.map(play_part, parts):
            careful.merge(one)
            blind.merge(other)
            sys.stderr.write(f"{careful.worlds:,} of {asked.worlds:,} worlds\n")
    _print(careful, blind)
    return 1 if careful.wrong else 0


def _show(template: Template, seed: int, *, blind: bool, trace: bool) -> None:
    group = next(iter(groups(range(seed, seed + 1))))
    played = Group(template, group, blind=blind, trace=trace, hides=hides_of(group)).play()
    script = "\n".join(map(str, world(seed)))
    listed, free = played.ends[seed]
    lines = "\n".join(played.ledgers[seed].lines)
    sys.stdout.write(f"{script}\n\n{lines}\nat rest: listed {listed}, free {free}\n")


def _print(careful: Totals, blind: Totals) -> None:
    how = {True: "compares", False: "does not"}
    columns = {f"{name} ({how[careful.compares[name]]})": (careful, name) for name in CHANNELS}
    blindly = {f"{name}, blind hub": (blind, name) for name in CHANNELS}
    sys.stdout.write(table({**columns, **blindly}) + "\n")
    sys.stdout.write(f"{careful.worlds:,} worlds, {careful.killed:,} kills, {careful.steps:,} steps of the hub\n")
    for seed, what in sorted(careful.wrong.items()):
        sys.stdout.write(f"wrong: --seed {seed}: {what}\n")


if __name__ == "__main__":
    sys.exit(main())
