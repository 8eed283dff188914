"""The command ``crossdock``: finds the command, runs it, and turns every ending into an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import click

from canonical.errors import CrossdockError
from crossdock.cli.app import App, global_options, with_options
from crossdock.cli.errors import error_document, tell, tell_unexpected
from crossdock.cli.outcome import EXIT_CODES, INTERRUPTED, Outcome, outcome_of

COMMANDS: dict[str, str] = {
    "demo": "Tell the whole story on simulators of shops, ERP, 3PLs and a payment processor, on this machine.",
    "init": "Write a commented configuration to start from.",
    "lint": "Check the configuration and the mappings, without network or secrets.",
    "doctor": "Check credentials, rights, versions, clock and database, and say what to do.",
    "adopt": "First contact: show what is linked and what differs, then go live.",
    "plan": "Show what would be written, as a diff.",
    "apply": "Write a plan: a saved one, or one made now.",
    "sync": "Plan and apply in one go, for a timer.",
    "serve": "Hear what platforms tell, and sync: what was told at once, the rest as scheduled.",
    "worker": "Sync without hearing webhooks, beside others that stand by to take over; on PostgreSQL.",
    "pause": "Leave flows, connections or everything alone until `resume`.",
    "resume": "Let go on what is paused.",
    "schedules": "List the schedules: when each started last, and when it starts next.",
    "webhooks": "List what each platform tells, and have it tell what is read here.",
    "privacy": "Forget a customer, or tell what is kept of one.",
    "replay": "The same as `webhooks replay`: mark what was told by webhook once more, to be read again.",
    "audit": "Report on fields that differ (accuracy, drift, orphans, duplicates), orders, reservations or payments.",
    "conflicts": "List, show and resolve what somebody changed who does not own it.",
    "orders": "List and show orders, and decide about those that wait for a person.",
    "explain": "Tell everything about one SKU or order: owner, values, mapping, last write, what happens next.",
    "status": "Show where every flow stands, and what waits or is held.",
    "connectors": "List and show the connectors, or examine one.",
    "prune": "Delete what is over and old enough, as `retention:` says.",
    "backup": "Copy the database to a file, while everything goes on.",
    "restore": "Put a copy back as the database; the present one is kept beside it.",
    "revert": "Put back what a run changed, and keep it so.",
    "runs": "List the latest runs: what started each, how it ended, and what comes next.",
    "alerts": "List what people were told of, and try whether they can be told.",
    "commands": "List, show and cancel what the daemon was asked to carry out.",
}
"""Each command's one-line help by name, so that ``--help`` needs to load none of them."""


NEVER_SUGGESTED = frozenset({"--force", "--yes"})
"""Options that approve something; nobody is to come by them through a mistyped word."""


class LazyCommands(click.Group):
    """A group that imports ``crossdock.cli.<name>`` when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order in which an operator meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        found = import_module(f"crossdock.cli.{cmd_name}").command
        return found if isinstance(found, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        from canonical.hints import did_you_mean

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"there is no command {args[0]} ({did_you_mean(args[0], COMMANDS)})", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=LazyCommands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="\b\nStart here:\n  crossdock init        write config/crossdock.yaml\n"
    "  crossdock lint        check it\n  crossdock doctor      check the accounts in it\n"
    "  crossdock adopt       look at what differs, then approve\n  crossdock plan        see what would be written\n"
    "  crossdock apply       write it\n\n" + EXIT_CODES,
)
@global_options
@click.version_option(package_name="crossdock")
@click.pass_context
def cli(ctx: click.Context, config: Path | None, form: str | None, verbose: bool) -> None:
    """Plan and apply for commerce data: keeps shops and ERP equal, every field under one owner."""
    named = os.environ.get("CROSSDOCK_CONFIG")
    ctx.obj = with_options(ctx.obj, config or (Path(named) if named else None), form, verbose=verbose)


def run(arguments: Sequence[str] | None = None, app: App | None = None) -> int:
    """Run one command and give its exit code."""
    given = tuple(sys.argv[1:] if arguments is None else arguments)
    app = replace(app or App(), arguments=given)
    as_json = app.as_json or asks_json(given)
    try:
        ended = perform(given, app)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return int(Outcome.ERROR)
    except click.ClickException as error:
        if isinstance(error, click.NoSuchOption):
            kept = [name for name in error.possibilities or () if name not in NEVER_SUGGESTED]
            error = click.NoSuchOption(error.option_name, error.message, kept, error.ctx)
        error.show()
        if as_json:
            print(error_document(CrossdockError(error.format_message()), Outcome.ERROR, app.secrets))
        return Outcome.ERROR
    except click.Abort:
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    except CrossdockError as error:
        tell(error, app.secrets)
        if as_json:
            print(error_document(error, outcome_of(error), app.secrets))
        return outcome_of(error)
    return ended


def perform(arguments: Sequence[str], app: App) -> int:
    """Run one command; its exit code, or whatever ended it, as it was raised."""
    ended: Any = cli.main(args=list(arguments), prog_name="crossdock", standalone_mode=False, obj=app)
    return int(ended) if ended is not None else Outcome.IN_SYNC


def asks_json(arguments: Sequence[str]) -> bool:
    """Whether the words of a command line ask for JSON, even one that cannot be carried out."""
    pairs = pairwise(arguments)
    return "--format=json" in arguments or ("--format", "json") in pairs


def main() -> NoReturn:
    """The entry point of the installed command; a fault of ours ends in a short message and exit code 1."""
    app = App()
    verbose = bool({"-v", "--verbose"} & set(sys.argv))

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        tell_unexpected(error, app.secrets, verbose=verbose)
        if asks_json(sys.argv[1:]):
            unexpected = CrossdockError(f"unexpected error: {error}", hint="run again with -v, and report it")
            print(error_document(unexpected, Outcome.ERROR, app.secrets))

    sys.excepthook = hook
    sys.exit(run(None, app))
