"""Many worlds at once: parts that a process plays by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.worlds.engine import COMPARES, Template, prepare
from tests.worlds.mutants import broken
from tests.worlds.play import SIZE, play_all
from tests.worlds.report import Totals
from tests.worlds.script import CHANNELS


def channels(*, compare: bool) -> dict[str, bool]:
    """Which channels compare before they set."""
    return dict.fromkeys(CHANNELS, True) if compare else COMPARES


@contextmanager
def template_of(*, compare: bool, rule: str) -> Iterator[Template]:
    """An adopted hub, perhaps with a broken rule."""
    memory = Path("/dev/shm")
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(dir=memory if memory.is_dir() else None))
        template = prepare(Path(folder), SIZE, channels(compare=compare))
        stack.callback(template.database.close)
        if rule:
            stack.enter_context(broken(rule))
        yield template


def play_part(asked: tuple[int, int, bool, str]) -> tuple[Totals, Totals]:
    """Play so many worlds from a first one, under the hub and under the blind one."""
    first, count, compare, rule = asked
    seeds = range(first, first + count)
    with template_of(compare=compare, rule=rule) as template:
        careful, blind = Totals(template.compares), Totals(dict.fromkeys(CHANNELS, False))
        play_all(template, seeds, careful.add)
        play_all(template, seeds, blind.add, blind=True)
    return careful, blind
