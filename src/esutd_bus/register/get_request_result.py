"""GetRequestResult: what became of a request for labour activity (order 353, clauses 19 and 20).

Also ReadRequestResult: the authority asks about a request on paper that it has entered, to hand the answer out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted, Disclosed
from esutd_bus.register.labour_answer import ANSWERED, IN_PROGRESS, notice
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Needs, Row
from esutd_bus.register.worded import worded

_ASKED = "labour_reference.request_id"


def needs(command: Command) -> Needs:
    """The request, if it is this employer's or was entered by whoever asks, with its answer."""
    return Needs(labour_request_id=command.values.get("labour_reference", {}).get("request_id"))


def request_is_named(case: Case) -> Iterator[Refusal]:
    """ESB004: the request asked about is named."""
    if not case.command.refusals and case.value(_ASKED) is None:
        yield Refusal("ESB004", _ASKED)


def request_is_the_employers(case: Case) -> Iterator[Refusal]:
    """ESB004: this employer has made the request; another's is answered like one that was never made."""
    if case.value(_ASKED) is not None and case.state.labour_request is None:
        yield worded("labour-request-unknown", _ASKED)


def accept(case: Case) -> Accepted:
    """Each time the document goes out, that is on record (order 353, clause 14)."""
    row = case.state.labour_request
    if row is None:
        raise LookupError("accepted without the request it is about")
    result: dict[str, object] = {"status": row["status"] or IN_PROGRESS}
    if row["status"] == ANSWERED:
        result["document"] = row["document"]
        return Accepted(events=(Disclosed(_disclosure(case, row)),), answer={"result": result})
    told = notice(row["status"], row["reason"]) if row["status"] else None
    answer: Mapping[str, Row] = {"result": result, **({"notice": told} if told else {})}
    return Accepted(answer=answer)


def _disclosure(case: Case, row: Row) -> Row:
    command = case.command
    return {
        "id": command.new_id,
        "employer": row["employer"],
        "employee_iin": row["employee_iin"],
        "purpose": row["purpose"],
        "consent_id": row["consent_id"],
        "message_id": command.message_id,
        "disclosed_at": case.now,
    }


_NOTICE = Shape(always={"ru": str, "kk": str, "en": str})

DECIDER = Decider(
    needs,
    (request_is_named, request_is_the_employers),
    accept,
    Sources(rows={"result": Shape(always={"status": str}, sometimes={"document": bytes}), "notice": _NOTICE}),
    requires=(_ASKED,),
)
