"""The shape of crossdock.yaml: one struct per block; the JSON Schema for editors is made from these."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from crossdock.settings.alerts import AlertsShape
from crossdock.settings.database import DEFAULT
from crossdock.settings.metrics import MetricsShape
from crossdock.settings.ordershape import OrdersShape, ProcessorShape, RouteShape
from crossdock.settings.privacy import PrivacyShape
from crossdock.settings.retention import RetentionShape
from crossdock.settings.scheduleshape import ScheduleShape
from crossdock.settings.telemetry import TelemetryShape

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$", description="Lower-case letters, digits and underscores.")]
Code = Annotated[str, Meta(pattern="^[^\\[\\]*]+$", description="A location code of your own choice, as in WH1.")]
Currency = Annotated[
    str, Meta(pattern="^([A-Z]{3})?$", description="ISO 4217 code of the account's currency, as in EUR.")
]
Percent = Annotated[float, Meta(ge=0, le=100)]
Units = Annotated[int, Meta(ge=0, le=1_000_000_000)]
SettingValue: TypeAlias = str | int | float | bool


class _Block(Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of every block: frozen, and unknown keys are errors."""


class ConnectionShape(_Block, frozen=True, kw_only=True):
    """One account on one platform."""

    connector: Annotated[str, Meta(description="The platform: see `crossdock connectors list`.")]
    settings: Annotated[
        dict[str, SettingValue],
        Meta(description="The connector's own settings; secrets by reference, as in ${env:NAME} or ${file:PATH}."),
    ] = {}
    currency: Currency = ""
    read_only: Annotated[bool, Meta(description="Never write to this account, whatever the flows say.")] = False
    allow_private_network: Annotated[
        bool,
        Meta(description="Whether this account's server may be at a private or loopback address, as one in-house is."),
    ] = False
    write_settle_seconds: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(description="How late a lost write may still take effect here; replaces the connector's own figure."),
    ] = None
    webhook_secrets: Annotated[
        list[str],
        Meta(
            max_length=50,
            description="What the platform signs its webhooks with, by reference; while a secret is changed, the new "
            "one and the old one. None: webhooks of this account are refused.",
        ),
    ] = []


class WebhooksShape(_Block, frozen=True, kw_only=True):
    """Where the hub hears what platforms tell by themselves."""

    host: Annotated[
        str, Meta(min_length=1, description="The address to listen on; put a server that speaks TLS in front of it.")
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535, description="The port to listen on; 0 takes a free one.")] = 8085
    public_url: Annotated[
        str,
        Meta(description="What platforms call, as in https://hub.example.com; see `webhooks register`."),
    ] = ""
    silent_after_hours: Annotated[
        float, Meta(ge=0, le=8784, description="A platform that was not heard for so long is an incident; 0 for never.")
    ] = 24.0
    max_body_kib: Annotated[int, Meta(ge=1, le=65_536, description="The largest message that is taken.")] = 2048
    max_per_second: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Messages a second for each connection, on average.")
    ] = 1000


class LastUnitsShape(_Block, frozen=True, kw_only=True):
    """Who sells the last units of a pool."""

    below: Annotated[int, Meta(ge=1, description="At or below so many units only one channel lists them.")]
    channel: Annotated[str, Meta(description="The channel that lists them.")]


class PoolShape(_Block, frozen=True, kw_only=True):
    """Locations whose stock is sold as one number."""

    locations: Annotated[list[str], Meta(min_length=1, description="Location codes, in order of priority.")]
    safety_stock: Annotated[Units, Meta(description="Stock items kept back from every channel.")] = 0
    last_units: Annotated[
        LastUnitsShape | None,
        Meta(description="Leave the last units to one channel, so that two cannot sell the same one at once."),
    ] = None


class TargetShape(_Block, frozen=True, kw_only=True):
    """What one target of a flow gets; all keys are for inventory flows."""

    pool: Annotated[str, Meta(description="The pool this channel sells from.")] = ""
    buffer: Annotated[Units, Meta(description="Stock items kept back on this channel, once per SKU.")] = 0
    max_listed: Annotated[Units | None, Meta(description="Never show more than this; null shows all.")] = None
    quota: Annotated[
        Annotated[int, Meta(ge=0, le=100)] | None,
        Meta(description="This channel's percentage of the pool; null shares all of it with the others."),
    ] = None
    locations: Annotated[
        list[str],
        Meta(
            description="The channel's locations to fill, in order; the buffer comes off the last. Default: the "
            "pool's locations that have an id on this connection."
        ),
    ] = []


