from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from register_cases import (
    AGREED,
    AMENDED,
    AMENDMENT,
    AMENDMENT_ID,
    BY_ID,
    CONTRACT,
    DELEGATION,
    DISCLOSURE,
    EXTENSION,
    FOREIGNER,
    GIVEN,
    HARMFUL,
    IIN,
    LEAVE,
    LEAVE_ID,
    OTHER_IIN,
    PROOF,
    RECORDED,
    REGISTERED,
    REINSTATEMENT,
    RULES,
    TERMINATION,
    command,
    judge,
    registration,
)

from esutd_bus.register.answer_codes import text
from esutd_bus.register.calendar import today
from esutd_bus.register.decide import COMMANDS, decide, needs
from esutd_bus.register.event import Accepted, ContractEvent, DelegationRecorded, Refused
from esutd_bus.register.jsonable import as_text, jsonable
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules.consent import missing_consent
from esutd_bus.register.search import Found
from esutd_bus.register.state import State
from support.replacing import replace

OPERATIONS = sorted(COMMANDS)

CODES = st.sampled_from(
    ["1", "2", "3", "4", "8", "9", "398", "643", "999", "03", "03-002", "2511-1", "711210000"]
)
DATES = st.one_of(
    st.dates(), st.dates(date(2024, 1, 1), date(2026, 12, 31)), st.sampled_from([date.min, date.max])
)
VALUES: Mapping[type, st.SearchStrategy[Any]] = {
    str: CODES | st.text(max_size=5) | st.just(IIN),
    date: DATES,
    bool: st.booleans(),
}


def partial(row: Mapping[str, Any], *, of: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The row's own values, or any of their types, or nothing."""
    columns = {
        name: st.just(value) | (VALUES[type(value)] if type(value) in VALUES else st.just(value))
        for name, value in {**of, **row}.items()
        if value is not None
    }
    return st.fixed_dictionaries({}, optional=columns)


KINDS = st.none() | st.sampled_from(["normal", "heavy", "harmful", "dangerous"])
PARTS = st.builds(
    lambda kind, *parts: {
        **({"working_conditions": kind} if kind else {}),
        **{column: value for part in parts for column, value in part.items()},
    },
    KINDS,
    st.just({}) | partial(HARMFUL, of={}),
    st.just({}) | partial(FOREIGNER, of={}),
    st.just({}) | partial(AGREED, of={}),
)
ENDS = st.builds(
    lambda said, agreed: {**said, **{f"termination_{column}": value for column, value in agreed.items()}},
    partial(TERMINATION, of={"termination_by_new_technology": True}),
    partial(AGREED, of={}),
)
CONTRACTS = st.builds(lambda row, parts: {**row, **parts}, partial(CONTRACT, of={}), PARTS).flatmap(
    lambda row: st.fixed_dictionaries(
        {},
        optional={
            "ends_on": DATES,
            "tariff_rate": st.decimals(-2, 2, allow_nan=False),
            "rest_note": st.text(),
        },
    ).map(lambda more: {**row, **more})
)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "contract": st.one_of(CONTRACTS, ENDS, partial(EXTENSION, of={}), partial(REINSTATEMENT, of={})),
        "amendment": partial(AMENDMENT, of={}),
        "disclosure": partial(DISCLOSURE, of={}),
        "search": st.fixed_dictionaries(
            {},
            optional={
                "page_number": st.integers(-1, 3),
                "page_size": st.integers(-1, 102),
                "employee_iin": CODES,
                "request_id": st.just(UUID(int=7)),
                "batch_id": st.just(UUID(int=8)),
            },
        ),
        "leave": partial(LEAVE, of={}),
        "transfer": partial(
            {
                "receiver": "940340000421",
                "reorganized_on": date(2025, 6, 2),
                "number": "ПА-1",
                "concluded_on": date(2025, 6, 3),
            },
            of={},
        ),
        "iin_change": partial({"former_iin": IIN, "iin": OTHER_IIN}, of={}),
        "leave_reference": st.sampled_from(
            [{"leave_id": LEAVE_ID}, {"external_id": LEAVE["external_id"]}, {}]
        ),
        "delegation": partial(DELEGATION, of={}),
        "batch": partial({"headcount": 2001}, of={}),
        "reference": st.sampled_from([BY_ID, {"external_id": "e" * 32}, {}]),
        "amendment_reference": st.sampled_from(
            [{"amendment_id": AMENDMENT_ID}, {"external_id": AMENDMENT["external_id"]}, {}]
        ),
        "employee_reference": st.sampled_from([{"iin": IIN}, {"iin": "1"}, {}]),
    },
)
ROWS = st.none() | st.builds(
    lambda **columns: {**REGISTERED, **columns},
    status=st.sampled_from(["active", "terminated", "deleted"]),
    starts_on=st.dates(date(1950, 1, 1), date(2080, 1, 1)),
    terminated_on=st.none() | st.just(REINSTATEMENT["terminated_on"]),
    term_code=st.sampled_from(["1", "2", "4"]),
    ends_on=st.none() | st.just(EXTENSION["extended_on"]),
    extended_on=st.none() | st.dates(date(2024, 6, 10), date(2025, 6, 10)),
    working_conditions=KINDS,
    heavy_conditions_code=st.none() | st.sampled_from(["L1.7.20", "L3.6.56"]),
    permit_ends_on=st.none() | st.just(FOREIGNER["permit_ends_on"]),
    foreign_basis=st.none() | st.sampled_from(["labourImmigrant", "foreignLabourForce", "other"]),
)
OF_SEARCHES = {
    "clause": "353/7",
    "operation": None,
    "event": None,
    "contract": REGISTERED,
    "history": [],
}
"""What searches find beside a contract's columns, one this and another that."""

