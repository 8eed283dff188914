"""Chaos by hand: ``python -m tests.chaos --events 100000 --seed 7``; a seed repeats its script and its weather."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos import report
from tests.chaos.judge import broken_promises
from tests.chaos.launch import RULES
from tests.chaos.run import Asked, sized, twice


def main() -> int:
    """Play what was asked for; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--events", type=int, default=2_000, help="how many events there are to be at least")
    parser.add_argument("--seed", type=int, default=1, help="what is drawn from")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL, which is restarted too")
    parser.add_argument("--broken", choices=sorted(RULES), default="", help="with a hub that is broken on purpose")
    parser.add_argument("--keep", type=Path, help="a folder for files and logs; by default they go")
    asked = parser.parse_args()
    begun = time.monotonic()

    def tell(text: str) -> None:
        sys.stderr.write(f"[{time.monotonic() - begun:6.0f} s] {text}\n")

    with TemporaryDirectory(prefix="chaos-") as folder:
        wanted = Asked(asked.seed, *sized(asked.events), postgres=asked.postgres, broken=asked.broken)
        script, calm, wild = twice(asked.keep or Path(folder), wanted, tell)
        broken = broken_promises(script, calm, wild)
        if wild.events < asked.events:
            broken.append(f"only {wild.events:,} events of {asked.events:,}")
        sys.stdout.write("\n".join(report.lines(script, calm, wild, broken)) + "\n")
        if broken:
            sys.stdout.write(f"to repeat it: python -m tests.chaos --events {asked.events} --seed {asked.seed}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
