"""The register decides: a command and the state it meets become events, or refusals. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from esutd_bus.register import (
    acknowledge_change,
    amend_contract,
    calendar,
    change_employee_iin,
    correct_amendment,
    correct_by_authority,
    correct_contract,
    correct_leave,
    delete_amendment,
    delete_contract,
    delete_leave,
    enter_paper_request,
    extend_contract,
    find_contracts,
    get_batch_result,
    get_contract,
    get_disclosures,
    get_employee_contracts,
    get_notifications,
    get_own_violations,
    get_personal_file,
    get_request_result,
    get_request_status,
    get_statistics,
    get_violations,
    give_consent,
    prefill_contract,
    read_contract,
    record_delegation,
    record_leave,
    register_contract,
    reinstate_employee,
    request_labour_activity,
    rights,
    store_rows,
    submit_batch,
    terminate_contract,
    transfer_contracts,
    withdraw_consent,
)
from esutd_bus.register.case import Case, Decider
from esutd_bus.register.command import Command
from esutd_bus.register.event import Decision
from esutd_bus.register.judgement import judge
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rulebook import Rulebook
from esutd_bus.register.state import Needs, State

COMMANDS: Mapping[str, Decider] = MappingProxyType(
    {
        "RegisterContract": register_contract.DECIDER,
        "AmendContract": amend_contract.DECIDER,
        "CorrectAmendment": correct_amendment.DECIDER,
        "DeleteAmendment": delete_amendment.DECIDER,
        "ExtendContract": extend_contract.DECIDER,
        "TerminateContract": terminate_contract.DECIDER,
        "ReinstateEmployee": reinstate_employee.DECIDER,
        "CorrectContract": correct_contract.DECIDER,
        "DeleteContract": delete_contract.DECIDER,
        "GetContract": get_contract.DECIDER,
        "GetPersonalFile": get_personal_file.DECIDER,
        "PrefillContract": prefill_contract.DECIDER,
        "GiveConsent": give_consent.DECIDER,
        "WithdrawConsent": withdraw_consent.DECIDER,
        "RequestLabourActivity": request_labour_activity.DECIDER,
        "GetRequestResult": get_request_result.DECIDER,
        "EnterPaperRequest": enter_paper_request.DECIDER,
        "ReadRequestResult": get_request_result.DECIDER,
        "RecordLeave": record_leave.DECIDER,
        "CorrectLeave": correct_leave.DECIDER,
        "DeleteLeave": delete_leave.DECIDER,
        "ChangeEmployeeIin": change_employee_iin.DECIDER,
        "TransferContracts": transfer_contracts.DECIDER,
        "FindContracts": find_contracts.DECIDER,
        "GetOwnViolations": get_own_violations.DECIDER,
        "GetRequestStatus": get_request_status.DECIDER,
        "SubmitBatch": submit_batch.DECIDER,
        "GetBatchResult": get_batch_result.DECIDER,
        "RecordDelegation": record_delegation.DECIDER,
        "GetEmployeeContracts": get_employee_contracts.DECIDER,
        "GetNotifications": get_notifications.DECIDER,
        "AcknowledgeChange": acknowledge_change.DECIDER,
        "GetDisclosures": get_disclosures.DECIDER,
        "CorrectByAuthority": correct_by_authority.DECIDER,
        "ReadContract": read_contract.DECIDER,
        "GetStatistics": get_statistics.DECIDER,
        "GetViolations": get_violations.DECIDER,
    }
)
"""The commands with rules of their own. A mapping names one of them, or its rows are stored as they come."""


def needs(command: Command) -> Needs:
    """What the store must load before the command can be decided, and the right to it judged."""
    return rights.with_rights(_decider(command).needs(command), command)


def missing_right(command: Command, state: State, now: datetime, rules: Rulebook) -> Refusal | None:
    """Why the command is not its sender's to give, if so: judged, and told, before anything else of it."""
    return rights.missing_right(command, state, calendar.today(now), rules.partners, _decider(command))


def decide(command: Command, state: State, now: datetime, rules: Rulebook) -> Decision:
    """Judges a command whose sender may give it (`missing_right`) by every rule of its operation at once.

    `now` must have a zone; the same arguments always give the same decision.
    """
    return judge(_decider(command), Case.of(command, state, now, rules))


def _decider(command: Command) -> Decider:
    return COMMANDS.get(command.operation, store_rows.DECIDER)
