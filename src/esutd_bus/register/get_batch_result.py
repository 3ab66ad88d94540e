"""GetBatchResult: what became of each contract of a batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from esutd_bus.register import answer_codes
from esutd_bus.register.case import Case, Decider, Shape, Sources
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Needs

PROCESSED = "processed"
"""Every entry is judged: so it is of each batch that has an id, for both come about at once."""

_ASKED = "search.batch_id"

_TEXTS: Mapping[str, type] = {"code": str, "message_ru": str, "message_kk": str, "message_en": str}
_ENTRY = Shape(
    sometimes={"external_id": str, "contract_id": UUID},
    lists={
        "errors": Shape(always=_TEXTS, sometimes={"reason": str, "field": str}),
        "warnings": Shape(always=_TEXTS),
    },
)


def needs(command: Command) -> Needs:
    """The batch asked about, if this employer has sent it."""
    return Needs(batch_id=command.values.get("search", {}).get("batch_id"))


def batch_is_named(case: Case) -> Iterator[Refusal]:
    """SCSE195: the batch asked about is named. Source: code text."""
    if case.lacks(_ASKED):
        yield Refusal("SCSE195", _ASKED)


def batch_is_known(case: Case) -> Iterator[Refusal]:
    """SCSE199: the employer has sent this batch. Source: code text."""
    if case.value(_ASKED) is not None and case.state.batch is None:
        yield Refusal("SCSE199", _ASKED)


def accept(case: Case) -> Accepted:
    """Nothing happens to the register."""
    batch = case.state.batch
    if batch is None:
        raise LookupError("accepted without the batch asked about")
    entries = [_told(entry) for entry in batch["entries"]]
    return Accepted(answer={"asked": {"batch_id": batch["id"], "status": PROCESSED}, "entries": entries})


def _told(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    contract_id = entry.get("contract_id")
    return {
        "external_id": entry["external_id"],
        "contract_id": UUID(contract_id) if contract_id else None,
        "errors": [{**error, **answer_codes.told(error["code"])} for error in entry.get("errors", ())],
        "warnings": [answer_codes.told(code) for code in entry.get("warnings", ())],
    }


DECIDER = Decider(
    needs,
    (batch_is_named, batch_is_known),
    accept,
    Sources(rows={"asked": Shape(always={"batch_id": UUID, "status": str})}, lists={"entries": _ENTRY}),
    requires=(_ASKED,),
)
