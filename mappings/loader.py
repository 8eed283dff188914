"""Loads mapping files: the shipped ones, with the operator's single changes on top."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from canonical.errors import ConfigError, Problem
from canonical.fields import ENTITIES
from canonical.hints import did_you_mean
from mappings.check import check_spec
from mappings.merge import Merged, merge
from mappings.shape import check_shape
from mappings.source import Document, load_yaml
from mappings.spec import MappingBody, MappingSpec

SHIPPED = Path(__file__).parent


def load_mappings(platform: str, overrides_dir: Path | None, shipped_dir: Path = SHIPPED) -> list[MappingSpec]:
    """Every mapping of a platform; ConfigError with all problems at once, each with file, line and column.

    ``overrides_dir`` is the operator's ``config/mappings``; its ``<platform>/<entity>.yaml`` changes single keys.
    """
    specs, problems = read_mappings(platform, overrides_dir, shipped_dir)
    if problems:
        raise ConfigError(problems)
    return specs


def read_mappings(
    platform: str, overrides_dir: Path | None, shipped_dir: Path = SHIPPED
) -> tuple[list[MappingSpec], list[Problem]]:
    """The mappings that could be loaded, and every problem found."""
    shipped = _files(shipped_dir / platform)
    ours = _files(overrides_dir / platform) if overrides_dir else {}
    specs: list[MappingSpec] = []
    problems: list[Problem] = []
    for entity in sorted(shipped.keys() | ours.keys()):
        spec, found = _read_one(platform, entity, shipped.get(entity), ours.get(entity))
        problems += found
        if spec is not None:
            specs.append(spec)
    return specs, problems


def _files(folder: Path) -> Mapping[str, Path]:
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def _read_one(
    platform: str, entity: str, shipped: Path | None, ours: Path | None
) -> tuple[MappingSpec | None, list[Problem]]:
    if entity not in ENTITIES:
        file = _named(shipped or ours, platform)
        return None, [Problem(f"there is no entity {entity!r}", file, hint=did_you_mean(entity, ENTITIES))]
    try:
        documents = [_load(path, platform) for path in (shipped, ours) if path is not None]
    except ConfigError as error:
        return None, list(error.problems)
    merged = merge(documents)
    problems = _wrong_shape(merged, platform, entity)
    if problems:
        return None, problems
    spec = MappingSpec(msgspec.convert(merged.data, MappingBody), documents[-1].file, merged.pointing())
    return spec, check_spec(spec)


def _load(path: Path, platform: str) -> Document:
    return load_yaml(path, _named(path, platform))


def _named(path: Path | None, platform: str) -> str:
    shipped = path is not None and path.parent.parent == SHIPPED
    return f"mappings/{platform}/{path.name}" if path and shipped else str(path)


def _wrong_shape(merged: Merged, platform: str, entity: str) -> list[Problem]:
    problems = [
        merged.problem(found.path, found.message, found.hint) for found in check_shape(merged.data, MappingBody)
    ]
    if not problems and isinstance(merged.data, dict):
        for key, wanted in (("platform", platform), ("entity", entity)):
            if merged.data[key] != wanted:
                hint = did_you_mean(str(merged.data[key]), [wanted])
                problems.append(
                    merged.problem((key,), f"{key} is {merged.data[key]!r}, but the file is for {wanted!r}", hint)
                )
    return sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))
