"""The document that proves heavy working conditions: the file itself stays in the message that brought it."""

from __future__ import annotations

from esutd_bus.register.case import Case
from esutd_bus.register.command import Command
from esutd_bus.register.state import Row


def proof_id(command: Command) -> str | None:
    """The sender's id of the document that a message brings."""
    given: str | None = command.values.get("contract", {}).get("proof_external_id")
    return given


def is_known(case: Case) -> bool:
    """Whether the register has this very document to this contract already."""
    known = case.state.proof
    return (
        known is not None
        and case.contract is not None
        and known["contract_id"] == case.contract["id"]
        and known["sha256"] == case.value("contract.proof_sha256")
    )


def new_proof(case: Case, contract: Row) -> Row | None:
    """The row of the document that an accepted message brings to a contract; `None` where it brings no new one."""
    external_id = proof_id(case.command)
    if external_id is None or is_known(case):
        return None
    return {
        "employer": contract["employer"],
        "external_id": external_id,
        "contract_id": contract["id"],
        "sha256": case.value("contract.proof_sha256"),
        "message_id": case.command.message_id,
        "recorded_at": case.now,
    }
