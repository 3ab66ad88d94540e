"""Working conditions, heavy ones above all, and the document that proves them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from esutd_bus.register.case import Case
from esutd_bus.register.contract import CONDITIONS
from esutd_bus.register.fields import Presence
from esutd_bus.register.proof import is_known
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules import completeness
from esutd_bus.register.rules.part import of_part

_KIND = "contract.working_conditions"
_HEAVY = "contract.heavy_conditions_code"
_PROOF = "contract.proof_external_id"
_DICTIONARY = "harmful-conditions"


def conditions_allow_heavy_code(case: Case) -> Iterator[Refusal]:
    """SCSE162: some conditions have no code of heavy ones. Source: code text; which: `fields.yaml`."""
    heavy = case.rules.fields.conditions_of(case.value(_KIND)).heavy
    if case.value(_HEAVY) is not None and heavy.presence is Presence.FORBIDDEN:
        yield Refusal(heavy.code, _HEAVY)


def conditions_are_not_of_a_batch(case: Case) -> Iterator[Refusal]:
    """SCSE175: contracts on heavy, harmful or dangerous work come one by one.

    Source: code text; which conditions: `fields.yaml`.
    """
    kind = case.value(_KIND)
    if kind is not None and case.rules.fields.conditions_of(kind).heavy.presence is not Presence.FORBIDDEN:
        yield Refusal("SCSE175", _KIND)


def conditions_have_heavy_code(case: Case) -> Iterator[Refusal]:
    """SCSE176, of harmful ones SCSE183: some conditions need a code of heavy ones.

    Source: code texts; which: `fields.yaml`.
    """
    heavy = case.rules.fields.conditions_of(case.value(_KIND)).heavy
    if case.lacks(_HEAVY) and heavy.presence is Presence.REQUIRED:
        yield Refusal(heavy.code, _HEAVY)


def proof_is_of_heavy_conditions(case: Case) -> Iterator[Refusal]:
    """SCSE167: a document is attached only where it has heavy conditions to prove. Source: code text."""
    if case.value(_PROOF) is not None and case.lacks(_HEAVY):
        yield Refusal("SCSE167", _PROOF)


def proof_id_is_new(case: Case) -> Iterator[Refusal]:
    """SCSE169: the sender's id of the document is used once. Source: code text.

    Decision: the same file to the same contract is the same document: a group is replaced as a whole, and its
    proof is sent again with it.
    """
    if case.value(_PROOF) is not None and case.state.proof is not None and not is_known(case):
        yield Refusal("SCSE169", _PROOF)


def heavy_code_is_of_its_time(case: Case) -> Iterator[Refusal]:
    """SCSE165: heavy conditions of work since 2014 are in the list of mandatory professional pension contributions.

    Those of work that began earlier are in list 1 or 2. Source: code text; day and lists: `fields.yaml`.
    """
    yield from _of_its_time(case, case.starts_on)


def amended_heavy_code_is_of_its_time(case: Case) -> Iterator[Refusal]:
    """SCSE165, in an amendment: what begins is the amendment."""
    yield from _of_its_time(case, case.value("amendment.starts_on"))


def _of_its_time(case: Case, start: date | None) -> Iterator[Refusal]:
    code = case.value(_HEAVY)
    if code is None or start is None or not case.rules.dictionaries.is_leaf(_DICTIONARY, code):
        return
    if case.rules.dictionaries.list_type(_DICTIONARY, code) not in case.rules.fields.heavy_lists.of(start):
        yield Refusal("SCSE165", _HEAVY)


conditions_hold_together = of_part(
    CONDITIONS,
    completeness.conditions_are_complete,
    conditions_allow_heavy_code,
    conditions_have_heavy_code,
    proof_is_of_heavy_conditions,
    proof_id_is_new,
)
"""All that a message's own conditions must be, whichever message it is."""
