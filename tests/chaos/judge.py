"""The judge: it holds what the platforms say against the script, and the chaotic end against the calm one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from tests.chaos.picture import Picture
from tests.chaos.play import Played
from tests.chaos.script import Script

_MOST = 12
_ORDERS_A_FALL = 100
"""Of so many orders one may leave a fall of stock that a person closes, see docs/stock-promise.md."""


def broken_promises(script: Script, calm: Played, wild: Played) -> list[str]:
    """Every promise that was not kept, in words; none where all is well."""
    return list(
        chain(
            (f"without any fault: {one}" for one in unkept(script, calm)),
            unkept(script, wild),
            differences(calm.picture, wild.picture),
            _repeats(wild),
        )
    )


def lost(script: Script, picture: Picture) -> list[str]:
    """Orders that stand and were not booked or asked for exactly so; and others that were."""
    found: list[str] = []
    for system, where in (("erp", "erp sales"), ("tpl", "tpl orders")):
        held = picture[where]
        for number, wanted in enumerate(script.orders):
            documents = held.get(str(number), [])
            units = [one.get("units", one) for one in documents]
            right = [dict(sorted(wanted.units.items()))] if wanted.stands else []
            if units != right:
                found.append(f"order {number} of {wanted.shop} ({wanted.life}) at {system}: {units}, not {right}")
        found += [f"{system} has {one}, which is no order" for one in held.keys() - _numbers(script)]
    return found


def untold(script: Script, picture: Picture) -> list[str]:
    """Orders whose shop was not told of exactly the one parcel that left for them."""
    found: list[str] = []
    for number, wanted in enumerate(script.orders):
        told = picture.get(f"{wanted.shop} shipments told", {}).get(str(number), [])
        right = [f"{sum(wanted.units.values())} in TRK-{number}"] if wanted.leaves else []
        if told != right:
            found.append(f"order {number}: {wanted.shop} was told {told}, not {right}")
    return found


def differences(calm: Picture, wild: Picture) -> Iterator[str]:
    """Where the two ends differ, some of each kind."""
    for kind in sorted(calm.keys() | wild.keys()):
        one, other = calm.get(kind, {}), wild.get(kind, {})
        wrong = [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
        for name in wrong[:_MOST]:
            yield f"{kind}, {name}: {other.get(name)}, but {one.get(name)} where nothing went wrong"
        if wrong[_MOST:]:
            yield f"{kind}: {len(wrong) - _MOST} more differ"


def unkept(script: Script, played: Played) -> Iterator[str]:
    """What must hold of every run, by what the platforms say and the script wants."""
    missing = [*lost(script, played.picture), *untold(script, played.picture)]
    yield from missing[:_MOST]
    if missing[_MOST:]:
        yield f"{len(missing) - _MOST} more orders are not what they should be"
    for effect, count in played.counts.doubled.items():
        if count:
            yield f"{effect} was had {count} times too often"
    if played.counts.oversold:
        yield f"{played.counts.oversold} units oversold"
    if played.counts.short:
        yield f"{played.counts.short} times a shop had too few to sell, though there were enough"
    if played.post.believed:
        yield f"forged messages were believed: {', '.join(sorted(set(played.post.believed)))}"
    if played.closed > max(1, len(script.orders) // _ORDERS_A_FALL):
        yield f"{played.closed} falls of stock waited for a person"
    if played.restless:
        yield f"it did not come to rest: {played.restless}"
    yield from played.died


def _repeats(wild: Played) -> Iterator[str]:
    """At most one call is sent again for each kill and each answer that was lost."""
    most = wild.counted["kill -9"] + wild.counts.faults.total() + wild.counted["database restarted"]
    if wild.counts.repeated > most:
        yield f"{wild.counts.repeated} calls were repeated after {most} kills, restarts and lost answers"


def _numbers(script: Script) -> set[str]:
    return {str(number) for number in range(len(script.orders))}
