"""Countries and their parts as the server knows them, and addresses made of them."""

from __future__ import annotations

from canonical.errors import SkippableError
from connectors.tryton.client import TrytonClient
from connectors.tryton.order import Place
from connectors.tryton.wire import Row


class Geography:
    """Looks countries and subdivisions up, each once."""

    def __init__(self, client: TrytonClient) -> None:
        self._client = client
        self._countries: dict[str, int] = {}
        self._parts: dict[tuple[int, str], int] = {}

    def address(self, place: Place) -> Row:
        """An address as it is created; SkippableError for a country the server does not have."""
        country = self._country(place.country.strip().upper())
        region = place.region.strip()
        part = self._part(country, place.country.strip().upper(), region) if country and region else 0
        # A region without a record of its own would get lost; it is written where the country's own letters have it.
        city = place.city if part else " ".join(filter(None, (place.city.strip(), region)))
        company, name = place.company.strip(), place.name.strip()
        given = {
            "party_name": company or name,
            "attn": name if company else "",
            "street": "\n".join(filter(None, (place.street.strip(), place.street2.strip()))),
            "postal_code": place.postal_code.strip(),
            "city": city.strip(),
            "country": country,
            "subdivision": part,
        }
        return {name: value for name, value in given.items() if value}

    def _country(self, code: str) -> int:
        if not code:
            return 0
        if code not in self._countries:
            rows = self._find("country.country", [["code", "=", code]], ["code"])
            found = next((int(row["id"]) for row in rows if row["code"] == code), 0)
            if not found:
                text = f"Tryton has no country {code!r}"
                raise SkippableError("invalid_value", text, hint="import the countries into Tryton, or correct it")
            self._countries[code] = found
        return self._countries[code]

    def _part(self, country: int, code: str, region: str) -> int:
        key = (country, region)
        if key not in self._parts:
            codes = (region, f"{code}-{region}")
            domain = [["country", "=", country], ["OR", ["code", "in", list(codes)], ["name", "=", region]]]
            rows = self._find("country.subdivision", domain, ["code", "name"])
            fitting = [int(row["id"]) for row in rows if row["code"] in codes or row["name"] == region]
            self._parts[key] = fitting[0] if len(fitting) == 1 else 0
        return self._parts[key]

    def _find(self, model: str, domain: list[object], names: list[str]) -> list[Row]:
        rows: list[Row] = self._client.read(
            f"model.{model}.search_read", domain, 0, None, [["id", "ASC"]], names
        ).result
        return rows
