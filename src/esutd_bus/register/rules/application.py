"""The application on which the labour authority acts (order 353, clause 13)."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.worded import worded

_DATE = "application.date"


def application_is_made(case: Case) -> Iterator[Refusal]:
    """ESB004: the application is dated today at the latest. Source: order 353, clause 13."""
    dated = case.value(_DATE)
    if dated is not None and dated > case.today:
        yield worded("application-ahead", _DATE)


def contract_is_terminated(case: Case) -> Iterator[Refusal]:
    """SCSE092: until a termination is entered, the entry is the employer's to change. Source: order 353, clause 13."""
    if case.contract is not None and not case.terminated:
        yield worded("contract-in-force", case.reference_field)
