"""What an act of delegation must be (order 353, clause 5)."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.identifiers import is_iin
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.worded import worded

_DELEGATE = "delegation.delegate_iin"
_ACT_DATE = "delegation.act_date"


def delegate_iin_is_right(case: Case) -> Iterator[Refusal]:
    """SCSE045: the delegate's IIN has a possible date of birth and the right check digit. Source: code text."""
    iin = case.value(_DELEGATE)
    if iin is not None and not is_iin(iin):
        yield Refusal("SCSE045", _DELEGATE)


def act_is_made(case: Case) -> Iterator[Refusal]:
    """ESB004: the act is dated today at the latest. Source: order 353, clause 5: an act entrusts, not a plan of one."""
    act_date = case.value(_ACT_DATE)
    if act_date is not None and act_date > case.today:
        yield worded("act-ahead", _ACT_DATE)