class FlowShape(_Block, frozen=True, kw_only=True):
    """Which fields go from their owner to which targets."""

    kind: Annotated[Literal["state", "inventory"], Meta(description="state: owned fields; inventory: stock.")]
    source: Annotated[str, Meta(description="The connection that owns what this flow moves.")]
    targets: Annotated[
        dict[str, TargetShape | None], Meta(min_length=1, description="The connections that are written to.")
    ]
    entity: Annotated[str, Meta(description="The entity of a state flow, as in variant.")] = ""
    fields: Annotated[list[str], Meta(description="The fields a state flow moves, as in price.")] = []
    on_conflict: Annotated[
        Literal["hold", "restore", "adopt"],
        Meta(
            description="When someone else changed an owned field. hold: freeze it and log; restore: write the "
            "owner's value back; adopt: theirs until the owner's value next changes."
        ),
    ] = "hold"
    baseline: Annotated[
        Literal["owner", "theirs", "hold"],
        Meta(description="Whose value counts where the two sides differ at adoption."),
    ] = "owner"
    sweep_every_minutes: Annotated[int, Meta(ge=1, le=527_040, description="How often everything is read in full.")] = (
        1440
    )


class GuardsShape(_Block, frozen=True, kw_only=True):
    """When to stop and ask; percentages judge sets of `min_population` records and more."""

    changed_percent: Annotated[Percent, Meta(description="Share of records that would change.")] = 30.0
    zero_percent: Annotated[Percent, Meta(description="Share of records whose stock would go to zero.")] = 20.0
    source_min_percent: Annotated[
        Percent, Meta(description="Least share of its last complete count that the source must return.")
    ] = 80.0
    price_move_percent: Annotated[
        Annotated[float, Meta(ge=0)], Meta(description="How far one price may move in one step.")
    ] = 30.0
    min_population: Annotated[int, Meta(ge=1, description="Sets smaller than this are not judged by share.")] = 10
    window_hours: Annotated[float, Meta(gt=0, le=8784, description="Length of the rolling window guards look at.")] = (
        24.0
    )


class PlanShape(_Block, frozen=True, kw_only=True):
    """Rules for saved plans."""

    max_age_hours: Annotated[float, Meta(gt=0, le=8784, description="Older plans are refused by apply.")] = 24.0


class ConfigShape(_Block, frozen=True, kw_only=True):
    """All of crossdock.yaml."""

    database: Annotated[
        str,
        Meta(
            min_length=1,
            description="sqlite:///file (relative to this file) or postgresql://…, or a reference.",
        ),
    ] = DEFAULT
    connections: Annotated[dict[Name, ConnectionShape], Meta(description="Your accounts, by a name you choose.")]
    locations: Annotated[
        dict[Code, dict[str, str | int]],
        Meta(description="Where you keep stock: your location code to the platform's own id per connection."),
    ] = {}
    ownership: Annotated[
        dict[str, str],
        Meta(description="Which connection decides what: entity.field or entity.field[scope]; [*] is every scope."),
    ] = {}
    pools: Annotated[dict[Name, PoolShape], Meta(description="Stock that is sold as one number.")] = {}
    flows: Annotated[dict[Name, FlowShape], Meta(description="What moves from where to where.")] = {}
    kits: Annotated[
        dict[str, Annotated[dict[str, Annotated[int, Meta(ge=1)]], Meta(min_length=1)]],
        Meta(description="Sets sold as one: the kit's SKU to its components and how many of each."),
    ] = {}
    units: Annotated[
        dict[str, Annotated[int, Meta(ge=1)]],
        Meta(description="Stock items per unit sold, by SKU, as in cartons of 12."),
    ] = {}
    orders: Annotated[
        dict[Name, OrdersShape], Meta(description="Channels whose orders are reserved, asked for and told on.")
    ] = {}
    routing: Annotated[
        list[RouteShape], Meta(description="Who ships what: the first rule that matches and has the goods.")
    ] = []
    payments: Annotated[
        dict[Name, ProcessorShape],
        Meta(description="Payment processors by connection: whose orders they are paid for."),
    ] = {}
    schedules: Annotated[
        dict[Name, ScheduleShape],
        Meta(description="What `crossdock serve` runs by the clock; none: everything in one interval."),
    ] = {}
    guards: GuardsShape = GuardsShape()
    plan: PlanShape = PlanShape()
    webhooks: WebhooksShape = WebhooksShape()
    retention: RetentionShape = RetentionShape()
    metrics: MetricsShape = MetricsShape()
    alerts: AlertsShape = AlertsShape()
    telemetry: TelemetryShape = TelemetryShape()
    privacy: PrivacyShape = PrivacyShape()
    token_key: Annotated[
        str,
        Meta(
            description="The key, by reference, with which tokens are kept that a platform replaces, as in "
            "${file:/run/secrets/token_key}. None: they live in memory, and a restart begins with those configured."
        ),
    ] = ""
