"""The schemas that editors use say the same as the code that reads the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from jsonschema import Draft202012Validator

import connectors
from crossdock.cli.init import texts
from crossdock.settings.check import check_shape
from crossdock.settings.schema import FILES, build, shipped, text_of
from crossdock.settings.shape import ConfigShape

_SCHEMA = shipped("crossdock.schema.json")


@pytest.mark.parametrize("name", FILES)
def test_the_shipped_schema_is_the_one_the_code_makes(name: str) -> None:
    folder = Path(__file__).resolve().parents[3] / "crossdock" / "schemas"
    assert (folder / name).read_text(encoding="utf-8") == text_of(build(name)), (
        "run python -m crossdock.settings.schema"
    )


@pytest.mark.parametrize("name", FILES)
def test_a_schema_is_itself_valid(name: str) -> None:
    Draft202012Validator.check_schema(shipped(name))


def test_every_key_of_the_configuration_is_described_for_the_editor() -> None:
    blocks = [_SCHEMA, *_SCHEMA["$defs"].values()]
    keys = [(name, key) for block in blocks for name, key in block["properties"].items()]
    bare = [name for name, key in keys if "description" not in key and "$ref" not in key]
    assert bare == []


def test_the_template_is_valid_and_points_the_editor_to_its_schema() -> None:
    text = texts()["crossdock.yaml"]
    assert list(Draft202012Validator(_SCHEMA).iter_errors(yaml.safe_load(text))) == []
    assert text.startswith("# yaml-language-server: $schema=schemas/crossdock.schema.json")
    assert "schemas/crossdock.schema.json" in texts()


def _manifests() -> list[Path]:
    return sorted(path for folder in connectors.__path__ for path in Path(folder).glob("*/manifest.yaml"))


@pytest.mark.parametrize("path", _manifests(), ids=lambda path: path.parent.name)
def test_every_shipped_connector_fits_the_schemas_for_plug_in_authors(path: Path) -> None:
    for name in ("manifest", "fields"):
        data = msgspec.to_builtins(yaml.safe_load((path.parent / f"{name}.yaml").read_text(encoding="utf-8")))
        errors = Draft202012Validator(shipped(f"{name}.schema.json")).iter_errors(data)
        assert [f"{list(error.path)}: {error.message}" for error in errors] == []


def _with(**changes: Any) -> dict[str, Any]:
    flow = {"kind": "inventory", "source": "a", "targets": {"b": {"pool": "main"}}}
    good = {"connections": {"a": {"connector": "x"}, "b": {"connector": "y"}}, "flows": {"f": flow}}
    return {**good, **changes}


_WRONG: list[dict[str, Any]] = [
    {},
    _with(conections={}),
    _with(connections={"Shop EU": {"connector": "x"}}),
    _with(connections={"a": {}}),
    _with(connections={"a": {"connector": "x", "currency": "Euro"}}),
    _with(connections={"a": {"connector": "x", "write_settle_seconds": -1}}),
    _with(connections={"a": {"connector": "x", "settings": {"deep": {"er": 1}}}}),
    _with(flows={"f": {"kind": "both", "source": "a", "targets": {"b": {}}}}),
    _with(flows={"f": {"kind": "state", "source": "a", "targets": {}}}),
    _with(flows={"f": {"kind": "state", "source": "a", "targets": {"b": {"buffer": -1}}}}),
    _with(flows={"f": {"kind": "state", "source": "a", "targets": {"b": 5}}}),
    _with(flows={"f": {"kind": "state", "source": "a", "targets": ["b"]}}),
    _with(pools={"p": {"locations": []}}),
    _with(pools={"p": {"locations": "WH1"}}),
    _with(guards={"changed_percent": 101}),
    _with(guards={"changed_percent": True}),
    _with(kits={"k": {}}),
    _with(kits={"k": {"s": 1.5}}),
    _with(units={"s": 0}),
    _with(plan={"max_age_hours": 0}),
]


@pytest.mark.parametrize("data", _WRONG, ids=lambda data: str(list(data.items())[-1:])[:60])
def test_what_the_loader_refuses_for_its_shape_the_editor_refuses_too(data: dict[str, Any]) -> None:
    faults, _ = check_shape(data, _SCHEMA)
    assert faults
    assert list(Draft202012Validator(_SCHEMA).iter_errors(data))
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(data, ConfigShape)


@pytest.mark.parametrize("data", _WRONG[1:], ids=lambda data: str(list(data.items())[-1:])[:60])
def test_what_is_left_when_the_faulty_parts_are_gone_can_be_read(data: dict[str, Any]) -> None:
    _, sound = check_shape(data, _SCHEMA)
    msgspec.convert(sound, ConfigShape)


@pytest.mark.parametrize(
    ("find", "put"),
    [
        ("${env:ERP_PASSWORD}", "hunter2"),
        ("username: crossdock", "user: crossdock"),
        ("database: company", "database: 5"),
        ("      shop: example-eu", "      api_version: 2026-02\n      shop: example-eu"),
    ],
)
def test_the_editor_knows_the_settings_of_every_built_in_connector(find: str, put: str) -> None:
    text = texts()["crossdock.yaml"]
    assert find in text
    assert list(Draft202012Validator(_SCHEMA).iter_errors(yaml.safe_load(text.replace(find, put))))


def test_the_editor_leaves_the_settings_of_a_plug_in_alone() -> None:
    data = {"connections": {"a": {"connector": "my_platform", "settings": {"anything": 1}}}}
    assert list(Draft202012Validator(_SCHEMA).iter_errors(data)) == []


def test_several_faults_in_one_list_are_all_told_and_taken_out() -> None:
    faults, sound = check_shape(_with(pools={"p": {"locations": [1, "WH1", 2, "WH2", 3]}}), _SCHEMA)
    assert [fault.path[-1] for fault in faults] == [0, 2, 4]
    assert sound["pools"]["p"]["locations"] == ["WH1", "WH2"]
