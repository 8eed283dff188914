"""What only the leading worker does beside syncing: it hears wakes, keeps the schedules' time and tells of alerts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crossdock.daemon.active import Active
from crossdock.daemon.bell import Bell
from crossdock.engines.lane import in_lane
from sync.schedule import Schedule

if TYPE_CHECKING:
    from crossdock.alerts.keeper import Keeper
    from crossdock.engines.engine import Engine

_GRACE_SECONDS = 2.0


@dataclass
class Leading:
    """Begins and ends with the leadership, as often as that changes; ``engine`` and ``keeper`` make new ones."""

    active: Active
    bell: Bell
    schedules: Mapping[str, Schedule]
    engine: Callable[[], Engine]
    keeper: Callable[[], Keeper]
    _engine: Engine | None = field(default=None, init=False)
    _keeper: Keeper | None = field(default=None, init=False)

    def begin(self) -> None:
        """Do it from now on."""
        hub = self.active.hub
        self._engine, self._keeper = self.engine(), self.keeper()
        for name, schedule in self.schedules.items():
            self._engine.schedule(schedule, name, self.bell.ring)
        handler = in_lane(hub.database, hub.clock, self.bell.attend)
        threading.Thread(target=self._engine.run, args=(handler,), name="wakes", daemon=True).start()
        self._keeper.start()

    def end(self) -> None:
        """Do it no more."""
        engine, keeper = self._engine, self._keeper
        self._engine = self._keeper = None
        if engine is not None:
            engine.stop(_GRACE_SECONDS)
        if keeper is not None:
            keeper.stop()
