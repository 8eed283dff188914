"""What was injected and what came of it, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from connectors.registry import manifest_of
from tests.chaos.judge import lost
from tests.chaos.play import Played
from tests.chaos.script import Script

_CONNECTORS = {"erp": "tryton", "shop_eu": "shopify", "shop_web": "woocommerce", "tpl": "shipbob"}


def lines(script: Script, calm: Played, wild: Played, broken: Sequence[str]) -> Iterator[str]:
    """The whole report."""
    yield f"{wild.events:,} events: {len(script.events):,} of the script, {wild.post.attempts:,} deliveries of webhooks"
    yield f"{len(script.orders):,} orders of {len(script.skus):,} SKUs"
    yield f"{calm.seconds:.0f} s calm, {wild.seconds:.0f} s wild"
    yield "injected:"
    yield from (f"  {what}: {count:,}" for what, count in injected(wild))
    yield "answers to webhooks: " + ", ".join(
        f"{status or 'none'}: {count:,}" for status, count in sorted(wild.post.answers.items())
    )
    yield f"calls with an effect sent once more, as each kill and each lost answer may: {wild.counts.repeated:,}"
    yield "effects had twice, by class of their write:"
    yield from (f"  {name}: {count}" for name, count in sorted(_by_class(wild).items()))
    yield f"orders lost: {len(lost(script, wild.picture))}"
    yield f"units oversold by us: {wild.counts.oversold}"
    yield f"falls of stock that a person closed: {wild.closed}"
    yield f"promises broken: {len(broken)}"
    yield from (f"  {one}" for one in broken)


def injected(wild: Played) -> list[tuple[str, int]]:
    """How often each fault hit."""
    counted: Counter[str] = Counter(dict(wild.counted))
    for (platform, kind), count in wild.counts.faults.items():
        counted[f"{platform} {kind}"] += count
    for what, count in wild.post.counted.items():
        counted[f"webhooks {what}"] += count
    return sorted(counted.items())


def _by_class(played: Played) -> Counter[str]:
    found: Counter[str] = Counter()
    for name, count in played.counts.doubled.items():
        platform, _, operation = name.partition(" ")
        effect = manifest_of(_CONNECTORS[platform]).effects[operation]
        found[f"{effect.write_class.value}, {name}"] += count
    return found