STATES = st.builds(
    lambda **known: State(**known),  # noqa: PLW0108  # else what is not given is inferred, where it has a default
    contract_by_id=ROWS,
    contract_by_external_id=ROWS,
    contract_by_number=ROWS,
    amendment_by_external_id=st.none() | st.just(AMENDED),
    contract_by_new_external_id=ROWS,
    amendments=st.lists(st.just(AMENDED), max_size=1),
    leaves=st.lists(st.sampled_from([RECORDED, {**RECORDED, "status": "deleted"}]), max_size=1),
    leave_by_external_id=st.none() | st.just(RECORDED),
    batch=st.none() | st.just({"id": UUID(int=8), "entries": [{"external_id": None, "errors": []}]}),
    moving=st.lists(
        ROWS.filter(bool).map(
            lambda row: {
                **row,
                "number_taken": False,
                "external_id_taken": False,
                "agreement_exists": row["version"] % 2 == 1,
            }
        ),
        max_size=2,
    ),
    contracts_of_employee=st.lists(ROWS.filter(bool), max_size=2),
    iin_change=st.none()
    | st.builds(lambda former: {"former_iin": former}, st.sampled_from([IIN, OTHER_IIN])),
    found=st.just(Found([{**REGISTERED, **OF_SEARCHES}], 1)),
    delegation=st.none() | st.just({**DELEGATION, "version": 3}),
    proof=st.none()
    | st.builds(
        lambda contract_id: {"contract_id": contract_id, "sha256": PROOF["proof_sha256"]},
        st.sampled_from([REGISTERED["id"], UUID(int=8)]),
    ),
    consents=st.just([{**GIVEN, "valid_to": date.max}]),
    fetched=st.sampled_from(
        [
            {"person": None, "employer_data": None},
            {
                "person": {"person": {"iin": IIN}, "documents": []},
                "employer_data": {"individual": {"iin": IIN}},
            },
        ]
    ),
)
REFUSALS = st.lists(
    st.builds(Refusal, st.sampled_from(["ESB004", "SCSE003", "SCSE074"]), path=st.sampled_from(["a", "b"])),
    max_size=3,
).map(tuple)
NOWS = st.datetimes(datetime(2021, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # zone follows


@given(st.sampled_from(OPERATIONS), MESSAGES, STATES, REFUSALS, NOWS)
def test_every_message_is_decided(
    operation: str, values: dict[str, Any], state: State, found: tuple[Refusal, ...], now: datetime
) -> None:
    asked = command(operation, values, refusals=found)
    needs(asked)
    # Whoever has no consent has no right to ask: that is judged before.
    assume(not COMMANDS[operation].consented or missing_consent(asked, state, today(now)) is None)
    decision = decide(asked, state, now, RULES)
    assert decide(asked, state, now, RULES) == decision
    if isinstance(decision, Refused):
        places = [(r.code, r.path or r.field) for r in decision.refusals]
        assert places
        assert len(places) == len(set(places))
        assert decision.refusals[: len(set(found))] == tuple(dict.fromkeys(found))
        for refusal in decision.refusals:
            assert text(refusal.code)
    else:
        assert not found
        for event in decision.events:
            if isinstance(event, ContractEvent):
                assert REGISTERED.keys() == event.contract.keys()
                required = RULES.fields.required["contract"]
                assert all(event.contract[column] is not None for column in required)
                assert event.contract["version"] in {1, REGISTERED["version"] + 1}
            if isinstance(event, DelegationRecorded):
                assert all(event.delegation[column] for column in RULES.fields.required["delegation"])
                assert event.delegation["version"] in {1, 4}


@given(st.sampled_from(OPERATIONS), MESSAGES, STATES)
def test_a_message_the_schema_refused_is_never_accepted(
    operation: str, values: dict[str, Any], state: State
) -> None:
    asked = command(operation, values, refusals=(Refusal("ESB004", path="contract/number"),))
    assert isinstance(judge(asked, state), Refused)


def test_all_errors_are_told_at_once_in_a_stable_order() -> None:
    asked = replace(
        registration(
            concluded_on=date(2025, 6, 12),
            employee_iin="850101100019",
            term_code="2",
            position_code="2511",
            working_hours_code="3",
            kato_code=...,
        ),
        refusals=(
            Refusal("SCSE029", path="contract/establishedPost"),
            Refusal("ESB004", path="requestHeader"),
        ),
    )
    decision = judge(asked, State(contract_by_number=REGISTERED))
    assert isinstance(decision, Refused)
    codes = ["SCSE029", "ESB004", "SCSE014", "SCSE059", "SCSE045", "SCSE054", "SCSE083", "SCSE077", "SCSE105"]
    assert [refusal.code for refusal in decision.refusals] == codes


def test_the_schemas_word_is_not_said_twice() -> None:
    by_schema = Refusal("SCSE074", path="contract/workingTime/workingHoursCode")
    asked = replace(
        registration(working_hours_code=..., tariff_rate=Decimal("0.5")), refusals=(by_schema, by_schema)
    )
    assert judge(asked) == Refused((by_schema,))


def test_a_moment_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        decide(registration(), State(), datetime(2025, 6, 11), RULES)  # noqa: DTZ001  # the point


@pytest.mark.parametrize(
    ("value", "kept", "shown"),
    [
        (None, None, None),
        ("текст", "текст", "текст"),
        (True, True, "true"),
        (False, False, "false"),
        (5, 5, "5"),
        (date(2025, 6, 9), "2025-06-09", "2025-06-09"),
        (datetime(2025, 6, 9, 1, 2, tzinfo=UTC), "2025-06-09T01:02:00+00:00", "2025-06-09T01:02:00+00:00"),
        (Decimal("1E-3"), "0.001", "0.001"),
        (Decimal("0.50"), "0.50", "0.50"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_values_are_kept_as_json_and_shown_as_text(value: Any, kept: Any, shown: str | None) -> None:
    assert jsonable(value) == kept
    assert as_text(jsonable(value)) == shown


def test_what_no_column_holds_is_refused() -> None:
    with pytest.raises(TypeError):
        jsonable(b"bytes")


def test_a_registration_is_accepted_again_on_another_state() -> None:
    """The unit of work asks again when another writer was faster: nothing is remembered between."""
    asked = registration()
    assert isinstance(judge(asked), Accepted)
    assert isinstance(judge(asked, State(contract_by_number=REGISTERED)), Refused)
    assert judge(asked) == judge(asked)
