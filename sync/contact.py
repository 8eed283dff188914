"""Working with one connection: nobody else does meanwhile, its trouble stays its own, and how it went is told on."""

from __future__ import annotations

from collections.abc import Callable

from sync.contain import contained
from sync.hub import Hub
from sync.logcontext import about


def rests(hub: Hub, name: str, failed: dict[str, str]) -> bool:
    """Whether a connection is left alone for now; then ``failed`` tells why."""
    why = "something of it is half done" if name in hub.lane.aside else hub.resting().get(name)
    if why is not None:
        failed[name] = why
    return why is not None


def work_with(
    hub: Hub, name: str, action: str, failed: dict[str, str], work: Callable[[Callable[[], bool]], object]
) -> None:
    """Do something with a connection; ``work`` is given what tells whether it is still ours.

    What goes wrong is in ``failed``, also that somebody else works with it; then nothing is done.
    """
    with about(connection=name, action=action), contained(name, failed), hub.hold(name) as still_ours:
        work(still_ours)
    hub.on_contact(name, failed.get(name, ""))
