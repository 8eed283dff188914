"""The hub that many shops live with: it books every order it finds, and sets every channel to the owner's figure."""

from __future__ import annotations

from collections.abc import Callable

from tests.worlds.market import Market
from tests.worlds.script import CHANNELS, PLACES, Round


class Blind:
    """Reads, then sets; it compares nothing, reserves nothing, and remembers nothing."""

    def __init__(self, market: Market, on_step: Callable[[float], None]) -> None:
        self.market, self.on_step = market, on_step
        self.killed = self.steps = 0
        self.trace = False

    def hook(self, channel: str, item: str) -> None:
        """It reads everything anyway."""

    def round(self, found: Round) -> None:
        """One round: killed in the first half it does nothing, later it has done everything."""
        self.on_step(0.2)
        if found.crash is None or found.crash > 0.5:
            self.sync()
        else:
            self.killed += 1
        self.on_step(1.0)
        self.market.take_effect()

    def rest(self) -> None:
        """Sync until nothing moves any more."""
        self.market.heal()
        for _ in range(2):
            self.sync()

    def shown(self) -> dict[str, str]:
        """It tells nobody anything."""
        return {}

    def sync(self) -> None:
        """Book the orders, read the figures, and set them."""
        erp = self.market.trades["erp"]
        for channel in CHANNELS:
            self.market.was_told(channel, "orders", self.market.seq)
            for number, order in list(self.market.trades[channel].orders.items()):
                lines = [{"sku": one["sku"], "quantity": one["quantity"]} for one in order["lines"]]
                reference = f"{channel}-{number}-1"
                if order["status"] == "open" and order["payment_status"] == "paid" and lines[0]["quantity"]:
                    erp.ask({"reference": reference, "lines": lines})
                elif order["status"] == "canceled" and reference in erp.requests:
                    erp.call_off(reference)
        figures = {
            (sku, place): thing.items["erp"].levels[place]["available"]
            for sku, thing in self.market.things.items()
            for place in PLACES
        }
        self.market.was_told("erp", "items", self.market.seq)
        self.on_step(0.8)
        for channel in CHANNELS:
            world = self.market.worlds[channel]
            for (sku, place), units in figures.items():
                if world.stock(sku, place) != units:
                    world.write_level(world.find(sku), place, max(0, units))
