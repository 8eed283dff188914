"""What shows in a mapping without knowing the platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from canonical.errors import ConfigError


def problems(make: Any, text: str, entity: str = "variant", **kwargs: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        make(text, entity, **kwargs)
    assert all(problem.file and problem.line and problem.column for problem in caught.value.problems)
    return [f"{problem.line}:{problem.column} {problem.message} ({problem.hint})" for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("titel: {path: t}", "6:10 variant has no field 'titel' (did you mean 'title'?)"),
        ("title: {}", "6:17 title has neither a path to read nor a write ()"),
        ("title: {path: a..b}", "6:24 '' in 'a..b' is not a step of a path; use a.b or list[key=value].x ()"),
        ("title: {path: 'a[].b'}", "leads to many values"),
        ("title: {path: t, read: trimm}", "6:33 unknown transform 'trimm' (did you mean 'trim'?)"),
        ("title: {path: t, read: decimal}", "6:33 'decimal' makes a decimal, but title is a text"),
        ("title: {path: t, read: decimal_text}", "the transform 'decimal_text' cannot read (to read, use 'decimal')"),
        ("weight: {path: w, read: weight(stone)}", "does not know 'stone' (known are: g, kg, lb, oz)"),
        ("weight: {path: w, read: decimal(2)}", "does not know '2' (leave the brackets out)"),
        ("tags: {path: t, read: [comma_set, set]}", "'set' cannot take what 'comma_set' makes"),
        ("title: {path: t, compare: decimal(2)}", "the comparison 'decimal(2)' does not fit a text"),
        ("title: {path: t, compare: txt}", "'txt' is not a comparison (did you mean 'text'?)"),
        ("title: {path: t, scope: currency}", "title has no scope, not currency"),
        ("title: {path: t, each: list}", "every element needs a scope"),
        ("price: {path: p}", "6:10 price is an amount of money (add `scope: currency`)"),
        ("price: {path: p, each: l, scope: {location: x}}", "price has the scope currency, not location"),
        ("title: {path: t, stock: {}}", "title is not a counter"),
        ("sellable: {path: s, values: {a: maybe}}", "6:42 'maybe' is not a flag ()"),
        ("price: {path: p, scope: currency, values: {a: '1'}}", "a decimal cannot have a value table"),
        ("sellable: {path: s, default: 'no'}", "'no' is not a flag"),
        ("price: {path: p, scope: currency, default: 1.5}", "1.5 is not a decimal (write the number in quotes"),
        ("price: {path: p, scope: currency, default: '1.50'}", "'1.50' is not a decimal"),
        ("price: {path: p, scope: currency, default: cheap}", "'cheap' is not a decimal"),
        ("tags: {path: p, default: a}", "'a' is not a set"),
        ("title: {path: t, write: {operation: '', path: x}}", "a write needs an operation and a path"),
        ("title: {path: t, write: {operation: {box: op}, path: x}}", "no record has the kind 'box'"),
        (
            "title: {path: t, write: {operation: o, path: x, transform: money}}",
            "'money' takes a decimal, but title is a text",
        ),
        (
            "title: {path: t, write: {operation: o, path: x, transform: trim}}",
            "'trim' cannot write (to write, use 'text')",
        ),
        ("sku: {path: t, write: {operation: o, path: x}}", "sku is identity: it is read, never written"),
        (
            "sellable: {path: s, values: {a: true}, write: {operation: o, path: x, transform: html}}",
            "cannot be written through 'html'",
        ),
        (
            "title: {path: t, when: {a: {equals: 1, in: [1]}}}",
            "a condition says exactly one of: equals, in, not_in, present",
        ),
        ("title: {path: t, redacted_when: {a: {}}}", "a condition says exactly one of"),
    ],
)
def test_a_field_that_makes_no_sense_is_named_with_its_place(make: Any, field: str, message: str) -> None:
    (problem,) = problems(make, f"fields: {{{field}}}\n")
    assert message in problem


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("stock: {path: q}", "6:10 nobody can tell what stock means here (add `stock:` with deducts and basis)"),
        (
            "stock: {path: q, scope: {location: l}, stock: {}}",
            "a location scope is for lists (name the list",
        ),
        ("stock: {path: q, each: 'a[k=v]', scope: {location: l}, stock: {}}", "must lead to one list"),
        ("on_hand: {path: q, write: {operation: o, path: q}}", "on_hand is evidence: it is read, never written"),
    ],
)
def test_a_stock_field_that_makes_no_sense_is_named(make: Any, field: str, message: str) -> None:
    (problem,) = problems(make, f"fields: {{{field}}}\n", "inventory")
    assert message in problem


def test_two_fields_may_not_write_the_same_path(make: Any) -> None:
    text = """\
    fields:
      title: {path: a, write: {operation: op, path: text}}
      description: {path: b, write: {operation: op, path: text}}
    """
    assert problems(make, text) == ["8:26 title already writes text of op ()"]


@pytest.mark.parametrize(
    ("first", "second"), [("a", "a.b"), ("a.b", "a"), ("a.b", "a[k=v].b"), ("a[k=v].b", "a.c.d"), ("a[k=v].b", "a")]
)
def test_a_path_cannot_be_two_things(make: Any, first: str, second: str) -> None:
    text = f"fields: {{title: {{path: '{first}'}}, description: {{path: '{second}'}}}}\n"
    assert len(problems(make, text)) == 1


def test_what_every_mapping_needs_is_checked(make: Any) -> None:
    head = "platform: acme\nentity: variant\nresource: ''\nid: ''\nkind: ''\n"
    found = problems(make, "when: {a: {}}\nfields: {}\n", head=head)
    assert [one.partition(" ")[2] for one in found] == [
        "'resource' is empty ()",
        "'id' is empty ()",
        "'kind' is empty ()",
        "a condition says exactly one of: equals, in, not_in, present ()",
    ]


def test_a_mapping_with_a_problem_is_not_compiled(make: Any, shipped: Path) -> None:
    from dataclasses import replace

    from mappings.compiler import compile_mapping
    from mappings.model import MappingContext

    spec = make("fields: {title: {path: t}}\n")
    wrong = replace(spec, body=type(spec.body)(**{**_parts(spec.body), "entity": "varaint"}))
    with pytest.raises(ConfigError, match="did you mean 'variant'"):
        compile_mapping(wrong, MappingContext())


def _parts(body: Any) -> dict[str, Any]:
    return {name: getattr(body, name) for name in body.__struct_fields__}
