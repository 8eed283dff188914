"""``crossdock audit payments``: what the processors booked, against the orders and against what was paid out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from canonical.money import in_minor_units
from canonical.reasons import advice
from crossdock.cli.app import App
from crossdock.cli.outcome import Outcome
from crossdock.cli.parts import Rows, unread_section
from crossdock.cli.report import Column, Report, Section

if TYPE_CHECKING:
    from sync.hub import Hub
    from sync.payments.match import Mismatch
    from sync.payments.payouts import Explained

_PROCESSORS = [
    Column("processor", "processor"),
    Column("charges", "charges", figures=True),
    Column("matched", "orders matched", figures=True),
    Column("exceptions", "exceptions", figures=True),
]
_EXCEPTIONS = [
    Column("processor", "processor"),
    Column("reason", "reason"),
    Column("subject", "about"),
    Column("amount", "amount", figures=True),
    Column("currency", ""),
    Column("detail", "detail"),
]
_PAYOUTS = [
    Column("processor", "processor"),
    Column("payout", "payout"),
    Column("arrives_on", "at the bank"),
    Column("status", "status"),
    Column("amount", "amount", figures=True),
    Column("currency", ""),
    Column("made_of", "made of"),
    Column("fees", "less fees", figures=True),
    Column("rest", "not explained", figures=True),
    Column("reason", "reason"),
]
_BALANCES = [
    Column("processor", "processor"),
    Column("amount", "amount", figures=True),
    Column("currency", ""),
]
_TO_DO = [Column("reason", "reason"), Column("count", "count", figures=True), Column("advice", "what to do")]
_WRONG = frozenset({"payout_differs", "payout_returned"})


def payments(_app: App, hub: Hub, unread: Rows) -> Report:
    """Every charge, refund and dispute against the orders, and every payout explained to the cent."""
    from sync.payments import books, disputes, rows
    from sync.payments.match import match
    from sync.payments.payouts import explain, waiting

    matches: Rows = []
    exceptions: Rows = []
    seen: Rows = []
    payouts: Rows = []
    balances: Rows = []
    for name, processor in hub.config.processors.items():
        with hub.database.begin() as connection:
            booked = books.books(connection, name)
            found = match(books.sold(connection, processor.channels), booked, processor.gateways)
            entries = books.entries(connection, name)
            explained = explain(books.payouts(connection, name), entries)
            waived = disputes.acknowledged(connection) | rows.settled(connection, name)
        told = [one for one in found.exceptions if one.record not in waived]
        row = {"processor": name, "charges": len(booked.charges), "matched": found.matched}
        matches.append({**row, "exceptions": len(told)})
        exceptions += [_exception_row(name, one, processor.channels) for one in told]
        known = [one for one in found.exceptions if one.record in waived]
        seen += [_exception_row(name, one, processor.channels) for one in known]
        payouts += [_payout_row(name, one) for one in explained]
        balances += [
            {"processor": name, "amount": amount, "currency": currency} for currency, amount in waiting(entries).items()
        ]
    sections = [
        Section("processors", _PROCESSORS, matches, empty="no payment processor is configured"),
        Section("exceptions", _EXCEPTIONS, exceptions, title="does not match" if exceptions else ""),
        Section("acknowledged", _EXCEPTIONS, seen, title="acknowledged" if seen else ""),
        Section("payouts", _PAYOUTS, payouts, title="payouts" if payouts else ""),
        Section("balances", _BALANCES, balances, title="booked, and not paid out yet" if balances else ""),
        _to_do(exceptions + payouts),
        unread_section(unread),
    ]
    wrong = exceptions or any(row["reason"] in _WRONG for row in payouts)
    outcome = Outcome.ERROR if unread else Outcome.HELD if wrong else Outcome.IN_SYNC
    return Report("audit", outcome, sections, _counts(matches, exceptions, payouts), next=_steps(unread, exceptions))


def _counts(matches: Rows, exceptions: Rows, payouts: Rows) -> dict[str, int]:
    return {
        "matched": sum(int(str(row["matched"])) for row in matches),
        "exceptions": len(exceptions),
        "payouts": len(payouts),
        "payouts_explained": sum(row["reason"] in ("", "payout_returned") for row in payouts),
    }


def _to_do(rows: Sequence[dict[str, object]]) -> Section:
    """Each reason once, with what to do about it."""
    counts = Counter(str(row["reason"]) for row in rows if row["reason"])
    told: Rows = [{"reason": reason, "count": n, "advice": advice(reason)} for reason, n in sorted(counts.items())]
    return Section("reasons", _TO_DO, told, title="what to do" if told else "")


def _steps(unread: Rows, exceptions: Rows) -> list[str]:
    """Where to look first: at what was not read, else at an order whose money does not match."""
    if unread:
        return ["crossdock doctor"]
    numbers = [str(row["order"]) for row in exceptions if row["order"]]
    lost = [str(row["order"]) for row in exceptions if row["order"] and row["reason"] == "dispute_lost"]
    steps = [f"crossdock orders show {numbers[0]}"] if numbers else []
    return [*steps, *([f"crossdock orders release {lost[0]}   (once the loss is booked)"] if lost else [])]


def _exception_row(name: str, one: Mismatch, channels: Sequence[str]) -> dict[str, object]:
    channel = next((each for each in channels if one.subject.startswith(f"{each} ")), "")
    return {
        "processor": name,
        "reason": one.reason,
        "subject": one.subject,
        "order": one.subject.removeprefix(f"{channel} ") if channel else "",
        "amount": in_minor_units(one.amount, one.currency),
        "currency": one.currency,
        "detail": one.detail,
        "advice": advice(one.reason),
    }


def _payout_row(name: str, one: Explained) -> dict[str, object]:
    payout = one.payout
    return {
        "processor": name,
        "payout": payout.id,
        "status": payout.status,
        "arrives_on": payout.arrives_at.date().isoformat() if payout.arrives_at else "",
        "amount": payout.amount,
        "currency": payout.currency,
        "parts": dict(sorted(one.parts.items())),
        "made_of": ", ".join(f"{part} {amount}" for part, amount in sorted(one.parts.items())),
        "fees": one.fees if one.entries else None,
        "rest": one.rest or None,
        "reason": one.reason,
        "advice": advice(one.reason),
        "entries": one.entries,
    }
