"""What every command that reads or writes platforms does first: open the hub, wait for its turn, choose flows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from canonical.errors import ConfigError, Problem
from canonical.hints import did_you_mean
from crossdock.cli.app import App
from crossdock.cli.outcome import Outcome
from crossdock.cli.workspace import open_hub

if TYPE_CHECKING:
    from sync.config import FlowConfig
    from sync.hub import Hub
    from sync.observe import ReadMode


@dataclass(frozen=True, slots=True)
class Work:
    """A command's turn on the database: the engine, and the run it is recorded as."""

    hub: Hub
    run_id: int

    def end(self, outcome: Outcome, counts: Mapping[str, int], detail: str = "") -> None:
        """Record how the run ended."""
        from sync.run import end_run

        end_run(self.hub, self.run_id, outcome.word, dict(counts), detail)


@contextmanager
def working(app: App, command: str, *, read_only: bool = False, reads: Sequence[Path] = ()) -> Iterator[Work]:
    """Be the one process at work on the database; says so once on stderr when another one has to end first.

    Where a daemon lives, it carries the whole command out instead, with the files that it ``reads``, and the command
    ends here with its output and its exit code.
    """
    from crossdock.cli.follow import follow, show

    with app.output.progress() as progress, open_hub(app, progress, read_only=read_only) as hub:
        carried = None if app.host is not None else follow(app, hub, progress, reads)
        if carried is None:
            with _turn(app, hub, command) as work:
                yield work
            return
    raise click.exceptions.Exit(show(app, carried))


@contextmanager
def _turn(app: App, hub: Hub, command: str) -> Iterator[Work]:
    from sync.run import lease

    def on_wait() -> None:
        print("waiting: another process is at work on this database (see `crossdock runs`)", file=sys.stderr)

    with lease(hub, command, on_wait=on_wait) as run_id:
        if app.host is not None:
            app.host.begun(run_id)
        yield Work(hub, run_id)


@contextmanager
def looking(app: App) -> Iterator[Hub]:
    """The engine for commands that only look into the database; they wait for nobody."""
    with app.output.progress() as progress, open_hub(app, progress, read_only=True) as hub:
        yield hub


def flow_option(body: Callable[..., Any]) -> Callable[..., Any]:
    """``--flow NAME``, as often as needed."""
    return click.option("--flow", "flows", multiple=True, metavar="NAME", help="Only this flow; repeatable.")(body)


def read_option(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--read full|delta|auto``."""
    return click.option(
        "--read",
        "read",
        type=click.Choice(["full", "delta", "auto"]),
        default=default,
        show_default=True,
        help="full: every record; delta: what changed since the last read; auto: delta, and full where it is due.",
    )


def force_option(body: Callable[..., Any]) -> Callable[..., Any]:
    """``--force``."""
    return click.option("--force", is_flag=True, help="Let through what a guard would withhold.")(body)


def limit_option(body: Callable[..., Any]) -> Callable[..., Any]:
    """``--limit N``."""
    return click.option(
        "--limit",
        type=click.IntRange(min=0),
        default=None,
        metavar="N",
        help="Show so many lines, 0 for all. Default: 50 in tables, all in JSON.",
    )(body)


def shown(app: App, limit: int | None) -> int | None:
    """How many lines to show; None for all."""
    chosen = (None if app.as_json else 50) if limit is None else limit
    return chosen or None


def choose_flows(hub: Hub, names: Sequence[str]) -> list[FlowConfig]:
    """The named flows, or every one; ConfigError for a name that is none."""
    known = hub.config.flows
    problems = [
        Problem(f"there is no flow {name}", hint=did_you_mean(name, known)) for name in names if name not in known
    ]
    if problems:
        raise ConfigError(problems)
    return [flow for flow in known.values() if not names or flow.name in names]


def unpaused_flows(app: App, hub: Hub, names: Sequence[str]) -> list[FlowConfig]:
    """The named flows whether paused or not, else every one that is not; says once on stderr what is left alone."""
    from sync import pauses

    chosen = choose_flows(hub, names)
    left = pauses.obey(hub, chosen, named=bool(names))
    with hub.database.begin() as connection:
        paused = [one.name or "everything" for one in pauses.listing(connection)]
    if len(left) < len(chosen) or hub.paused:
        app.output.note(f"paused, so left alone: {', '.join(paused)} (see `crossdock status`)")
    return left


def choose_targets(hub: Hub, flows: Sequence[FlowConfig], names: Sequence[str]) -> list[tuple[FlowConfig, str]]:
    """Each flow with each of its targets, or with the named ones; ConfigError for a name no flow writes to."""
    known = list(dict.fromkeys(target for flow in hub.config.flows.values() for target in flow.targets))
    problems = [
        Problem(f"no flow writes to {name}", hint=did_you_mean(name, known)) for name in names if name not in known
    ]
    if problems:
        raise ConfigError(problems)
    return [(flow, target) for flow in flows for target in flow.targets if not names or target in names]


def read_mode(text: str) -> ReadMode:
    """The engine's word for ``--read``."""
    from sync.observe import ReadMode

    return ReadMode(text)
