"""Prints the figures: ``python -m bench [--quick] [PART ...]``; always ends with 0, they are figures and no tests."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bench.acks import answers
from bench.burst import bursts
from bench.calls import changed_quantities, saturated
from bench.figure import Figure, at_most, middle, spread, table
from bench.prepared import platforms
from bench.propagation import propagation
from bench.pulls import overheads
from bench.scenario import in_own_process
from bench.soak import soak

_MEMORY_GOAL = 32.0
# Size, and how often it is audited: the large one takes minutes.
_SIZES, _QUICK_SIZES = ((10_000, 3), (100_000, 1)), ((500, 1), (2_000, 1))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that it runs, its ratios say little")
    parser.add_argument("part", nargs="*", help=f"only these: {', '.join(_parts(quick=True))}")
    given = parser.parse_args()
    parts = _parts(quick=given.quick)
    if unknown := set(given.part) - parts.keys():
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    begun = time.perf_counter()
    figures: list[Figure] = []
    for name in given.part or parts:
        print(f"{name} ...", file=sys.stderr, flush=True)
        figures += parts[name]()
    print(table(figures))
    print(f"\n{time.perf_counter() - begun:.0f} s on {os.cpu_count()} cores; platforms in a process of their own on")
    print("loopback, except for calls and points, which the simulators count on a clock of their own.")
    return 0


def _parts(*, quick: bool) -> Mapping[str, Callable[[], list[Figure]]]:
    """What can be measured, in the order of doing it; the soak is the longest by far."""
    return {
        "calls": partial(changed_quantities, 100 if quick else 1_000),
        "points": partial(saturated, 300 if quick else 1_000, 500 if quick else 5_000),
        "pulls": partial(overheads, 300 if quick else 3_000, {0: 1} if quick else {0: 3, 100: 1}),
        "acks": partial(answers, 200 if quick else 1_000, 3 if quick else 25),
        "burst": partial(bursts, 50, 1_000) if quick else partial(bursts, 5_000, 50_000),
        "propagation": partial(propagation, 8, 4, 2) if quick else partial(propagation, 200, 40, 10),
        "scenario": partial(_scenario, _QUICK_SIZES if quick else _SIZES),
        "soak": partial(soak, 2_000 if quick else 1_000_000),
    }


def _scenario(sizes: tuple[tuple[int, int], ...]) -> list[Figure]:
    found = []
    for size, repeats in sizes:
        print(f"  {size} SKUs ...", file=sys.stderr, flush=True)
        with platforms(size) as url:
            found.append(in_own_process(size, url, repeats))
    return _scenario_figures(found)


def _audit_figure(one: dict[str, Any]) -> Figure:
    ratios = [audit / download for audit, download in zip(one["audit"], one["download"], strict=True)]
    note = f"{middle(one['audit']):.1f} s against {middle(one['download']):.1f} s; {spread(ratios)}"
    return at_most(f"full audit against the shadow / download dropped, {one['size']} SKUs", middle(ratios), 1.5, note)


def _scenario_figures(found: list[dict[str, Any]]) -> list[Figure]:
    largest = found[-1]
    size = largest["size"]
    noop, first = middle(largest["noop"]), largest["first"]
    calls = {name: count / len(largest["noop"]) for name, count in largest["noop_calls"].items()}
    shops = calls["shopify"] + calls["woocommerce"]
    whole = largest["audit_calls"]
    floor = 6 + -(-size // 100)
    records = 5 * size
    figures = [
        Figure(
            f"calls / floor: {size} SKUs unchanged, both shops",
            f"{shops / 3:.2f}",
            "1.00",
            f"{shops:g} reads, one an object kind; no write; counted by the platform; the ERP: {calls['tryton']:g}",
            shops <= 3,
        ),
        Figure(
            f"calls / floor: full read of {size} SKUs, both shops",
            f"{(whole['shopify'] + whole['woocommerce']) / floor:.2f}",
            "1.00",
            f"Shopify {whole['shopify']} (bulk, two kinds), WooCommerce {whole['woocommerce']} pages",
            whole["shopify"] + whole["woocommerce"] <= floor,
        ),
        at_most(
            f"no-op incremental sync / first full sync, {size} SKUs",
            noop / first,
            0.01,
            f"{noop:.2f} s against {first:.0f} s (read, link, adopt, plan; {records} records); zero writes",
            digits=4,
        ),
        *map(_audit_figure, found),
        Figure(
            f"comparing every owned slot, {size} SKUs",
            f"{largest['compare']:.1f} s",
            note="`crossdock audit` after its read: owner against target, two flows, two shops",
        ),
    ]
    for one in found:
        growth = one["first_mib"] - one["idle_mib"]
        later = one["all_mib"] - one["idle_mib"]
        note = f"idle {one['idle_mib']:.0f} MiB; first full sync; {later:.1f} MiB after no-ops and audits"
        figures.append(
            at_most(f"memory above idle, {one['size']} SKUs", growth, _MEMORY_GOAL, note, digits=1, unit=" MiB")
        )
    return figures


if __name__ == "__main__":
    sys.exit(main())
