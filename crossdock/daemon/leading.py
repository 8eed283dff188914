"""What only the leading worker does beside syncing: it hears wakes, keeps the schedules' time and tells of alerts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crossdock.alerts.keeper import charge_of
from crossdock.daemon.active import Active
from crossdock.daemon.bell import Bell
from crossdock.engines.lane import in_lane
from sync.schedule import Schedule

if TYPE_CHECKING:
    from crossdock.alerts.keeper import Charge, Keeper
    from crossdock.daemon.reload import Candidate
    from crossdock.engines.engine import Engine

_GRACE_SECONDS = 2.0


@dataclass
class Leading:
    """Begins and ends with the leadership, as often as that changes; ``engine`` and ``keeper`` make new ones.

    ``charge`` is what was read last: whoever takes over needs no secret that cannot be read just then.
    """

    active: Active
    bell: Bell
    schedules: Mapping[str, Schedule]
    engine: Callable[[], Engine]
    keeper: Callable[[Charge], Keeper]
    charge: Charge
    _engine: Engine | None = field(default=None, init=False)
    _keeper: Keeper | None = field(default=None, init=False)

    def begin(self) -> None:
        """Do it from now on."""
        self._keeper = self.keeper(self.charge)
        self._hear()
        self._keeper.start()

    def _hear(self) -> None:
        hub = self.active.hub
        self._engine = self.engine()
        for name, schedule in self.schedules.items():
            self._engine.schedule(schedule, name, self.bell.ring)
        handler = in_lane(hub.database, hub.clock, self.bell.attend)
        threading.Thread(target=self._engine.run, args=(handler,), name="wakes", daemon=True).start()

    def follow(self, found: Candidate) -> None:
        """Go by this configuration from now on, also where another one leads now."""
        changed = found.settings.schedules != self.schedules
        self.schedules = found.settings.schedules
        self.charge = charge_of(found.settings, found.targets)
        if self._keeper is not None:
            self._keeper.configure(self.charge)
        if self._engine is not None and changed:
            self._engine.stop(_GRACE_SECONDS)
            self._hear()

    def end(self) -> None:
        """Do it no more."""
        engine, keeper = self._engine, self._keeper
        self._engine = self._keeper = None
        if engine is not None:
            # Called by the thread that takes the turns: who waits for the end of this one would wait for ever.
            engine.stop(0)
            self.bell.let_go()
            engine.stop(_GRACE_SECONDS)
        if keeper is not None:
            keeper.stop()
