"""Chaos by hand: ``python -m tests.chaos --events 100000 --seed 7``; a seed repeats its script and its weather."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos import report
from tests.chaos.judge import broken_promises
from tests.chaos.launch import RULES
from tests.chaos.play import Played
from tests.chaos.run import Plan, calm, plan_of, wild


def main() -> int:
    """Play what was asked for; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--events", type=int, default=2_000, help="how many events there are to be at least")
    parser.add_argument("--seed", type=int, default=1, help="what is drawn from")
    parser.add_argument("--store", choices=("sqlite", "postgresql", "both"), default="sqlite", help="where the hub is")
    parser.add_argument("--broken", choices=sorted(RULES), default="", help="with a hub that is broken on purpose")
    parser.add_argument("--keep", type=Path, help="a folder for files and logs; by default they go")
    asked = parser.parse_args()
    begun = time.monotonic()

    def tell(text: str) -> None:
        sys.stderr.write(f"[{time.monotonic() - begun:6.0f} s] {text}\n")

    stores = ("sqlite", "postgresql") if asked.store == "both" else (asked.store,)
    plan = plan_of(asked.seed, -(-asked.events // len(stores)))
    with TemporaryDirectory(prefix="chaos-") as folder:
        place = asked.keep or Path(folder)
        quiet = calm(place / "calm", plan, tell)
        with ThreadPoolExecutor(len(stores)) as pool:
            # Beside one another: most of the time each of them waits for what was killed, stopped or left unanswered.
            runs = list(pool.map(lambda store: _wild(place / store, plan, tell, on=store, broken=asked.broken), stores))
    broken = [_reported(plan, quiet, one, store) for one, store in zip(runs, stores, strict=True)]
    events = sum(one.events for one in runs)
    print(f"{events:,} events in all, {sum(broken)} promises broken")
    if events < asked.events:
        print(f"that is less than the {asked.events:,} asked for")
    if any(broken):
        print(f"to repeat it: python -m tests.chaos --events {asked.events} --seed {asked.seed} --store {asked.store}")
    return 1 if any(broken) or events < asked.events else 0


def _wild(folder: Path, plan: Plan, tell: Callable[[str], object], *, on: str, broken: str) -> Played:
    return wild(folder, plan, lambda text: tell(f"{on}: {text}"), on_postgres=on == "postgresql", broken=broken)


def _reported(plan: Plan, quiet: Played, one: Played, store: str) -> int:
    broken = broken_promises(plan.script, quiet, one)
    print(f"--- on {store}")
    print("\n".join(report.lines(plan.script, quiet, one, broken)))
    return len(broken)


if __name__ == "__main__":
    sys.exit(main())
