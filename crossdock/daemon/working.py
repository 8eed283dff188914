"""A worker: the loop of the daemon without the receiver, beside others of which one leads."""

from __future__ import annotations

import os
import socket

from starlette.applications import Starlette

from crossdock.alerts.keeper import Charge, Keeper, charge_now, keeper_of
from crossdock.cli.app import App
from crossdock.cli.workspace import resolver
from crossdock.clock import SystemClock
from crossdock.daemon.active import Active
from crossdock.daemon.bell import Bell
from crossdock.daemon.between import between_runs
from crossdock.daemon.following import Followers
from crossdock.daemon.leading import Leading
from crossdock.daemon.loop import Loop, Pace
from crossdock.daemon.presence import Presence
from crossdock.daemon.reload import Candidate
from crossdock.daemon.server import Server
from crossdock.daemon.standing import Standing
from crossdock.daemon.stay import Stay
from crossdock.daemon.watch import Watch
from crossdock.engines.shared import SharedEngine
from crossdock.engines.sweeper import Sweeper, marked_in
from crossdock.engines.wakes import Wakes
from crossdock.settings.model import Settings
from sync.daemon import Worker, session_name
from sync.hub import Hub

_END_SECONDS = 3.0


def place_of(watch: Watch, listener: socket.socket | None) -> Server | Stay:
    """What the main thread does until asked to stop: serve probes and figures, or nothing."""
    return Stay() if listener is None else Server(Starlette(routes=list(watch.routes)), listener)


class Working:
    """Everything a worker does beside its main thread, which is in ``place``."""

    def __init__(
        self,
        app: App,
        hub: Hub,
        settings: Settings,
        pace: Pace,
        place: Server | Stay,
        watch: Watch,
        *,
        paced: bool = False,
    ) -> None:
        self._place = place
        self._wakes = Wakes(hub.database.url, name=session_name(Worker(socket.gethostname(), os.getpid())))
        self._wakes.prepare()
        self._presence = Presence(hub, settings)
        active = Active(settings, hub, app.secrets)
        bell = Bell()

        def keeper(charge: Charge) -> Keeper:
            return keeper_of(hub, charge, watch.pulse)

        def engine() -> SharedEngine:
            return SharedEngine(self._wakes, hub.database, SystemClock())

        charge = charge_now(hub, settings, resolver(app, settings))
        self._leading = Leading(active, bell, settings.schedules, engine, keeper, charge)
        self._followers = Followers(None, watch)
        between = between_runs(app, active, self._presence, self._follow, lambda: None, paced=paced)
        standing = Standing(between, watch.pulse, self._leading.begin, self._leading.end)
        self._loop = Loop(hub, pace, lambda: place.stopping, settings.schedules, watch.pulse, standing, bell)
        self._followers.loop = self._loop
        self._sweeper = Sweeper(self._wakes.submit, marked_in(hub.database), self._wakes.drop_stalled)
        watch.over(place, None, self._loop)

    def _follow(self, found: Candidate) -> None:
        self._followers.follow(found)
        self._leading.follow(found)

    def start(self) -> None:
        """Begin to lead or to stand by."""
        self._sweeper.start()
        self._loop.start(on_end=self._place.stop)

    def end(self) -> bool:
        """End once the main thread was asked to stop; whether the work has ended."""
        ended = self._loop.join(_END_SECONDS)
        self._sweeper.stop()
        self._leading.end()
        if ended:
            self._presence.leave()
        self._wakes.close()
        return ended
