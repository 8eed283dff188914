"""Mappings held against the platforms' catalogs and the ownership table."""

from __future__ import annotations

from typing import Any

import pytest

from canonical.errors import Problem
from mappings.lint import OwnedField, lint
from mappings.lint_catalog import plain_catalog
from mappings.source import Place

CATALOG = plain_catalog(
    {
        "resources": {
            "things": {
                "id": {"type": "id"},
                "sku": "text",
                "title": "text",
                "count": "integer",
                "made": "instant",
                "body": "html",
                "shown": "flag",
                "tags": "list",
                "labels[].name": "text",
                "levels[].place": "id",
                "levels[].units": "integer",
                "levels[].states[].name": "text",
                "levels[].states[].units": "integer",
                "price": "decimal",
            }
        },
        "writes": {
            "up": {
                "title": {"type": "text"},
                "price": "decimal",
                "shown": "flag",
                "body": "html",
                "count": "integer",
            }
        },
    }
)


def found(make: Any, text: str, entity: str = "variant", owned: Any = (), **kwargs: Any) -> list[Problem]:
    return lint([make(text, entity, **kwargs)], {"acme": CATALOG}, owned)


def test_a_mapping_that_fits_its_platform_is_clean(make: Any) -> None:
    text = """\
    match: {sku: sku}
    fields:
      title: {path: title, read: trim, write: {operation: up, path: title}}
      description: {path: body, write: {operation: up, path: body}}
      tags: {path: "labels[].name"}
      price: {path: price, scope: currency, write: {operation: up, path: price, transform: money}}
      sellable:
        path: shown
        values: {"true": true, "false": false}
        write: {operation: up, path: shown, transform: flag}
    """
    assert found(make, text) == []


def test_a_path_in_a_list_may_be_selected_by_a_key(make: Any) -> None:
    text = """\
    fields:
      stock:
        each: levels
        path: "states[name=free].units"
        scope: {location: place}
        stock: {}
    """
    assert found(make, text, "inventory") == []


NOT_THERE = {
    "title: {path: titel}": ("6:24", "things has no path 'titel'", "did you mean 'title'?"),
    "title: {path: title, when: {shwon: {present: true}}}": (
        *("6:38", "things has no path 'shwon'", "did you mean 'shown'?"),
    ),
    "weight: {path: shown}": (
        *("6:25", "shown is a flag, which the transform 'decimal' cannot read", "nothing turns a flag into a decimal"),
    ),
    "tags: {path: title}": (
        *("6:23", "title is a text, which the transform 'set' cannot read", "fitting are: comma_set"),
    ),
    "tags: {path: tags, read: comma_set}": (
        *("6:35", "tags is a list, which the transform 'comma_set' cannot read", "fitting are: set"),
    ),
    "sellable: {path: tags, values: {a: true}}": ("6:33", "tags is a list; a value table cannot take it", ""),
    "title: {path: title, write: {operation: upp, path: title}}": (
        *("6:50", "acme has no write operation 'upp'", "did you mean 'up'?"),
    ),
    "title: {path: title, write: {operation: {thing: upp}, path: title}}": (
        *("6:58", "acme has no write operation 'upp'", "did you mean 'up'?"),
    ),
    "title: {path: title, write: {operation: up, path: titel}}": (
        *("6:60", "up cannot write 'titel'", "did you mean 'title'?"),
    ),
    "title: {path: title, write: {operation: up, path: shown}}": (
        *("6:31", "shown is a flag, which the transform 'text' does not write", ""),
    ),
    "sellable: {path: shown, write: {operation: up, path: title}}": (
        *("6:34", "title is a text, which the transform 'flag' does not write", ""),
    ),
    "sellable: {path: title, values: {a: true, b: false}, write: {operation: up, path: shown}}": (
        *("6:63", "shown is a flag, not a text", "add `transform: flag`"),
    ),
}


