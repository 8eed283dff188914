"""The settings of one connection that are about sales, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from canonical.errors import ConfigError, Problem
from canonical.money import to_decimal

SettingValue: TypeAlias = str | int | float | bool

STATES = ("draft", "quotation", "confirmed", "processing")
_ANY = "*"


@dataclass(frozen=True, slots=True)
class SaleOptions:
    """How orders become sales; ids are Tryton's, 0 where none is given.

    ``reach`` is the state a sale is brought to. ``taxes`` are taxes by their rate as a fraction; without any, taxes
    become lines of their own. ``charges`` are products by kind of charge. ``warnings`` are answered with yes.
    """

    web_shop: int = 0
    warehouse: int = 0
    guest_party: int = 0
    reach: str = STATES[-1]
    taxes: Mapping[Decimal, int] = field(default_factory=dict)
    charges: Mapping[str, int] = field(default_factory=dict)
    warnings: frozenset[str] = frozenset()
    addressless: bool = False

    def product_of(self, kind: str) -> int:
        """The product that a kind of charge is sold as; 0 for a line without a product."""
        return self.charges.get(kind, self.charges.get(_ANY, 0))


def read_options(settings: Mapping[str, SettingValue]) -> SaleOptions:
    """Check the settings; ConfigError names everything that is wrong with them."""
    problems: list[Problem] = []
    text = {name: str(value).strip() for name, value in settings.items()}
    options = SaleOptions(
        web_shop=_number("web_shop", text, problems),
        warehouse=_number("warehouse", text, problems),
        guest_party=_number("guest_party", text, problems),
        reach=_choice("sale_state", text, STATES, STATES[-1], problems),
        taxes=_taxes(text.get("taxes", ""), problems),
        charges=_charges(text.get("charge_products", ""), problems),
        warnings=frozenset(text.get("allowed_warnings", "").replace(",", " ").split()),
        addressless=_choice("without_address", text, ("refuse", "accept"), "refuse", problems) == "accept",
    )
    if problems:
        raise ConfigError(problems)
    return options


def _number(name: str, text: Mapping[str, str], problems: list[Problem]) -> int:
    given = text.get(name) or "0"
    if not (given.isascii() and given.isdigit()):
        problems.append(Problem(f"{name} {given!r} is no id", hint="it is the number of the record in Tryton"))
        return 0
    return int(given)


def _choice(name: str, text: Mapping[str, str], choices: tuple[str, ...], default: str, problems: list[Problem]) -> str:
    given = text.get(name) or default
    if given not in choices:
        problems.append(Problem(f"{name} cannot be {given!r}", hint=f"it is {', '.join(choices)}"))
        return default
    return given


def _pairs(name: str, text: str, problems: list[Problem]) -> dict[str, int]:
    pairs: dict[str, int] = {}
    for part in text.replace(",", " ").split():
        key, sign, number = part.partition("=")
        if not sign or not key or not (number.isascii() and number.isdigit()) or key in pairs:
            problems.append(Problem(f"{name}: {part!r} is no pair", hint="write it as in the manifest's example"))
        else:
            pairs[key] = int(number)
    return pairs


def _taxes(text: str, problems: list[Problem]) -> dict[Decimal, int]:
    taxes: dict[Decimal, int] = {}
    for rate, number in _pairs("taxes", text, problems).items():
        try:
            taxes[to_decimal(rate).normalize()] = number
        except ValueError:
            problems.append(Problem(f"taxes: {rate!r} is no rate", hint="19 percent are 0.19"))
    return taxes


_KINDS = frozenset("shipping discount tip duty fee gift_card tax rounding".split()) | {_ANY}


def _charges(text: str, problems: list[Problem]) -> dict[str, int]:
    charges = _pairs("charge_products", text, problems)
    for kind in sorted(set(charges) - _KINDS):
        problems.append(Problem(f"charge_products: no charge is of kind {kind!r}", hint=", ".join(sorted(_KINDS))))
    return charges
