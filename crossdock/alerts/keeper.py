"""The thread that keeps the log of alerts and tells them: it never holds up a sync, nor the end of the process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import tenacity

from canonical.clock import instant_text
from canonical.errors import CrossdockError, SkippableError
from crossdock.alerts.message import Message, Notice, message_of
from crossdock.alerts.senders import DeliveryError, Sender
from crossdock.alerts.targets import Target, endings, limits, targets
from crossdock.daemon.pulse import Pulse
from crossdock.settings.model import Settings
from crossdock.settings.secrets import Resolver
from sync.alerts import log
from sync.alerts.conditions import Ending, Limits, Situation, conditions
from sync.alerts.kinds import ADVICE
from sync.contain import of_one_record
from sync.hub import Hub

_log = logging.getLogger(__name__)
_ATTEMPTS = 3
_LONGEST_WAIT = 5.0
_BLIND = 3
_ABOUT = {"action": "alert"}


@dataclass(frozen=True, slots=True)
class Charge:
    """Who is told, from when on something is told, and what ends when."""

    targets: Mapping[str, Target]
    limits: Limits
    endings: Sequence[Ending] = ()


class Keeper:
    """Looks every few seconds what holds, and tells each target what is new; ``step`` is one such look.

    What cannot be delivered is tried again later, by this process or the next. Where the database itself is away,
    targets are told so from memory.
    """

    def __init__(
        self,
        hub: Hub,
        charge: Charge,
        *,
        failures: Callable[[], tuple[int, str]] = lambda: (0, ""),
        every: float = 15.0,
    ) -> None:
        self._hub = hub
        self._charge = charge
        self._failures = failures
        self._every = every
        self._begun = hub.now()
        self._blind = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name="alerts", daemon=True)

    def configure(self, charge: Charge) -> None:
        """Look and tell by this from the next look on; who is not named any more is told nothing more."""
        self._charge = charge

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self, seconds: float = 1.0) -> None:
        """End; what is being delivered gets so many seconds."""
        self._ending.set()
        self._thread.join(seconds)

    def _work(self) -> None:
        while not self._ending.is_set():
            # Who tells of faults must not end by one that no one foresaw: nobody would notice.
            with suppress(CrossdockError), of_one_record("alerts"):
                self.step()
            self._ending.wait(self._every)

    def step(self) -> None:
        """Look once, and tell what is new or was not delivered before."""
        charge = self._charge
        try:
            self._look(charge)
            for name, target in charge.targets.items():
                if not self._ending.is_set():
                    self._tell(name, target.sender)
        except CrossdockError as error:
            _log.warning("alerts could not be looked up: %s", error, extra=_ABOUT)
            self._blind += 1
            if self._blind == _BLIND:
                self._tell_blindness(charge, log.OPENED)
            return
        if self._blind >= _BLIND:
            self._tell_blindness(charge, log.CLOSED)
        self._blind = 0

    def _look(self, charge: Charge) -> None:
        hub = self._hub
        now = Situation(hub.now(), self._begun, charge.endings, *self._failures())
        with hub.database.read() as connection:
            found = conditions(connection, hub.config, now, charge.limits)
        wants = {name: target.kinds for name, target in charge.targets.items()}
        with hub.database.begin() as connection:
            log.reconcile(connection, found, wants, now.now)

    def _tell(self, name: str, sender: Sender) -> None:
        hub = self._hub
        with hub.database.read() as connection:
            rows = log.due(connection, name, hub.now())
        if not rows:
            return
        problem = self._deliver(name, sender, message_of(rows))
        with hub.database.begin() as connection:
            if problem:
                log.not_told(connection, name, rows, problem, hub.now())
            else:
                log.told(connection, name, rows, hub.now())

    def _deliver(self, name: str, sender: Sender, message: Message) -> str:
        """Deliver with a few attempts; what went wrong, or an empty text."""
        attempts = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(_ATTEMPTS) | tenacity.stop_when_event_set(self._ending),
            wait=tenacity.wait_random_exponential(max=_LONGEST_WAIT),
            sleep=tenacity.sleep_using_event(self._ending),
            retry=tenacity.retry_if_exception_type(DeliveryError),
            reraise=True,
        )
        try:
            with of_one_record(name):
                attempts(sender.send, message)
        except DeliveryError as error:
            _log.warning("%s could not be told of alerts: %s", name, error, extra=_ABOUT)
            return str(error)
        except SkippableError:
            # Without its words, which may hold an address; the others are told all the same.
            return "an unexpected fault; the log has where it arose"
        return ""

    def _tell_blindness(self, charge: Charge, event: str) -> None:
        at = instant_text(self._hub.now())
        said = Notice(
            0, event, "sync_failing", "database", "the database of the hub cannot be used", ADVICE["sync_failing"], at
        )
        for name, target in charge.targets.items():
            if said.kind in target.kinds:
                self._deliver(name, target.sender, Message([said]))


def keeper_of(hub: Hub, charge: Charge, pulse: Pulse) -> Keeper:
    """A keeper who is told by ``pulse`` how syncs fare."""
    return Keeper(hub, charge, failures=lambda: (pulse.failures, pulse.last_error))


def charge_now(hub: Hub, settings: Settings, resolver: Resolver) -> Charge:
    """What is looked for as configured, and the targets with their secrets read; ConfigError when they cannot be."""
    return charge_of(settings, targets(settings, resolver, hub.clock))


def charge_of(settings: Settings, told: Mapping[str, Target]) -> Charge:
    """What is looked for as configured, and these targets."""
    return Charge(told, limits(settings.alerts), endings(settings))
