"""The base of all simulators: pure cores that behave like a platform, with faults on request.

Simulators share no code with the connectors they judge.
"""

from __future__ import annotations

from connectors.simulation.calls import CallLog, LoggedCall
from connectors.simulation.catalog import CatalogItem
from connectors.simulation.faults import Fault, Faults, NoAnswer
from connectors.simulation.messages import SimRequest, SimResponse, html_response, json_response
from connectors.simulation.server import Served, app, serve
from connectors.simulation.simulator import Simulator
from connectors.simulation.ticker import Ticker
from connectors.simulation.transport import SimTransport

__all__ = [
    "CallLog",
    "CatalogItem",
    "Fault",
    "Faults",
    "LoggedCall",
    "NoAnswer",
    "Served",
    "SimRequest",
    "SimResponse",
    "SimTransport",
    "Simulator",
    "Ticker",
    "app",
    "html_response",
    "json_response",
    "serve",
]
