"""What a request on paper must be (order 353, clause 15)."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.identifiers import is_iin
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.worded import worded

_IIN = "paper_request.employee_iin"
_RECEIVED = "paper_request.received_on"


def iin_is_right(case: Case) -> Iterator[Refusal]:
    """SCSE045: the IIN has a possible date of birth and the right check digit. Source: code text."""
    iin = case.value(_IIN)
    if iin is not None and not is_iin(iin):
        yield Refusal("SCSE045", _IIN)


def paper_has_come(case: Case) -> Iterator[Refusal]:
    """ESB004: the paper came today at the latest. Source: order 353, clause 15: it is entered after it came."""
    received_on = case.value(_RECEIVED)
    if received_on is not None and received_on > case.today:
        yield worded("paper-ahead", _RECEIVED)
