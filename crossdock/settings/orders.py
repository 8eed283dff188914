"""Check the order flows and the routing rules, and turn them into what the engine runs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

from canonical.hints import did_you_mean
from connectors.manifest import Manifest
from crossdock.settings.check import Path
from crossdock.settings.findings import Findings
from crossdock.settings.ordershape import OrdersShape, ProcessorShape, RouteShape
from crossdock.settings.shape import ConnectionShape, FlowShape
from sync.config import Processor
from sync.orders.routes import ExportWhen, OrderFlow, Route, Shortage
from sync.orders.rules import ReserveRule
from sync.payments.refunds import RefundsBy

_NEVER = datetime.max.replace(tzinfo=UTC)


def read_orders(
    orders: Mapping[str, OrdersShape], manifests: Mapping[str, Manifest], names: Sequence[str], findings: Findings
) -> dict[str, OrderFlow]:
    """The order flow of each channel; every problem goes to the findings."""
    found: dict[str, OrderFlow] = {}
    for channel, shape in orders.items():
        path: Path = ("orders", channel)
        if _is_connection(channel, names, path, findings) and not _reads(manifests.get(channel), "order"):
            findings.error(path, f"{channel} has no orders that could be read", "choose a shop")
        for number, target in enumerate(shape.books):
            _check_asked(target, channel, manifests, names, (*path, "books", number), findings)
        found[channel] = OrderFlow(
            name=f"orders_{channel}",
            channel=channel,
            targets=tuple(dict.fromkeys(shape.books)),
            go_live=_instant(shape.go_live, (*path, "go_live"), findings),
            export_when=ExportWhen(shape.export_when),
            reserve=ReserveRule(
                frozenset(shape.reserve_statuses),
                None if shape.unpaid_hours is None else timedelta(hours=shape.unpaid_hours),
            ),
            notify_customer=shape.notify_customer,
        )
    return found


def check_booked(
    orders: Mapping[str, OrdersShape],
    routing: Sequence[RouteShape],
    flows: Mapping[str, FlowShape],
    findings: Findings,
) -> None:
    """Whether who counts a channel's stock hears of its orders: else what they reserve would never be let go (R1)."""
    shipping = {route.to for route in routing}
    for channel, shape in orders.items():
        for flow in flows.values():
            if flow.kind != "inventory" or channel not in flow.targets or flow.source in {*shape.books, *shipping}:
                continue
            message = f"{flow.source} counts the stock that {channel} sells, but hears of no order of it"
            hint = f"add {flow.source} to books here, so that it books them"
            findings.error(("orders", channel), message, hint)


def check_ready(
    orders: Mapping[str, OrdersShape],
    routing: Sequence[RouteShape],
    connections: Mapping[str, ConnectionShape],
    manifests: Mapping[str, Manifest],
    findings: Findings,
) -> None:
    """Whether whoever is asked has the settings that it needs for that."""
    asked = [target for shape in orders.values() for target in shape.books] + [route.to for route in routing]
    for name in dict.fromkeys(asked):
        effects = manifests[name].effects.values() if name in manifests else ()
        needed = {setting for one in effects if one.document == "fulfillment_request" for setting in one.settings}
        for setting in sorted(needed):
            if not connections[name].settings.get(setting):
                hint = "`crossdock doctor` tells what it can be, once the other settings of this connection are right"
                findings.error(("connections", name, "settings"), f"{name} is asked for orders: set {setting}", hint)


def read_routes(
    routes: Sequence[RouteShape],
    manifests: Mapping[str, Manifest],
    names: Sequence[str],
    locations: Mapping[str, Mapping[str, str]],
    orders: Mapping[str, OrdersShape],
    findings: Findings,
) -> tuple[Route, ...]:
    """The routing rules in their order; every problem goes to the findings."""
    found: list[Route] = []
    for number, shape in enumerate(routes):
        path: Path = ("routing", number)
        _check_asked(shape.to, "", manifests, names, (*path, "to"), findings)
        for place, code in enumerate(shape.locations):
            if code not in locations:
                hint = did_you_mean(code, locations)
                findings.error((*path, "locations", place), f"there is no location {code}", hint)
        for place, channel in enumerate(shape.channels):
            if channel not in orders:
                hint = did_you_mean(channel, orders) or "add it under orders"
                findings.error((*path, "channels", place), f"no orders of {channel} flow", hint)
        found.append(_route(shape, path, findings))
    return tuple(found)


