"""Read locations, pools, kits and units, and the rule by which a channel lists a pool."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from canonical.hints import did_you_mean
from canonical.inventory import ChannelRule, Component, LastUnits, Pool
from crossdock.settings.check import Path
from crossdock.settings.findings import Findings
from crossdock.settings.shape import PoolShape, TargetShape


def read_locations(
    table: Mapping[str, Mapping[str, str | int]], connections: Collection[str], findings: Findings
) -> dict[str, dict[str, str]]:
    """Location code to the platform's id per connection; one id stands for one location."""
    seen: dict[tuple[str, str], str] = {}
    for code, ids in table.items():
        for connection, external_id in ids.items():
            path: Path = ("locations", code, connection)
            if connection not in connections:
                findings.error(path, f"there is no connection {connection}", did_you_mean(connection, connections))
            first = seen.setdefault((connection, str(external_id)), code)
            if first != code:
                findings.error(path, f"{external_id} on {connection} is already the id of {first}", "give each its own")
    return {code: {name: str(external_id) for name, external_id in ids.items()} for code, ids in table.items()}


def read_pools(pools: Mapping[str, PoolShape], locations: Collection[str], findings: Findings) -> dict[str, Pool]:
    """The pools; a location in two of them would be sold twice."""
    seen: dict[str, str] = {}
    for name, pool in pools.items():
        for number, code in enumerate(pool.locations):
            path: Path = ("pools", name, "locations", number)
            if code not in locations:
                findings.error(path, f"there is no location {code}", did_you_mean(code, locations))
            first = seen.setdefault(code, name)
            if first != name or code in pool.locations[:number]:
                findings.error(path, f"{code} is already in the pool {first}", "stock in two pools would be sold twice")
    return {name: _pool(name, pool) for name, pool in pools.items()}


def _pool(name: str, pool: PoolShape) -> Pool:
    last = LastUnits(pool.last_units.below, pool.last_units.channel) if pool.last_units else None
    return Pool(name, tuple(pool.locations), pool.safety_stock, last)


def check_shares(pools: Mapping[str, Pool], rules: Mapping[str, Mapping[str, ChannelRule]], findings: Findings) -> None:
    """Whether the quotas of a pool fit into it, and its last units are left to a channel that sells from it."""
    for name, pool in pools.items():
        selling = {target: rule for flow in rules.values() for target, rule in flow.items() if rule.pool == name}
        total = sum(rule.quota or 0 for rule in selling.values())
        if total > 100:
            findings.error(("pools", name), f"the quotas of this pool sum to {total} %", "100 % is all there is")
        if pool.last_units and pool.last_units.channel not in selling:
            message = f"{pool.last_units.channel} does not sell from this pool"
            hint = did_you_mean(pool.last_units.channel, selling)
            findings.error(("pools", name, "last_units", "channel"), message, hint)


def read_kits(kits: Mapping[str, Mapping[str, int]], findings: Findings) -> dict[str, tuple[Component, ...]]:
    """The kits; a component is always a stock item, never another kit."""
    for kit, parts in kits.items():
        for sku in parts:
            if sku in kits:
                findings.error(("kits", kit, sku), f"{sku} is a kit itself", "list its components here")
    return {kit: tuple(Component(sku, count) for sku, count in parts.items()) for kit, parts in kits.items()}


def read_rule(
    connection: str,
    target: TargetShape,
    pools: Mapping[str, Pool],
    locations: Mapping[str, Mapping[str, str]],
    path: Path,
    findings: Findings,
) -> ChannelRule | None:
    """How one channel lists its pool, or None when the pool is not known."""
    pool = pools.get(target.pool)
    if pool is None:
        message = f"there is no pool {target.pool}" if target.pool else f"{connection} needs a pool to sell from"
        hint = did_you_mean(target.pool, pools) or "add it under pools"
        findings.error((*path, "pool") if target.pool else path, message, hint)
        return None
    for number, code in enumerate(target.locations):
        _check_location(connection, code, pool, locations, (*path, "locations", number), findings)
    with_id = tuple(code for code in pool.locations if connection in locations.get(code, {}))
    places = tuple(dict.fromkeys(target.locations)) or with_id
    return ChannelRule(connection, pool.name, target.buffer, target.max_listed, places, target.quota)


def _check_location(
    connection: str,
    code: str,
    pool: Pool,
    locations: Mapping[str, Mapping[str, str]],
    path: Path,
    findings: Findings,
) -> None:
    if code not in locations:
        findings.error(path, f"there is no location {code}", did_you_mean(code, locations))
    elif code not in pool.locations:
        findings.error(path, f"{code} is not in the pool {pool.name}", f"it holds {', '.join(pool.locations)}")
    elif connection not in locations[code]:
        hint = f'add {connection}: "…" under locations.{code}; `crossdock doctor` lists the ids'
        findings.error(path, f"{code} has no id on {connection}", hint)
