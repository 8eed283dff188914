"""The mapping files a configuration uses, shipped ones and the operator's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from canonical.errors import Problem
from canonical.hints import did_you_mean
from mappings.loader import SHIPPED


def mapping_files(platforms: Iterable[str], overrides: Path) -> list[Path]:
    """Every mapping file of these platforms."""
    folders = [folder / name for folder in (SHIPPED, overrides) for name in sorted(platforms)]
    return [file for folder in folders for part in (folder, folder / "documents") for file in part.glob("*.yaml")]


def stray_files(known: Iterable[str], overrides: Path) -> Iterator[Problem]:
    """What lies in the mappings folder where no mapping is looked for."""
    names = list(known)
    for path in sorted(overrides.glob("*")) if overrides.is_dir() else ():
        if path.is_dir() and path.name not in names:
            message = f"there is no connector {path.name}, so nothing in this folder is read"
            yield Problem(message, str(path), hint=did_you_mean(path.name, names))
        elif path.suffix in (".yaml", ".yml"):
            yield Problem(
                "a mapping lies in its connector's folder", str(path), hint="move it to <connector>/<entity>.yaml"
            )
    for path in sorted((*overrides.glob("*/*.yml"), *overrides.glob("*/documents/*.yml"))):
        yield Problem("this file is not read", str(path), hint="name it .yaml")
