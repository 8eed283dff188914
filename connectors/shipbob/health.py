"""What `doctor` asks of an account: the token, its rights, its channel, the API version, the clock."""

from __future__ import annotations

from collections.abc import Callable

from canonical.errors import CrossdockError
from connectors.base import Environment, Finding
from connectors.manifest import Manifest
from connectors.shipbob.channels import WRITES_ORDERS, Channel, Channels
from connectors.shipbob.client import Client, Listing
from connectors.shipbob.options import Options
from connectors.shipbob.resources import RESOURCES

_SKEW_WARNING = 60.0
_NEAR_DAYS = 90


class Doctor:
    """Looks at one connection and reports; an error is a finding."""

    def __init__(
        self, client: Client, channels: Channels, options: Options, environment: Environment, manifest: Manifest
    ) -> None:
        self._client = client
        self._channels = channels
        self._options = options
        self._environment = environment
        self._manifest = manifest

    def findings(self) -> list[Finding]:
        """Everything worth knowing; what follows from an earlier failure is not asked."""
        found = [self._try("credentials", self._credentials)]
        if found[0].ok:
            found += [self._try("rights", self._rights), self._try("channel", self._channel)]
        return [*found, self._version(), self._mode()]

    @staticmethod
    def _try(check: str, look: Callable[[], Finding]) -> Finding:
        try:
            return look()
        except CrossdockError as error:
            return Finding(check, ok=False, message=str(error.args[0]), advice=error.hint)

    def _credentials(self) -> Finding:
        listing = self._client.paged("channel", (("RecordsPerPage", "1"),))
        skew = self._skew(listing)
        if abs(skew) > _SKEW_WARNING:
            text = f"the token is good; ShipBob's clock and ours differ by {skew:.0f} seconds"
            return Finding("credentials", ok=True, message=text, advice="set this machine's clock", warning=True)
        return Finding("credentials", ok=True, message="the token is good")

    def _rights(self) -> Finding:
        refused = [name for name in RESOURCES if not self._may_read(name)]
        if not refused:
            return Finding("rights", ok=True, message="the token may read everything that is read")
        advice = "make a token with the rights to read orders, returns, products, inventory and locations"
        return Finding("rights", ok=False, message=f"the token may not read {', '.join(refused)}", advice=advice)

    def _may_read(self, name: str) -> bool:
        resource = RESOURCES[name]
        try:
            if resource.numbered:
                self._client.numbered(resource.path, (("Page", "1"), ("Limit", "1")))
            else:
                self._client.paged(resource.path, ((resource.size, "1"),))
        except CrossdockError:
            return False
        return True

    def _channel(self) -> Finding:
        every = self._channels.every()
        own = self._channels.own()
        chosen = next((one for one in every if str(one.id) == own), None)
        if chosen is None:
            return Finding("channel", ok=False, message=f"the token sees no channel {own}", advice=_advice(every))
        if not chosen.writes_orders:
            text = f"the token may make no orders in channel {own} ({chosen.name})"
            return Finding("channel", ok=False, message=text, advice=_advice(every))
        return Finding("channel", ok=True, message=f"orders are made in channel {own} ({chosen.name})")

    def _version(self) -> Finding:
        version = self._options.version
        if version not in self._manifest.versions:
            text = f"version {version} was not tried with this connector"
            return Finding("version", ok=True, message=text, advice="use 2026-01", warning=True)
        sunset = self._manifest.sunsets.get(version)
        left = (sunset - self._environment.clock.now().date()).days if sunset is not None else _NEAR_DAYS
        if left < _NEAR_DAYS:
            text = f"version {version} is answered until {sunset}"
            return Finding("version", ok=left >= 0, message=text, advice="plan the next version", warning=left >= 0)
        return Finding("version", ok=True, message=f"version {version}")

    def _mode(self) -> Finding:
        if self._options.sandbox:
            return Finding("mode", ok=True, message="sandbox: nothing is shipped", warning=True)
        return Finding("mode", ok=True, message="live: orders are shipped")

    def _skew(self, listing: Listing) -> float:
        theirs = listing.server_date
        return 0.0 if theirs is None else (theirs - self._environment.clock.now()).total_seconds()


def _advice(every: list[Channel]) -> str:
    writable = [f"{one.id} ({one.name})" for one in every if one.writes_orders]
    if writable:
        return f"set channel_id to one of {', '.join(writable)}"
    return f"make a token with the right {WRITES_ORDERS}"
