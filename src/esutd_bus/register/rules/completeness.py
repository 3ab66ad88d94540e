"""What an entry cannot do without.

The schema finds a missing part first and tells it by the same code (`fields.yaml`), so these rules speak only
where it found nothing at all: a mapping that lands a part nowhere must not make an incomplete contract.
"""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.contract import PROOF
from esutd_bus.register.refusal import Refusal


def contract_is_complete(case: Case) -> Iterator[Refusal]:
    """SCSE003–006, 011, 026, 029, 039, 055, ESB004. Source: order 353, clause 3; code texts."""
    yield from _missing(case, "contract", "contract")


def amendment_is_complete(case: Case) -> Iterator[Refusal]:
    """SCSE015, 023, 024, 051. Source: code texts."""
    yield from _missing(case, "amendment", "amendment")


def termination_is_complete(case: Case) -> Iterator[Refusal]:
    """SCSE018, ESB004. Source: order 353, clause 12; code text."""
    yield from _missing(case, "termination", "contract")


def conditions_are_complete(case: Case) -> Iterator[Refusal]:
    """ESB004; of the proof, if there is one, SCSE168, 171, 172, 174. Source: code texts."""
    yield from _missing(case, "conditions", "contract")
    if any(case.value(f"contract.{column}") is not None for column in PROOF):
        yield from _missing(case, "proof", "contract")


def foreign_worker_is_complete(case: Case) -> Iterator[Refusal]:
    """SCSE184, 185, 266, 267, ESB004. Source: code texts."""
    yield from _missing(case, "foreign_worker", "contract")


def payment_is_complete(case: Case) -> Iterator[Refusal]:
    """SCSE181: of the special social payment both marks and both telephones are told. Source: code text."""
    yield from _missing(case, "payment", "contract")


def termination_payment_is_complete(case: Case) -> Iterator[Refusal]:
    """SCSE181, in a termination."""
    yield from _missing(case, "termination_payment", "contract")


def leave_is_complete(case: Case) -> Iterator[Refusal]:
    """SCSE122, 123, 124, 134, 135. Source: order 353, clause 6; code texts."""
    yield from _missing(case, "leave", "leave")


def transfer_is_complete(case: Case) -> Iterator[Refusal]:
    """SCSE009, 015, 023, 154. Source: code texts."""
    yield from _missing(case, "transfer", "transfer")


def iin_change_is_complete(case: Case) -> Iterator[Refusal]:
    """SCSE011. Source: code text."""
    yield from _missing(case, "iin_change", "iin_change")


def extension_is_complete(case: Case) -> Iterator[Refusal]:
    """SCSE039, 109. Source: order 353, clause 13-1; code texts."""
    yield from _missing(case, "extension", "contract")


def reinstatement_is_complete(case: Case) -> Iterator[Refusal]:
    """SCSE018, 034, 098, 099, 103. Source: order 353, clause 10; code texts."""
    yield from _missing(case, "reinstatement", "contract")


def labour_request_is_complete(case: Case) -> Iterator[Refusal]:
    """SCSE011, ESB004. Source: order 353, clause 18: whom a request is about, why, and on what consent."""
    yield from _missing(case, "labour_request", "labour_request")


def disclosure_is_complete(case: Case) -> Iterator[Refusal]:
    """SCSE011, ESB004. Source: order 353, clause 14: a disclosure is logged with whom about and why."""
    yield from _missing(case, "disclosure", "disclosure")


def delegation_is_complete(case: Case) -> Iterator[Refusal]:
    """ESB004. Source: order 353, clause 5: an act entrusts somebody."""
    yield from _missing(case, "delegation", "delegation")


def application_is_complete(case: Case) -> Iterator[Refusal]:
    """ESB004. Source: order 353, clause 13: the authority acts on an application of either side."""
    yield from _missing(case, "application", "application")


def period_is_complete(case: Case) -> Iterator[Refusal]:
    """ESB004: statistics are asked for from a day to a day."""
    yield from _missing(case, "statistics", "statistics")


def paper_request_is_complete(case: Case) -> Iterator[Refusal]:
    """SCSE009, 011, ESB004. Source: order 353, clause 15."""
    yield from _missing(case, "paper_request", "paper_request")


def consent_is_complete(case: Case) -> Iterator[Refusal]:
    """SCSE009, 011, 026, ESB004. Source: order 353, clause 17; code texts."""
    yield from _missing(case, "consent", "consent")


def contract_is_named(case: Case) -> Iterator[Refusal]:
    """SCSE026: a message about a contract names it. Source: code text."""
    if not case.command.refusals and case.value(case.reference_field) is None:
        yield Refusal("SCSE026", case.reference_field)


def _missing(case: Case, entry: str, table: str) -> Iterator[Refusal]:
    if case.command.refusals:
        return
    said = case.said
    for column, code in case.rules.fields.required[entry].items():
        if said.get(f"{table}.{column}") is None:
            yield Refusal(code, f"{table}.{column}")