def read_processors(
    payments: Mapping[str, ProcessorShape],
    manifests: Mapping[str, Manifest],
    names: Sequence[str],
    orders: Mapping[str, OrdersShape],
    findings: Findings,
) -> dict[str, Processor]:
    """Each payment processor with its channels; every problem goes to the findings."""
    for name, shape in payments.items():
        path: Path = ("payments", name)
        if _is_connection(name, names, path, findings) and not _reads(manifests.get(name), "charge"):
            findings.error(path, f"{name} shows no charges", "choose a payment processor")
        asked = manifests.get(name) if shape.refunds == "request" else None
        if asked is not None and not _takes(asked, "refund_request"):
            findings.error(
                (*path, "refunds"), f"{asked.title} cannot be asked to pay refunds", "use manual or processor"
            )
        for number, channel in enumerate(shape.channels):
            if channel not in orders:
                hint = did_you_mean(channel, orders) or "add it under orders"
                findings.error((*path, "channels", number), f"no orders of {channel} flow", hint)
    return {
        name: Processor(tuple(dict.fromkeys(shape.channels)), frozenset(shape.gateways), RefundsBy(shape.refunds))
        for name, shape in payments.items()
    }


def _route(shape: RouteShape, path: Path, findings: Findings) -> Route:
    return Route(
        name=shape.name or shape.to,
        to=shape.to,
        locations=tuple(shape.locations),
        countries=frozenset(shape.countries),
        channels=frozenset(shape.channels),
        skus=tuple(shape.skus),
        tags=frozenset(shape.tags),
        cut_off=_time(shape.cut_off, (*path, "cut_off"), findings),
        method=shape.method,
        methods=shape.methods,
        split=shape.split,
        shortage=Shortage(shape.shortage),
    )


def _is_connection(name: str, names: Sequence[str], path: Path, findings: Findings) -> bool:
    if name not in names:
        findings.error(path, f"there is no connection {name}", did_you_mean(name, names))
    return name in names


def _check_asked(
    target: str, channel: str, manifests: Mapping[str, Manifest], names: Sequence[str], path: Path, findings: Findings
) -> None:
    """Whether a connection can be asked for goods or for an entry in its books."""
    if not _is_connection(target, names, path, findings):
        return
    if target == channel:
        findings.error(path, f"{target} is where the orders come from", "name the ERP or whoever keeps the books")
    elif target in manifests and not _takes(manifests[target], "fulfillment_request"):
        findings.error(path, f"{manifests[target].title} takes no orders", "choose an ERP or a 3PL")


def _takes(manifest: Manifest, document: str) -> bool:
    return any(effect.document == document for effect in manifest.effects.values())


def _reads(manifest: Manifest | None, document: str) -> bool:
    """Whether a platform shows such documents; one that is not known was told of elsewhere."""
    return manifest is None or any(document in one.documents for one in manifest.resources.values())


def _instant(text: str, path: Path, findings: Findings) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        findings.error(path, f"{path[-1]} is no instant: {text}", "write it as 2026-11-27T08:00:00Z")
        return _NEVER
    if found.tzinfo is None:
        findings.error(path, f"{path[-1]} has no time zone: {text}", "add Z for UTC, or an offset as in +01:00")
        return _NEVER
    return found.astimezone(UTC)


def _time(text: str, path: Path, findings: Findings) -> time | None:
    try:
        return time.fromisoformat(text) if text else None
    except ValueError:
        findings.error(path, f"{text} is no time of day", "write it as 14:00")
        return None
