"""Loads document mappings: the shipped ones, with the operator's single changes on top."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from canonical.errors import ConfigError, Problem
from canonical.hints import did_you_mean
from mappings.documents.check import check_document
from mappings.documents.kinds import DOCUMENTS
from mappings.documents.spec import DocumentBody, DocumentSpec
from mappings.loader import SHIPPED
from mappings.merge import Merged, merge
from mappings.shape import check_shape
from mappings.source import load_yaml

FOLDER = "documents"
"""Where the document mappings lie in a platform's folder, with us and with the operator."""


def load_documents(platform: str, overrides_dir: Path | None = None, shipped_dir: Path = SHIPPED) -> list[DocumentSpec]:
    """Every document mapping of a platform; ConfigError with all problems at once, each with file, line and column.

    ``overrides_dir`` is the operator's ``config/mappings``; its ``<platform>/documents/<document>.yaml`` changes single
    keys, takes one away with ``null``, and replaces an entry under ``lists`` as a whole.
    """
    specs, problems = read_documents(platform, overrides_dir, shipped_dir)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ConfigError(errors)
    return specs


def read_documents(
    platform: str, overrides_dir: Path | None = None, shipped_dir: Path = SHIPPED
) -> tuple[list[DocumentSpec], list[Problem]]:
    """The document mappings that could be loaded, and every problem found, warnings included."""
    shipped = _files(shipped_dir, platform)
    ours = _files(overrides_dir, platform) if overrides_dir else {}
    specs: list[DocumentSpec] = []
    problems: list[Problem] = []
    for name in sorted(shipped.keys() | ours.keys()):
        spec, found = _read_one(platform, name, [files[name] for files in (shipped, ours) if name in files])
        problems += found
        if spec is not None:
            specs.append(spec)
    return specs, problems


def _files(folder: Path, platform: str) -> Mapping[str, Path]:
    return {path.stem: path for path in sorted((folder / platform / FOLDER).glob("*.yaml"))}


def _read_one(platform: str, name: str, paths: list[Path]) -> tuple[DocumentSpec | None, list[Problem]]:
    if name not in DOCUMENTS:
        problem = Problem(f"there is no document {name!r}", _named(paths[0]), hint=did_you_mean(name, DOCUMENTS))
        return None, [problem]
    try:
        merged = merge([load_yaml(path, _named(path)) for path in paths])
    except ConfigError as error:
        return None, list(error.problems)
    problems = _wrong_shape(merged, platform, name)
    if problems:
        return None, problems
    spec = DocumentSpec(msgspec.convert(merged.data, DocumentBody), _named(paths[-1]), merged.pointing())
    return spec, check_document(spec)


def _named(path: Path) -> str:
    shipped = path.is_relative_to(SHIPPED)
    return f"mappings/{path.relative_to(SHIPPED).as_posix()}" if shipped else str(path)


def _wrong_shape(merged: Merged, platform: str, name: str) -> list[Problem]:
    problems = [
        merged.problem(found.path, found.message, found.hint) for found in check_shape(merged.data, DocumentBody)
    ]
    if not problems and isinstance(merged.data, dict):
        for key, wanted in (("platform", platform), ("document", name)):
            said = merged.data[key]
            if said != wanted:
                message = f"{key} is {said!r}, but the file is for {wanted!r}"
                problems.append(merged.problem((key,), message, did_you_mean(str(said), [wanted])))
    return sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))
