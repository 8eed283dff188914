"""Fuzz one target: ``python -m tests.fuzz signatures --runs 100000``; ends with 0 when nothing was found.

The fuzzer is led by what the code does with its input, and so finds what drawn examples do not. A finding is printed
with its traceback, and its input is kept in the folder named by ``--keep``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

# Everything the targets reach is watched, so that the fuzzer sees which way its input took.
with atheris.instrument_imports(include=["canonical", "mappings", "connectors", "crossdock", "yaml"]):
    from tests.fuzz.targets import known, seeds


def main() -> None:
    """Run it; the library ends the process."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=sorted(known()))
    parser.add_argument("--runs", type=int, default=100_000, help="how many inputs")
    parser.add_argument("--seconds", type=int, default=600, help="at most so long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", default="fuzz-", help="begin of the name of a file for an input that was found")
    asked = parser.parse_args()
    target = known()[asked.target]()

    def once(data: bytes) -> None:
        target(atheris.FuzzedDataProvider(data))

    with tempfile.TemporaryDirectory(prefix="crossdock-fuzz-") as corpus:
        for number, seed in enumerate(seeds()):
            (Path(corpus) / str(number)).write_bytes(seed)
        limits = [f"-runs={asked.runs}", f"-max_total_time={asked.seconds}", f"-seed={asked.seed}", "-max_len=4096"]
        atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={asked.keep}", "-print_final_stats=1", corpus], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
