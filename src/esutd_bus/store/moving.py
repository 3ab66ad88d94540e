"""The contracts that are to get another employer, each with what stands in its way."""

from __future__ import annotations

from typing import LiteralString

from esutd_bus.register.state import Moving
from esutd_bus.store import tables
from esutd_bus.store.connection import Asked
from esutd_bus.store.statements import select_list

_MOVING: LiteralString = f"""
WITH moving AS (
    SELECT {select_list(tables.contract, "c")} FROM contract c
    WHERE c.employer = %(employer)s AND c.status = 'active'
        AND (%(all)s OR c.id = %(contract_id)s OR c.external_id = %(external_id)s)
    ORDER BY c.id LIMIT %(at_most)s
)
SELECT {select_list(tables.contract, "m")},
    EXISTS (
        SELECT FROM contract c WHERE c.employer = %(receiver)s AND c.number = m.number AND c.status <> 'deleted'
    ) AS number_taken,
    EXISTS (
        SELECT FROM contract c WHERE c.employer = %(receiver)s AND c.external_id = m.external_id
    ) AS external_id_taken,
    EXISTS (
        SELECT FROM amendment a WHERE a.contract_id = m.id AND a.number = %(number)s
            AND a.concluded_on = %(concluded_on)s AND a.status <> 'deleted'
    ) AS agreement_exists
FROM moving m ORDER BY m.id
"""  # noqa: S608  # of our own words: keys are parameters


def asked(employer: str, moving: Moving) -> Asked:
    """The statement that asks for them."""
    values = {
        "employer": employer,
        "all": moving.contract_id is None and moving.contract_external_id is None,
        "contract_id": moving.contract_id,
        "external_id": moving.contract_external_id,
        "at_most": moving.at_most,
        "receiver": moving.receiver,
        "number": moving.number,
        "concluded_on": moving.concluded_on,
    }
    return Asked(_MOVING, values)
