"""What every command is given: which configuration, which form of output, how much to tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from crossdock.cli.outcome import EXIT_CODES, Outcome
from crossdock.cli.output import Output

if TYPE_CHECKING:
    from crossdock.cli.host import Files, Host


@dataclass(frozen=True, slots=True)
class App:
    """The global options of one invocation, the words it was called with, and the daemon it runs in, if any."""

    config: Path | None = None
    as_json: bool = False
    verbose: bool = False
    secrets: set[str] = field(default_factory=set)
    arguments: tuple[str, ...] = ()
    host: Host | None = None

    @property
    def output(self) -> Output:
        """Where the result goes."""
        return self.host.output if self.host is not None else Output(as_json=self.as_json)

    @property
    def files(self) -> Files:
        """Where the files are that arguments name."""
        from crossdock.cli.host import Disk

        return self.host.files if self.host is not None else Disk()


Body = Callable[..., Outcome]


def global_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """The options every command takes, before its name or after it."""
    options = (
        click.option(
            "--config",
            type=click.Path(path_type=Path, dir_okay=False),
            help="The configuration file. Default: $CROSSDOCK_CONFIG, config/crossdock.yaml, crossdock.yaml.",
        ),
        click.option("--format", "form", type=click.Choice(["table", "json"]), help="Form of the output."),
        click.option(
            "-v", "--verbose", is_flag=True, help="Tell more on stderr, with tracebacks for unexpected errors."
        ),
    )
    for option in reversed(options):
        body = option(body)
    return body


def with_options(app: App, config: Path | None, form: str | None, *, verbose: bool) -> App:
    """The invocation's options, where given replaced by those behind the command's name."""
    return replace(
        app,
        config=config or app.config,
        as_json=app.as_json if form is None else form == "json",
        verbose=verbose or app.verbose,
    )


def make_command(name: str, summary: str, examples: str) -> Callable[[Body], click.Command]:
    """Make a command of a function that takes the App first and gives an Outcome."""

    def decorate(body: Body) -> click.Command:
        @wraps(body)
        @click.pass_obj
        def run(app: App, /, *args: Any, config: Path | None, form: str | None, verbose: bool, **given: Any) -> Outcome:
            chosen = with_options(app, config, form, verbose=verbose)
            if chosen.host is None:
                start_logging(chosen)
            return body(chosen, *args, **given)

        return click.command(name, short_help=summary, epilog=closing(examples))(global_options(run))

    return decorate


def closing(examples: str) -> str:
    """What the help of a command or a group ends with: examples and exit codes."""
    lines = "\n".join(f"  {line.strip()}" for line in examples.strip().splitlines())
    return f"\b\nExamples:\n{lines}\n\n{EXIT_CODES}"


def start_logging(app: App, form: Literal["text", "json"] = "text", level: str = "") -> None:
    """Send logs to stderr, secrets taken out: warnings, or with ``-v`` everything of ours, or what ``level`` says."""
    import logging

    from crossdock.cli.errors import redacted
    from crossdock.logs import start

    chosen = level.upper() or ("INFO" if app.verbose else "WARNING")
    start(form, logging.getLevelNamesMapping()[chosen], app.secrets, redacted)
