"""The tables of the register. Migrations make them; the hot writer's statements are generated from them."""

from __future__ import annotations

from esutd_bus.store.tables.bus import (
    bus_message,
    bus_notice,
)
from esutd_bus.store.tables.common import metadata
from esutd_bus.store.tables.contracts import (
    FORMER_EMPLOYEE,
    OWNER,
    amendment,
    batch,
    contract,
    contract_event,
    iin_change,
    leave,
    proof,
)
from esutd_bus.store.tables.editions import (
    dictionary_entry,
    edition,
)
from esutd_bus.store.tables.employees import (
    acknowledgement,
    consent,
    consent_withdrawal,
    disclosure,
    labour_answer,
    labour_request,
)
from esutd_bus.store.tables.journal import (
    journal_chain,
    journal_seal,
    journal_slice,
    message,
    request,
)
from esutd_bus.store.tables.outbox import (
    job_turn,
    outbox,
    outbox_attempt,
    outbox_destination,
    subscription,
)
from esutd_bus.store.tables.partners import (
    delegation,
    employer_system,
    partner,
    partner_certificate,
    partner_event,
)
from esutd_bus.store.tables.registry_checks import (
    registry_check,
)
from esutd_bus.store.tables.revocation import (
    certificate_status,
    revocation_list,
)

__all__ = [
    "FORMER_EMPLOYEE",
    "OWNER",
    "acknowledgement",
    "amendment",
    "batch",
    "bus_message",
    "bus_notice",
    "certificate_status",
    "consent",
    "consent_withdrawal",
    "contract",
    "contract_event",
    "delegation",
    "dictionary_entry",
    "disclosure",
    "edition",
    "employer_system",
    "iin_change",
    "job_turn",
    "journal_chain",
    "journal_seal",
    "journal_slice",
    "labour_answer",
    "labour_request",
    "leave",
    "message",
    "metadata",
    "outbox",
    "outbox_attempt",
    "outbox_destination",
    "partner",
    "partner_certificate",
    "partner_event",
    "proof",
    "registry_check",
    "request",
    "revocation_list",
    "subscription",
]