@pytest.mark.parametrize("field", NOT_THERE)
def test_what_the_platform_does_not_have_is_named_with_its_place(make: Any, field: str) -> None:
    (problem,) = found(make, f"fields: {{{field}}}\n")
    assert (f"{problem.line}:{problem.column}", problem.message, problem.hint) == NOT_THERE[field]
    assert problem.file.endswith("acme/variant.yaml")


def test_a_path_inside_a_list_is_guessed_among_its_neighbors(make: Any) -> None:
    text = "fields: {stock: {each: levels, path: unit, scope: {location: plaec}, stock: {}}}\n"
    assert [problem.hint for problem in found(make, text, "inventory")] == [
        "did you mean 'units'?",
        "did you mean 'place'?",
    ]
    text = "fields: {stock: {each: level, path: units, scope: {location: place}, stock: {}}}\n"
    assert [problem.hint for problem in found(make, text, "inventory")] == [
        "did you mean 'levels[].units'?",
        "did you mean 'levels[].place'?",
    ]


def test_an_unknown_resource_or_platform_is_named(make: Any) -> None:
    head = "platform: acme\nentity: variant\nresource: thing\nid: id\nkind: k\n"
    (problem,) = found(make, "fields: {title: {path: title}}\n", head=head)
    assert (problem.line, problem.hint) == (3, "did you mean 'things'?")
    (problem,) = lint([make("fields: {title: {path: title}}\n")], {"acmee": CATALOG})
    assert (problem.message, problem.hint) == ("unknown platform 'acme'", "did you mean 'acmee'?")


def test_everything_wrong_comes_at_once_and_in_order(make: Any) -> None:
    text = """\
    match: {sku: skuu}
    fields:
      title: {path: titel, write: {operation: up, path: titel}}
      sellable: {path: shwon}
    """
    problems = found(make, text)
    assert [problem.line for problem in problems] == [6, 8, 8, 9]
    assert all(problem.hint.startswith("did you mean") for problem in problems)


def test_a_value_table_that_is_not_one_to_one_is_a_warning_where_it_is_written(make: Any) -> None:
    table = 'sellable: {path: title, values: {a: true, b: true, "*": false}'
    write = "write: {operation: up, path: title}"
    assert found(make, f"fields: {{{table}}}}}\n") == []
    problems = found(make, f"fields: {{{table}, {write}}}}}\n")
    assert [(problem.severity, problem.column) for problem in problems] == [("warning", 55), ("warning", 66)]
    assert "'b' and 'a' both read as True" in problems[0].message


@pytest.mark.parametrize("write", ["weight(kg)", "decimal_text"])
def test_a_write_that_does_not_undo_the_read_is_an_error(make: Any, write: str) -> None:
    field = f"weight: {{path: price, read: weight(g), write: {{operation: up, path: price, transform: {write}}}}}"
    (problem,) = found(make, f"fields: {{{field}}}\n")
    assert (problem.severity, problem.hint) == ("error", "write it with 'weight(g)'")
    assert "does not undo it" in problem.message


def test_an_owned_field_must_be_read_and_written(make: Any) -> None:
    source = make("match: {sku: sku}\nfields: {price: {path: price, scope: currency}, title: {path: title}}\n")
    place = Place("crossdock.yaml", 12, 3)
    owned = [
        OwnedField("variant", "sku", "acme", ("acme",), place),
        OwnedField("variant", "price", "acme", ("acme",), place),
        OwnedField("variant", "tags", "acme", (), place),
        OwnedField("inventory", "stock", "acme", (), place),
        OwnedField("variant", "title", "other", ("acme",), place),
    ]
    problems = lint([source], {"acme": CATALOG}, owned)
    assert {str(problem).partition(" (")[0].replace(source.file, "F") for problem in problems} == {
        "crossdock.yaml:12:3: variant.price goes to acme, but F cannot write it",
        "crossdock.yaml:12:3: variant.tags is owned, but F does not read it",
        "crossdock.yaml:12:3: acme has no mapping for inventory",
        "crossdock.yaml:12:3: other has no mapping for variant",
        "crossdock.yaml:12:3: variant.title goes to acme, but F cannot write it",
    }
