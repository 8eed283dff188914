"""``crossdock demo``: the whole story on simulators, over real HTTP on this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from canonical.errors import CrossdockError
from crossdock.cli.app import App, make_command
from crossdock.cli.outcome import Outcome
from crossdock.cli.output import SilentProgress
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.workspace import open_hub

if TYPE_CHECKING:
    from connectors.simulation.catalog import CatalogItem
    from crossdock.demo.story import Story
    from sync.hub import Hub

_PLATFORMS = [
    Column("connection", "connection"),
    Column("platform", "platform"),
    Column("reads", "read calls", figures=True),
    Column("writes", "write calls", figures=True),
    Column("effects", "values changed", figures=True),
]

_PROOF = [
    Column("what", "what"),
    Column("shops", "shops", figures=True),
    Column("erp", "ERP", figures=True),
    Column("tpls", "3PLs", figures=True),
    Column("pay", "processor", figures=True),
    Column("difference", "difference", figures=True),
]


@make_command(
    "demo",
    "Tell the whole story on simulators of shops, ERP, 3PLs and a payment processor, on this machine.",
    """
    crossdock demo
    crossdock demo --catalog products.csv                             your own products, a Shopify export
    crossdock demo --catalog products.csv --sku-from handle-options   when it has no SKUs
    crossdock demo --dir trial                                        keep configuration and database
    crossdock demo --dir trial --stay                                 and the simulated platforms, to try commands on
    """,
)
@click.option(
    "--catalog",
    "catalogs",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A Shopify product CSV instead of our own catalog; repeatable.",
)
@click.option(
    "--sku-from", type=click.Choice(["handle-options"]), help="Make missing SKUs of handle and option values."
)
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path, file_okay=False), help="Keep everything in this new folder."
)
@click.option("--stay", is_flag=True, help="With --dir: keep the simulated platforms until Ctrl-C, to try commands on.")
def command(app: App, catalogs: tuple[Path, ...], sku_from: str | None, folder: Path | None, stay: bool) -> Outcome:
    """Start an ERP and two shops here, let things go wrong on purpose, then live a trading day with two 3PLs.

    Needs no account and no network. Each step says what happened, with figures counted by the simulated platforms and
    in the hub's database, and asserts its own promises; the proof at the end is what each side counts itself. Waiting
    takes no time, so the story begins some days ago. Exit code 1 when a promise is broken.

    JSON: {"counts": {"steps", "promises", "broken", "variants", "linked", "conflicts", "open_conflicts", "oversold",
    "seconds"}, "steps": [{"number", "title", "told", "figures", "promises": [{"text", "kept"}]}], "proof": [{"what",
    "shops", "erp", "tpls", "pay", "difference"}] (null: a side that does not count this), "platforms": [{"connection",
    "platform", "reads", "writes", "effects"}], ...}
    """
    started = time.monotonic()
    if stay and folder is None:
        raise CrossdockError("--stay needs a folder for configuration and database", hint="name one with --dir")
    items = _items(catalogs, sku_from or "")
    with _folder(folder) as place:
        story = _tell(app, items, place, stay=stay)
    return app.output.emit(_report(app, story, time.monotonic() - started, folder))


def _items(catalogs: Sequence[Path], sku_from: str) -> list[CatalogItem]:
    from crossdock.demo.catalog import own_catalog
    from crossdock.demo.samples import read_catalog

    if not catalogs:
        return own_catalog()
    return [item for path in catalogs for item in read_catalog(path, sku_from)]


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is None:
        with TemporaryDirectory(prefix="crossdock-demo-") as name:
            yield Path(name)
        return
    if given.exists() and any(given.iterdir()):
        raise CrossdockError(f"the folder {given} is not empty", hint="name a new one with --dir")
    try:
        given.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CrossdockError(f"cannot make the folder {given}: {error.strerror}", hint="name another one") from error
    yield given


def _tell(app: App, items: list[CatalogItem], place: Path, *, stay: bool) -> Story:
    from crossdock.demo.chapters import tell
    from crossdock.demo.fastclock import FastClock
    from crossdock.demo.story import Story
    from crossdock.demo.world import open_world

    clock = FastClock()

    def start(config: Path, *, read_only: bool = False) -> AbstractContextManager[Hub]:
        return open_hub(replace(app, config=config), SilentProgress(), read_only=read_only, clock=clock)

    with ExitStack() as stack:
        world = stack.enter_context(open_world(items, place, clock))
        hub = stack.enter_context(start(world.config))
        reader = stack.enter_context(start(world.config, read_only=True))
        story = Story(world, hub, reader, app.output.say, skus=world.skus)

        def stays() -> None:
            clock.catch_up()
            _stay(app, world.config)

        tell(story, clock, start, stays if stay else lambda: None)
    return story


def _stay(app: App, config: Path) -> None:
    """Leave the platforms open until the person has tried enough."""
    app.output.say(f"\nThe platforms stay until Ctrl-C. In another terminal: crossdock --config {config} doctor")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        app.output.say("")


def _report(app: App, story: Story, seconds: float, folder: Path | None) -> Report:
    steps = [
        {
            "number": step.number,
            "title": step.title,
            "told": step.told,
            "figures": step.figures,
            "promises": [{"text": text, "kept": kept} for text, kept in step.promises],
        }
        for step in story.steps
    ]
    promises = [kept for step in story.steps for _, kept in step.promises]
    counts: dict[str, int | float | str] = {
        "steps": len(steps),
        "promises": len(promises),
        "broken": promises.count(False),
        **story.totals,
        "seconds": round(seconds, 1),
    }
    outcome = Outcome.IN_SYNC if story.kept else Outcome.ERROR
    sections = [Section("platforms", _PLATFORMS, story.platforms, title="API calls, as the platforms counted them")]
    sections.insert(0, Section("proof", _PROOF, story.proof, title="The proof" if story.proof else ""))
    if app.as_json:
        sections.append(Section("steps", [], steps))
    else:
        app.output.say("")
    summary = "every promise was kept" if story.kept else "a promise was broken"
    kept = f"status, runs, explain, conflicts list, orders and lint work in {folder}; the simulators have ended"
    return Report("demo", outcome, sections, counts, summary, [kept] if folder else [])
