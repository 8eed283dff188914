"""Writing parties, their addresses, and the ways to reach them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.tryton.simulator.models import Context
from connectors.tryton.simulator.state import State
from connectors.tryton.simulator.trade import Address, Mechanism, Party, Trade
from connectors.tryton.simulator.wire import created, guard, unknown, user_error

_PARTY = {"name", "code", "active", "addresses", "contact_mechanisms"}
_ADDRESS = {"party_name", "attn", "street", "postal_code", "city", "country", "subdivision", "active"}
_MECHANISM = {"type", "value"}
_TYPES = frozenset("phone mobile fax email website skype sip irc jabber other".split())


class Parties:
    """Carries out writing methods on parties; gives the effects in words."""

    def __init__(self, state: State, trade: Trade, stamp: Callable[[], datetime]) -> None:
        self._state = state
        self._trade = trade
        self._stamp = stamp

    def create(self, records: Sequence[Mapping[str, Any]]) -> tuple[list[int], list[str]]:
        """Create parties with what belongs to them; all or none. A code is given to no two."""
        codes = [party.code for party in self._trade.parties.values()]
        for values in records:
            self._check(values)
            if values.get("code") and values["code"] in codes:
                raise user_error("The code on party must be unique.")
            codes.append(values.get("code") or "")
        at = self._stamp()
        made = [self._create(values, at) for values in records]
        return made, [f"party {number} created" for number in made]

    def write(self, params: Sequence[Any], context: Context) -> list[str]:
        """Change parties, or add to them."""
        ids, values = params
        guard("party.party", self._trade.parties, ids, context)
        self._check(values)
        at = self._stamp()
        for number in ids:
            party = self._trade.parties[number]
            party.written = at
            for name in ("name", "code", "active"):
                if name in values:
                    setattr(party, name, values[name])
            self._add(number, values, at)
        return [f"party {number} written" for number in ids]

    def create_mechanisms(self, records: Sequence[Mapping[str, Any]]) -> tuple[list[int], list[str]]:
        """Add ways to reach parties."""
        for values in records:
            _check_mechanism({name: value for name, value in values.items() if name != "party"})
            if values.get("party") not in self._trade.parties:
                raise user_error('The value for field "Party" is required.')
        at = self._stamp()
        made = [self._mechanism(values["party"], values, at) for values in records]
        return made, [f"contact mechanism {number} created" for number in made]

    def _create(self, values: Mapping[str, Any], at: datetime) -> int:
        number = self._state.next_id("party")
        party = Party(number, at, name=values.get("name") or "", code=values.get("code") or str(number))
        self._trade.parties[number] = party
        self._add(number, values, at)
        return number

    def _add(self, party: int, values: Mapping[str, Any], at: datetime) -> None:
        for one in created(values.get("addresses", ())):
            number = self._state.next_id("address")
            texts: dict[str, Any] = {
                name: value.strip() if isinstance(value, str) else value for name, value in one.items()
            }
            self._trade.addresses[number] = Address(number, at, party=party, **texts)
        for one in created(values.get("contact_mechanisms", ())):
            self._mechanism(party, one, at)

    def _mechanism(self, party: int, values: Mapping[str, Any], at: datetime) -> int:
        number = self._state.next_id("mechanism")
        mechanism = Mechanism(number, at, party=party, type=values["type"], value=values["value"].strip())
        self._trade.mechanisms[number] = mechanism
        return number

    def _check(self, values: Mapping[str, Any]) -> None:
        _only(values, _PARTY)
        for one in created(values.get("addresses", ())):
            _only(one, _ADDRESS)
            if one.get("country") and one["country"] not in self._trade.countries:
                raise user_error(f'You are trying to read records "{one["country"]}" of "Country" that don\'t exist.')
            part = self._trade.subdivisions.get(one.get("subdivision") or 0)
            if one.get("subdivision") and (part is None or part.country != one.get("country")):
                raise user_error('The value for field "Subdivision" in "Address" is not valid according to its domain.')
        for one in created(values.get("contact_mechanisms", ())):
            _check_mechanism(one)


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _check_mechanism(values: Mapping[str, Any]) -> None:
    _only(values, _MECHANISM)
    if values.get("type") not in _TYPES:
        raise user_error('The value for field "Type" in "Contact Mechanism" is not one of the allowed options.')
    if not str(values.get("value") or "").strip():
        raise user_error('A value is required for field "Value" in "Contact Mechanism".')


def _only(values: Mapping[str, Any], known: set[str]) -> None:
    for name in values:
        if name not in known:
            raise unknown(name)
