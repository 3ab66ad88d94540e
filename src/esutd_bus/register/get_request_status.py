"""GetRequestStatus: after a time-out, what became of a message, and the answer that did not arrive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from esutd_bus.register.answer_codes import SUCCESS
from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules.search import found
from esutd_bus.register.search import RequestSearch
from esutd_bus.register.state import Needs, Row

ACCEPTED = "accepted"
REFUSED = "refused"
NOT_PROCESSED = "notProcessed"
"""It came, but no answer is bound to its id: its form was wrong, or the service failed. It can be sent again."""

_OWN_SERVICE = "EmploymentContracts"
"""Whose answers are told once more. A personal file is not: each disclosure has its own reason, and its own entry in
the log (order 353, clause 14)."""

_ASKED = "search.request_id"
_ANSWER = Shape(
    always={"operation": str, "bound_at": datetime, "code": str, "status": int},
    sometimes={"envelope": str},
)


def needs(command: Command) -> Needs:
    """The answer that is kept for the request."""
    request_id = command.values.get("search", {}).get("request_id")
    return Needs(search=RequestSearch(request_id) if request_id else None)


def request_is_named(case: Case) -> Iterator[Refusal]:
    """SCSE195: the request asked about is named. Source: code text."""
    if not case.command.refusals and case.value(_ASKED) is None:
        yield Refusal("SCSE195", _ASKED)


def request_is_known(case: Case) -> Iterator[Refusal]:
    """SCSE199: a message with this id has come from the sender. Source: code text."""
    if case.state.found is not None and not case.state.found.rows:
        yield Refusal("SCSE199", _ASKED)


def accept(case: Case) -> Accepted:
    """Nothing happens to the register; the answer of then is told once more."""
    (row,) = found(case).rows
    if row["operation"] is None:
        return Accepted(answer={"asked": {"outcome": NOT_PROCESSED}})
    outcome = ACCEPTED if row["code"] == SUCCESS else REFUSED
    return Accepted(answer={"asked": {"outcome": outcome}, "stored": _told(row)})


def _told(row: Row) -> Row:
    service, _, operation = row["operation"].partition(".")
    envelope = row["envelope"] if service == _OWN_SERVICE else None
    return {**row, "operation": operation, "envelope": envelope}


DECIDER = Decider(
    needs,
    (request_is_named, request_is_known),
    accept,
    Sources(rows={"asked": Shape(always={"outcome": str}), "stored": _ANSWER}),
    requires=(_ASKED,),
)
