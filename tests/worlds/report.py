"""What many worlds came to, added up, as a table of the three hubs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.worlds.ledger import BY_THE_HUB, OWNER, REQUEST, RESTOCK, SHARING, Ledger
from tests.worlds.play import Played
from tests.worlds.script import CHANNELS
from tests.worlds.shown import HELD, RETURNED, UNKNOWN

ROWS = (
    ("units sold", ("sold",)),
    ("listed over by the hub: raised", ("listed over raised",)),
    ("listed over by the hub: sale erased", ("listed over erased",)),
    ("oversold by the hub", tuple(f"oversold {cause}" for cause in BY_THE_HUB)),
    ("oversold by sharing in the lag", (f"oversold {SHARING}",)),
    ("oversold by a correction of the owner", (f"oversold {OWNER}",)),
    ("oversold by a restock of the channel", (f"oversold {RESTOCK}", f"oversold {REQUEST}")),
    ("oversold without a cause", ("unexplained",)),
    ("worlds at rest with too much listed", ("rest over",)),
    ("worlds at rest with too little listed", ("rest under",)),
    *((f"  shown: {why}", (f"rest under {why}",)) for why in (UNKNOWN, RETURNED, HELD)),
)


@dataclass
class Totals:
    """Sums over worlds, by channel.

    ``wrong`` are the seeds in which a hub did what it must not, and what that was: where ``compares`` names a channel
    nothing may be listed over, elsewhere only a sale between the look and the write may be erased, and at rest no
    channel may list too much. Too little is counted by what the hub shows of it; if it shows nothing, it is wrong.
    """

    compares: Mapping[str, bool]
    worlds: int = 0
    killed: int = 0
    steps: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in CHANNELS})
    wrong: dict[int, str] = field(default_factory=dict)

    def add(self, played: Played) -> None:
        """Take a group in."""
        self.killed += played.killed
        self.steps += played.steps
        for seed, ledger in played.ledgers.items():
            self.worlds += 1
            listed, free = played.ends[seed]
            for channel in CHANNELS:
                counts = self.counts[channel]
                counts["sold"] += ledger.sold[channel]
                counts.update({f"listed over {cause}": n for cause, n in ledger.listed_over[channel].items()})
                counts.update({f"oversold {cause}": n for cause, n in ledger.oversold[channel].items()})
                counts["unexplained"] += ledger.unexplained if channel == CHANNELS[0] else 0
                off = listed[channel] - max(0, free)
                if off:
                    counts["rest over" if off > 0 else "rest under"] += 1
                if off < 0 and seed in played.shown:
                    counts[f"rest under {played.shown[seed]}"] += 1
                elif off < 0:
                    self.wrong[seed] = f"at rest {channel} lists {listed[channel]} of {free}, and nothing is said of it"
                if off > 0:
                    self.wrong[seed] = f"at rest {channel} lists {listed[channel]}, {free} are free"
                self._judge(seed, channel, ledger)

    def merge(self, other: Totals) -> None:
        """Add the sums of other worlds."""
        self.worlds += other.worlds
        self.killed += other.killed
        self.steps += other.steps
        self.wrong.update(other.wrong)
        for channel in CHANNELS:
            self.counts[channel].update(other.counts[channel])

    def _judge(self, seed: int, channel: str, ledger: Ledger) -> None:
        over = ledger.listed_over[channel]
        if over["raised"] or (over["erased"] and self.compares[channel]):
            self.wrong[seed] = f"{channel} listed {dict(over)} over"
        if ledger.unexplained:
            self.wrong[seed] = f"{ledger.unexplained} oversold without a cause"

    def by_the_hub(self, channel: str) -> int:
        """Units that a hub's own writes listed over what the platform and its reads had told."""
        return sum(self.counts[channel][f"listed over {cause}"] for cause in BY_THE_HUB)


def table(columns: Mapping[str, tuple[Totals, str]]) -> str:
    """The figures of each hub and channel side by side."""
    width = max(len(name) for name, _ in ROWS)
    lines = [" " * width + "".join(f"{name:>24}" for name in columns)]
    for name, keys in ROWS:
        figures = (sum(totals.counts[channel][key] for key in keys) for totals, channel in columns.values())
        lines.append(name.ljust(width) + "".join(f"{figure:>24,}" for figure in figures))
    return "\n".join(lines)
