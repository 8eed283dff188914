"""Mapping files written by tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from mappings.compiled import CompiledMapping
from mappings.compiler import compile_mapping
from mappings.loader import load_mappings
from mappings.model import MappingContext
from mappings.spec import MappingSpec

Make = Callable[..., MappingSpec]
Compile = Callable[..., CompiledMapping]

HEAD = """\
platform: acme
entity: {entity}
resource: things
id: id
kind: thing
"""


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A folder of shipped mapping files, empty."""
    return tmp_path / "shipped"


@pytest.fixture
def make(shipped: Path) -> Make:
    """Load one mapping of the platform ``acme`` from the text below its head."""

    def build(text: str, entity: str = "variant", head: str = HEAD) -> MappingSpec:
        folder = shipped / "acme"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{entity}.yaml").write_text(head.replace("{entity}", entity) + dedent(text), "utf-8")
        (spec,) = (spec for spec in load_mappings("acme", None, shipped) if spec.entity == entity)
        return spec

    return build


@pytest.fixture
def compiled(make: Make) -> Compile:
    """Compile one mapping of the platform ``acme``, with euros and two locations."""

    def build(text: str, entity: str = "variant", head: str = HEAD, currency: str = "EUR") -> CompiledMapping:
        context = MappingContext(currency, {"L1": "WH1", "2": "WH2", "L3": "WH1"})
        return compile_mapping(make(text, entity, head), context)

    return build
