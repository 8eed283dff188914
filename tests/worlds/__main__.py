"""Play worlds by hand: ``python -m tests.worlds --seed 12 -v`` shows one, ``--worlds 1000`` the figures of many."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.worlds.engine import COMPARES, prepare
from tests.worlds.mutants import NAMES, broken
from tests.worlds.play import SIZE, Group, groups, play_all
from tests.worlds.report import Totals, table
from tests.worlds.script import CHANNELS, world


def main() -> int:
    """Play what was asked for; 1 when a hub did what it must not."""
    parser = argparse.ArgumentParser(prog="python -m tests.worlds", description=__doc__)
    parser.add_argument("--seed", type=int, help="show this world")
    parser.add_argument("-v", dest="trace", action="store_true", help="with every step of the hub")
    parser.add_argument("--blind", action="store_true", help="under the hub that sets figures blindly")
    parser.add_argument("--compare", action="store_true", help="on channels that all compare before they set")
    parser.add_argument("--broken", choices=NAMES, help="under a hub with a broken rule")
    parser.add_argument("--first", type=int, default=0, help="first seed of many")
    parser.add_argument("--worlds", type=int, default=1000, help="how many")
    asked = parser.parse_args()
    memory = Path("/dev/shm")
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(dir=memory if memory.is_dir() else None))
        template = prepare(Path(folder), SIZE, dict.fromkeys(CHANNELS, True) if asked.compare else COMPARES)
        if asked.broken:
            stack.enter_context(broken(asked.broken))
        if asked.seed is not None:
            group = next(iter(groups(range(asked.seed, asked.seed + 1))))
            played = Group(template, group, blind=asked.blind, trace=asked.trace).play()
            script = "\n".join(map(str, world(asked.seed)))
            listed, free = played.ends[asked.seed]
            lines = "\n".join(played.ledgers[asked.seed].lines)
            sys.stdout.write(f"{script}\n\n{lines}\nat rest: listed {listed}, free {free}\n")
            return 0
        seeds = range(asked.first, asked.first + asked.worlds)
        careful, blind = Totals(template.compares), Totals(dict.fromkeys(CHANNELS, False))
        play_all(template, seeds, careful.add)
        play_all(template, seeds, blind.add, blind=True)
        columns = {f"{name} {_how(template.compares[name])}": (careful, name) for name in CHANNELS}
        sys.stdout.write(table({**columns, "shop, blind hub": (blind, "shop"), "web, blind hub": (blind, "web")}) + "\n")
        sys.stdout.write(f"{careful.worlds:,} worlds, {careful.killed:,} kills, {careful.steps:,} steps of the hub\n")
        for seed, what in sorted(careful.wrong.items()):
            sys.stdout.write(f"wrong: --seed {seed}: {what}\n")
        return 1 if careful.wrong else 0


def _how(compares: bool) -> str:  # noqa: FBT001 - a yes or no
    return "(compares)" if compares else "(does not)"


if __name__ == "__main__":
    sys.exit(main())
