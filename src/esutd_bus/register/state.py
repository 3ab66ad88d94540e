"""What the register must know before it can decide on a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID

from esutd_bus.register.search import Count, Found, Search

Row = Mapping[str, Any]
"""A row of a table: column → value."""

NOT_ASKED: Final = object()
"""What a registry told of a thing, where it did not answer and the message went on without it."""


@dataclass(frozen=True, slots=True)
class Moving:
    """Which contracts in force are to get another employer, and what may stand in their way there."""

    receiver: str
    """BIN or IIN of the new employer."""

    number: str | None
    """Of the agreement by which they move."""

    concluded_on: date | None
    at_most: int
    contract_id: UUID | None = None
    contract_external_id: str | None = None
    """One contract alone; neither of the two: all of the employer's."""


class Needs(NamedTuple):
    """The keys by which the store loads a command's `State`. `None`: not needed."""

    contract_id: UUID | None = None
    """The contract the command refers to, by the register's id."""

    contract_external_id: str | None = None
    """A contract of this employer with this external id: referred to, or in the way of a new one."""

    contract_number: str | None = None
    """A contract of this employer with this number, and not deleted (SCSE014)."""

    amendment_external_id: str | None = None
    """An amendment of this employer with this external id (SCSE086)."""

    amendments: bool = False
    """The amendments of the contract referred to."""

    history: bool = False
    """The history of the contract referred to."""

    leaves: bool = False
    """The leaves of the contract referred to, deleted ones too."""

    leave_external_id: str | None = None
    """A leave of this employer with this external id (SCSE086)."""

    proof_external_id: str | None = None
    """A document of this employer with this external id (SCSE169)."""

    employee_iin: str | None = None
    """The contracts of this employer with this employee."""

    new_iin: str | None = None
    """Whose this IIN was before it became an employee's: told by any employer (SCSE145)."""

    moving: Moving | None = None
    """The employer's contracts in force that are to move to another one."""

    search: Search | Count | None = None
    """What is looked for among many rows, or counted, beside the way of messages."""
    delegation_to: str | None = None
    """The newest act by which this employer entrusts the person with this IIN (353/5)."""

    system: str | None = None
    """This employer's record of a system with this BIN or IIN, which signs envelopes for it."""

    labour_request_id: UUID | None = None
    """This employer's request for labour activity with this id, and its answer."""

    acknowledgements_of: str | None = None
    """Who has acknowledged the change with this id."""

    system_of: str | None = None
    """The employer whose record of the system it is, where it is not the signer's."""

    consents_of: str | None = None
    """What the employee with this IIN has consented to towards this employer."""

    own_consent_id: UUID | None = None
    """The signer's own consent with this id."""

    own_consent_external_id: str | None = None
    """The signer's own consent with this external id (SCSE086)."""

    new_external_id: str | None = None
    """A contract of this employer with the external id that a correction gives to another (SCSE086)."""

    batch_id: UUID | None = None
    """A batch that this employer has sent."""

    entries: tuple[Needs, ...] = ()
    """What each entry of a batch needs."""
    delivery: tuple[str, str] | None = None
    """Who delivers the message, and by which id: the bus may do so more than once."""

    owner: str | None = None
    """BIN or IIN of «this employer», where it is not the sender: the authority names whose contract it is about."""

    expects_nothing: bool = False
    """The contracts and documents with these keys are to be new: what is looked for is hoped not to be there."""


class State(NamedTuple):
    """What the store found for a command's `Needs`; of its own employer or the owner it names, but for `iin_change` and
    `acknowledgements`.
    """

    contract_by_id: Row | None = None
    contract_by_external_id: Row | None = None
    contract_by_number: Row | None = None
    amendment_by_external_id: Row | None = None
    amendments: Sequence[Row] = ()
    history: Sequence[Row] = ()
    leaves: Sequence[Row] = ()
    leave_by_external_id: Row | None = None
    proof: Row | None = None
    contracts_of_employee: Sequence[Row] = ()
    iin_change: Row | None = None
    moving: Sequence[Row] = ()
    """Each with `number_taken`, `external_id_taken`, `agreement_exists`: what stands in its way."""

    found: Found | None = None
    """What the search found; `None` where nothing was looked for."""
    delegation: Row | None = None
    system: Row | None = None
    labour_request: Row | None = None
    """With `status`, `document`, `reason` of its answer; all `None` while there is none."""

    acknowledgements: Sequence[Row] = ()
    consents: Sequence[Row] = ()
    """In the order in which they were given, each with `withdrawn_at`."""

    own_consent: Row | None = None
    """With `withdrawn_at`."""

    contract_by_new_external_id: Row | None = None
    batch: Row | None = None
    delivery: Row | None = None
    """What was kept of the same delivery when it came first."""

    entries: Sequence[State] = ()
    """Of each entry of a batch, in their order: what was there before the batch."""

    fetched: Mapping[str, Any] = MappingProxyType({})
    """What was asked of other systems before, by port: `{"person": {...} | None}`, or `NOT_ASKED`."""
