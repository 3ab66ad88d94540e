"""What a transfer of contracts to another employer must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from esutd_bus.register import registry_checks
from esutd_bus.register.case import Case
from esutd_bus.register.identifiers import employer_kind
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules.foreign_worker import refused_employer
from esutd_bus.register.state import NOT_ASKED, Row

MOVED_AT_ONCE = 1000
"""Contracts that one message moves: what is one transaction holds up the others."""

_RECEIVER = "transfer.receiver"
_GROUP = "transfer/receiver"
"""Whichever of BIN and IIN the message names the receiver by."""
_REORGANIZED = "transfer.reorganized_on"
_NUMBER = "transfer.number"
_CONCLUDED = "transfer.concluded_on"


def moved(case: Case) -> Sequence[Row]:
    """The contracts that this message moves; there may be more for the next one."""
    return case.state.moving[:MOVED_AT_ONCE]


def receiver_is_one(case: Case) -> Iterator[Refusal]:
    """SCSE043: the new employer's number is a BIN or an IIN. Source: code text."""
    receiver = case.value(_RECEIVER)
    if receiver is not None and employer_kind(receiver) is None:
        yield Refusal("SCSE043", _RECEIVER)


def receiver_is_another(case: Case) -> Iterator[Refusal]:
    """SCSE118: the new employer is not the old one. Source: code text."""
    if case.value(_RECEIVER) == case.command.employer:
        yield Refusal("SCSE118", _RECEIVER)


def reorganization_has_happened(case: Case) -> Iterator[Refusal]:
    """SCSE156: the reorganisation was today at the latest. Source: code text."""
    reorganized_on = case.value(_REORGANIZED)
    if reorganized_on is not None and reorganized_on > case.today:
        yield Refusal("SCSE156", _REORGANIZED)


def agreement_is_concluded(case: Case) -> Iterator[Refusal]:
    """SCSE062: the agreement was signed today at the latest. Source: code text."""
    concluded_on = case.value(_CONCLUDED)
    if concluded_on is not None and concluded_on > case.today:
        yield Refusal("SCSE062", _CONCLUDED)


def contracts_are_older_than_the_reorganization(case: Case) -> Iterator[Refusal]:
    """SCSE155: each contract that moves was concluded by the reorganisation. Source: code text."""
    reorganized_on = case.value(_REORGANIZED)
    if reorganized_on is not None and any(row["concluded_on"] > reorganized_on for row in moved(case)):
        yield Refusal("SCSE155", _REORGANIZED)


def agreement_is_another(case: Case) -> Iterator[Refusal]:
    """SCSE070: no contract that moves has an amendment of this number and date. Source: code text."""
    if any(row["agreement_exists"] for row in moved(case)):
        yield Refusal("SCSE070", _NUMBER)


def numbers_are_free_there(case: Case) -> Iterator[Refusal]:
    """SCSE014: the new employer has no contract with the number of one that moves. Source: code text."""
    if any(row["number_taken"] for row in moved(case)):
        yield Refusal("SCSE014", _RECEIVER)


def ids_are_free_there(case: Case) -> Iterator[Refusal]:
    """SCSE086: the new employer has used no external id of one that moves. Source: code text."""
    if any(row["external_id_taken"] for row in moved(case)):
        yield Refusal("SCSE086", _RECEIVER)


def receiver_goes_on(case: Case) -> Iterator[Refusal]:
    """ESB012: the register of legal entities knows the new employer, and it is not liquidated, if it was asked.

    Source: order 353, clause 3: a contract has an employer.
    """
    receiver = case.state.fetched.get("receiver", NOT_ASKED)
    if receiver is not NOT_ASKED and not registry_checks.employer_is_confirmed(receiver):
        yield Refusal("ESB012", path=_GROUP)


def reorganization_is_on_record(case: Case) -> Iterator[Refusal]:
    """SCSE153, SCSE157, SCSE154: the register of legal entities knows of a reorganisation, by which the new employer
    follows the old one, not later than the message says; if it was asked. Source: code texts.

    Between branches of one organisation, and its head, contracts pass without any.
    """
    giver = case.state.fetched.get("giver", NOT_ASKED)
    receiver = case.state.fetched.get("receiver", NOT_ASKED)
    if NOT_ASKED in (giver, receiver) or receiver is None:
        return
    if giver is not None and _network(giver) == _network(receiver):
        return
    if not (giver and giver["is_reorganised"]) and not receiver["is_made_by_reorganisation"]:
        yield Refusal("SCSE153", _REORGANIZED)
        return
    if giver is not None and giver.get("successor") == receiver["bin"]:
        happened_on = giver.get("ended_on")
    elif receiver["is_made_by_reorganisation"] and case.command.employer in receiver["founders"]:
        happened_on = receiver.get("registered_on")
    else:
        yield Refusal("SCSE157", path=_GROUP)
        return
    reorganized_on = case.value(_REORGANIZED)
    if happened_on is not None and reorganized_on is not None and reorganized_on < happened_on:
        yield Refusal("SCSE154", _REORGANIZED)


def _network(organisation: Mapping[str, Any]) -> str:
    """BIN of the head of the branches and representations that an organisation is one of."""
    head: str = organisation.get("head_organisation") or organisation["bin"]
    return head


def receiver_may_have_the_workers(case: Case) -> Iterator[Refusal]:
    """SCSE256, SCSE257: foreigners' contracts go to an employer that may have such workers. Source: code texts."""
    receiver = case.value(_RECEIVER)
    for row in moved(case):
        refused = refused_employer(case, row["foreign_basis"], receiver)
        if refused is not None:
            yield Refusal(refused, path=_GROUP)
