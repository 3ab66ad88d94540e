"""Optional parts of a contract: working conditions and their proof, foreign workers, the special social payment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from register_cases import (
    AGREED,
    AMENDED,
    AMENDMENT_ID,
    BY_ID,
    CONTRACT_ID,
    EMPLOYER,
    FOREIGNER,
    HARMFUL,
    MESSAGE_ID,
    NEW_ID,
    NOW,
    OTHER_IIN,
    PROOF,
    REGISTERED,
    REINSTATEMENT,
    TODAY,
    accepted,
    amendment,
    changed,
    command,
    entered,
    happened,
    judge,
    refusals,
    registration,
    termination,
)

from esutd_bus.register.contract import CONDITIONS, PAYMENT, TERMINATION_PAYMENT
from esutd_bus.register.decide import needs
from esutd_bus.register.identifiers import check_digit
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.speaker import Speaker
from esutd_bus.register.state import Needs, State
from support.replacing import replace

DAY = timedelta(days=1)
INDIVIDUAL = Speaker(OTHER_IIN, OTHER_IIN, frozenset({"individual"}), certificate="c1")
WORKS_HARMFULLY = {**REGISTERED, **HARMFUL}
PAYMENT_AT_THE_END = {f"termination_{column}": value for column, value in AGREED.items()}
NOTHING = dict.fromkeys(CONDITIONS)


def told(state: State = State(), **columns: Any) -> list[tuple[str, str | None]]:  # noqa: B008  # frozen
    return refusals(judge(registration(**columns), state))


def refused(code: str, column: str) -> list[tuple[str, str | None]]:
    return [(code, f"contract.{column}")]


def contract(**columns: Any) -> State:
    """A contract in the register, entered not long ago."""
    return State(contract_by_id={**REGISTERED, "registered_at": NOW, **columns})


def correction(**columns: Any) -> Any:
    return command("CorrectContract", {"reference": BY_ID, "contract": columns})


# ── what a contract is registered with


def test_a_contract_with_all_parts_is_registered() -> None:
    event = happened(judge(registration(term_code="7", ends_on=date(2026, 5, 31), **HARMFUL, **FOREIGNER)))
    assert event.contract.items() >= {**HARMFUL, **FOREIGNER}.items()
    assert event.proof == {
        "employer": EMPLOYER,
        "external_id": PROOF["proof_external_id"],
        "contract_id": NEW_ID,
        "sha256": PROOF["proof_sha256"],
        "message_id": MESSAGE_ID,
        "recorded_at": NOW,
    }


def test_a_contract_without_them_brings_nothing_of_them() -> None:
    event = happened(judge(registration()))
    assert event.proof is None
    assert {event.contract[column] for column in CONDITIONS} == {None}


def test_the_document_is_asked_for() -> None:
    asked = (
        registration(**HARMFUL),
        amendment(HARMFUL),
        correction(**HARMFUL),
        command("CorrectAmendment", {"reference": BY_ID, "contract": HARMFUL}),
    )
    assert [needs(one).proof_external_id for one in asked] == [PROOF["proof_external_id"]] * 4
    assert needs(termination()) == Needs(contract_id=CONTRACT_ID)


# ── working conditions


@pytest.mark.code("SCSE162")
@pytest.mark.code("SCSE176")
@pytest.mark.code("SCSE183")
@pytest.mark.parametrize(
    ("kind", "with_code", "without"),
    [
        ("normal", "SCSE162", None),
        ("heavy", None, "SCSE176"),
        ("harmful", None, "SCSE183"),
        ("dangerous", None, None),
    ],
)
def test_some_conditions_have_a_code_of_heavy_ones(
    kind: str, with_code: str | None, without: str | None
) -> None:
    def expected(code: str | None) -> list[tuple[str, str | None]]:
        return refused(code, "heavy_conditions_code") if code else []

    assert told(working_conditions=kind, heavy_conditions_code="L3.6.56") == expected(with_code)
    assert told(working_conditions=kind) == expected(without)


@pytest.mark.code("SCSE163")
@pytest.mark.code("SCSE164")
def test_heavy_conditions_are_of_the_lists() -> None:
    assert told(**changed(HARMFUL, heavy_conditions_code="L3.6.999")) == refused(
        "SCSE163", "heavy_conditions_code"
    )
    assert told(**changed(HARMFUL, heavy_conditions_code="L3.6")) == refused(
        "SCSE164", "heavy_conditions_code"
    )


@pytest.mark.code("SCSE165")
@pytest.mark.parametrize(
    ("start", "code", "is_right"),
    [
        (date(2013, 12, 31), "L1.7.20", True),
        (date(2013, 12, 31), "L2.8.19.2", True),
        (date(2013, 12, 31), "L3.6.56", False),
        (date(2014, 1, 1), "L3.6.56", True),
        (date(2014, 1, 1), "L1.7.20", False),
        (date(2014, 1, 1), "L2.8.19.2", False),
        # The list counts in which the dictionary has the entry, whatever its code looks like.
        (date(2013, 12, 31), "L3.12.158", True),
    ],
)
def test_heavy_conditions_are_of_the_list_of_their_time(start: date, code: str, is_right: bool) -> None:
    given = changed(HARMFUL, heavy_conditions_code=code)
    found = told(starts_on=start, concluded_on=start, **given)
    assert found == ([] if is_right else refused("SCSE165", "heavy_conditions_code"))


@pytest.mark.code("SCSE165")
def test_what_an_amendment_says_of_heavy_conditions_is_of_the_amendments_time() -> None:
    old = contract(starts_on=date(2010, 5, 3))
    of_list_1 = changed(HARMFUL, heavy_conditions_code="L1.7.20")
    assert refusals(judge(amendment(HARMFUL), old)) == []
    assert refusals(judge(amendment(of_list_1), old)) == refused("SCSE165", "heavy_conditions_code")
    at_the_time = amendment(of_list_1, concluded_on=date(2013, 12, 31), starts_on=date(2013, 12, 31))
    assert refusals(judge(at_the_time, old)) == []


@pytest.mark.code("SCSE165")
def test_a_corrected_start_is_judged_with_the_conditions_as_registered() -> None:
    known = contract(**HARMFUL)
    assert refusals(judge(correction(starts_on=date(2014, 1, 1)), known)) == []
    early = correction(starts_on=date(2013, 12, 31))
    assert refusals(judge(early, known)) == refused("SCSE165", "heavy_conditions_code")
    together = correction(starts_on=date(2013, 12, 31), **changed(HARMFUL, heavy_conditions_code="L1.7.20"))
    assert refusals(judge(together, known)) == []


@pytest.mark.code("SCSE165")
def test_an_amendments_conditions_do_not_hinder_the_correction_of_an_old_contract() -> None:
    old = contract(
        starts_on=date(2010, 5, 3),
        concluded_on=date(2010, 5, 3),
        **changed(HARMFUL, heavy_conditions_code="L1.7.20"),
    )
    amended = entered(amendment(HARMFUL), old)
    assert refusals(judge(correction(established_post="Аппаратчик варки"), amended)) == []


@pytest.mark.code("SCSE165")
def test_a_corrected_amendments_conditions_are_of_its_time() -> None:
    old = contract(starts_on=date(2010, 5, 3))
    amended = entered(amendment(HARMFUL), old)
    moved = command(
        "CorrectAmendment",
        {
            "reference": BY_ID,
            "amendment_reference": {"amendment_id": NEW_ID},
            "amendment": {"concluded_on": date(2013, 12, 31), "starts_on": date(2013, 12, 31)},
        },
    )
    assert refusals(judge(moved, amended)) == refused("SCSE165", "heavy_conditions_code")


# ── their proof


@pytest.mark.code("SCSE167")
def test_a_document_proves_heavy_conditions() -> None:
    assert told(working_conditions="dangerous", **PROOF) == refused("SCSE167", "proof_external_id")
    assert told(working_conditions="dangerous", heavy_conditions_code="L3.6.56", **PROOF) == []


@pytest.mark.code("SCSE168")
@pytest.mark.code("SCSE171")
@pytest.mark.code("SCSE172")
@pytest.mark.code("SCSE174")
@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("proof_external_id", "SCSE168"),
        ("proof_sha256", "SCSE171"),
        ("proof_format", "SCSE172"),
        ("proof_name", "SCSE174"),
    ],
)
def test_a_document_is_told_whole(column: str, code: str) -> None:
    assert told(**changed(HARMFUL, **{column: ...})) == refused(code, column)


def known_document(**columns: Any) -> Mapping[str, Any]:
    return {
        "employer": EMPLOYER,
        "external_id": PROOF["proof_external_id"],
        "contract_id": CONTRACT_ID,
        "sha256": PROOF["proof_sha256"],
        "message_id": UUID(int=9),
        "recorded_at": NOW,
        **columns,
    }


@pytest.mark.code("SCSE169")
def test_the_id_of_a_document_is_used_once() -> None:
    assert told(State(proof=known_document()), **HARMFUL) == refused("SCSE169", "proof_external_id")
    known = replace(contract(**HARMFUL), proof=known_document(contract_id=UUID(int=8)))
    assert refusals(judge(amendment(HARMFUL), known)) == refused("SCSE169", "proof_external_id")
    other_file = replace(contract(**HARMFUL), proof=known_document(sha256="1" * 64))
    assert refusals(judge(correction(**HARMFUL), other_file)) == refused("SCSE169", "proof_external_id")


@pytest.mark.code("SCSE169")
def test_the_same_document_may_be_sent_again_to_its_contract() -> None:
    known = replace(contract(**HARMFUL), proof=known_document())
    given = changed(HARMFUL, heavy_conditions_code="L3.6.55")
    for asked in (amendment(given), correction(**given)):
        event = happened(judge(asked, known))
        assert event.contract["proof_external_id"] == PROOF["proof_external_id"]
        assert event.proof is None


def test_a_new_document_is_remembered_by_whatever_message_it_comes() -> None:
    for asked in (amendment(HARMFUL), correction(**HARMFUL)):
        event = happened(judge(asked, contract()))
        assert event.proof == {**known_document(), "message_id": MESSAGE_ID}


# ── foreign workers


@pytest.mark.code("SCSE184")
@pytest.mark.code("SCSE185")
@pytest.mark.code("SCSE266")
@pytest.mark.code("SCSE267")
@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("permit_number", "SCSE184"),
        ("permit_issued_on", "SCSE185"),
        ("permit_starts_on", "SCSE266"),
        ("permit_ends_on", "SCSE267"),
        ("citizenship_code", "ESB004"),
        ("foreign_basis", "ESB004"),
    ],
)
def test_a_permit_is_told_whole(column: str, code: str) -> None:
    assert told(**changed(FOREIGNER, **{column: ...})) == refused(code, column)


@pytest.mark.code("SCSE192")
@pytest.mark.code("SCSE107")
def test_a_citizen_needs_no_permit() -> None:
    assert told(**FOREIGNER) == []
    assert told(**changed(FOREIGNER, citizenship_code="398")) == refused("SCSE192", "citizenship_code")
    assert told(**changed(FOREIGNER, citizenship_code="999")) == refused("SCSE107", "citizenship_code")


@pytest.mark.code("SCSE186")
@pytest.mark.code("SCSE268")
@pytest.mark.code("SCSE269")
def test_a_permit_is_of_the_last_seventy_years() -> None:
    earliest = TODAY.replace(year=TODAY.year - 70)
    assert told(**changed(FOREIGNER, permit_issued_on=earliest, permit_starts_on=earliest)) == []
    early = earliest - DAY
    assert told(**changed(FOREIGNER, permit_issued_on=early)) == refused("SCSE186", "permit_issued_on")
    assert told(**changed(FOREIGNER, permit_starts_on=early)) == refused("SCSE268", "permit_starts_on")
    ended = told(**changed(FOREIGNER, permit_starts_on=early, permit_ends_on=early))
    assert ("SCSE269", "contract.permit_ends_on") in ended


@pytest.mark.code("SCSE187")
@pytest.mark.code("SCSE270")
def test_a_permit_holds_today_already() -> None:
    assert told(**changed(FOREIGNER, permit_issued_on=TODAY, permit_starts_on=TODAY)) == []
    assert told(**changed(FOREIGNER, permit_issued_on=TODAY + DAY)) == refused("SCSE187", "permit_issued_on")
    assert told(**changed(FOREIGNER, permit_starts_on=TODAY + DAY)) == refused("SCSE270", "permit_starts_on")


@pytest.mark.code("SCSE061")
def test_a_permit_does_not_end_before_it_begins() -> None:
    one_day = changed(FOREIGNER, permit_starts_on=TODAY, permit_ends_on=TODAY)
    assert told(**one_day) == []
    assert told(starts_on=TODAY - DAY, **changed(one_day, permit_ends_on=TODAY - DAY)) == refused(
        "SCSE061", "permit_ends_on"
    )


@pytest.mark.code("SCSE271")
def test_a_labour_immigrants_permit_lasts_sixty_days_at_most() -> None:
    start = FOREIGNER["permit_starts_on"]

    def asked(days: int, basis: str) -> list[tuple[str, str | None]]:
        given = changed(FOREIGNER, foreign_basis=basis, permit_ends_on=start + timedelta(days=days))
        message = replace(registration(**given), speaker=INDIVIDUAL)
        return refusals(judge(message))

    assert asked(60, "labourImmigrant") == []
    assert asked(61, "labourImmigrant") == refused("SCSE271", "permit_ends_on")
    assert asked(61, "other") == []


@pytest.mark.code("SCSE272")
def test_work_does_not_begin_after_the_permits_end() -> None:
    end = FOREIGNER["permit_ends_on"]
    assert told(starts_on=end, **FOREIGNER) == []
    assert told(starts_on=end + DAY, **FOREIGNER) == refused("SCSE272", "permit_ends_on")
    known = contract(**FOREIGNER)
    assert refusals(judge(correction(starts_on=end), known)) == []
    assert refusals(judge(correction(starts_on=end + DAY), known)) == refused("SCSE272", "permit_ends_on")


@pytest.mark.code("SCSE256")
@pytest.mark.code("SCSE257")
def test_who_may_employ_a_foreigner_follows_from_the_permit() -> None:
    immigrant = changed(
        FOREIGNER, foreign_basis="labourImmigrant", permit_ends_on=FOREIGNER["permit_starts_on"] + 30 * DAY
    )
    assert told(**immigrant) == refused("SCSE256", "foreign_basis")
    of_an_individual = replace(registration(**immigrant), speaker=INDIVIDUAL)
    assert refusals(judge(of_an_individual)) == []
    force = replace(registration(**FOREIGNER), speaker=INDIVIDUAL)
    assert refusals(judge(force)) == refused("SCSE257", "foreign_basis")


@pytest.mark.code("SCSE256")
@pytest.mark.code("SCSE257")
@pytest.mark.parametrize(
    ("basis", "receiver", "code"),
    [
        ("labourImmigrant", "960340000514", "SCSE256"),
        ("foreignLabourForce", OTHER_IIN, "SCSE257"),
        ("foreignLabourForce", "960340000514", None),
        ("other", OTHER_IIN, None),
        (None, OTHER_IIN, None),
    ],
)
def test_a_foreigner_goes_to_an_employer_that_may_have_such_workers(
    basis: str | None, receiver: str, code: str | None
) -> None:
    row = {**REGISTERED, "foreign_basis": basis}
    in_the_way = dict.fromkeys(("number_taken", "external_id_taken", "agreement_exists"), False)
    given = {
        "receiver": receiver,
        "reorganized_on": TODAY,
        "number": "1",
        "concluded_on": TODAY,
    }
    decision = judge(command("TransferContracts", {"transfer": given}), State(moving=[{**row, **in_the_way}]))
    told = getattr(decision, "refusals", ())
    assert told == ((Refusal(code, path="transfer/receiver"),) if code else ())


@pytest.mark.code("SCSE253")
def test_the_term_of_a_permit_is_a_foreigners() -> None:
    term = {"term_code": "7", "ends_on": date(2026, 5, 31)}
    assert told(**term) == refused("SCSE253", "term_code")
    assert told(**term, **FOREIGNER) == []
    for asked in (amendment(term), correction(**term)):
        assert refusals(judge(asked, contract())) == refused("SCSE253", "term_code")
        assert refusals(judge(asked, contract(**FOREIGNER))) == []


def test_a_new_permit_takes_the_place_of_the_old_one() -> None:
    known = contract(**FOREIGNER)
    prolonged = changed(FOREIGNER, permit_number="0012346", permit_ends_on=date(2027, 5, 31))
    event = happened(judge(amendment(prolonged), known))
    assert event.changes == {
        "permit_number": ("0012345", "0012346"),
        "permit_ends_on": (date(2026, 5, 31), date(2027, 5, 31)),
    }


# ── the special social payment


@pytest.mark.code("SCSE181")
def test_a_termination_of_harmful_work_tells_of_the_payment() -> None:
    state = State(contract_by_id=WORKS_HARMFULLY)
    assert refusals(judge(termination(), state)) == refused("SCSE181", "termination_payment_employee_agrees")
    event = happened(judge(termination(**PAYMENT_AT_THE_END), state))
    assert event.contract.items() >= PAYMENT_AT_THE_END.items()
    for column in TERMINATION_PAYMENT:
        part = changed(PAYMENT_AT_THE_END, **{column: ...})
        assert refusals(judge(termination(**part), state)) == refused("SCSE181", column)


@pytest.mark.code("SCSE181")
def test_an_amendment_from_harmful_to_normal_conditions_tells_of_the_payment() -> None:
    state = State(contract_by_id=WORKS_HARMFULLY)
    to_normal = {"working_conditions": "normal"}
    assert refusals(judge(amendment(to_normal), state)) == refused("SCSE181", "payment_employee_agrees")
    event = happened(judge(amendment({**to_normal, **AGREED}), state))
    assert event.contract.items() >= {**NOTHING, **to_normal, **AGREED}.items()
    for column in PAYMENT:
        part = {**to_normal, **changed(AGREED, **{column: ...})}
        assert refusals(judge(amendment(part), state)) == refused("SCSE181", column)
    to_heavy = {"working_conditions": "heavy", "heavy_conditions_code": "L3.6.56"}
    assert refusals(judge(amendment(to_heavy), state)) == []
    assert refusals(judge(amendment(to_normal), contract(**to_heavy))) == []


@pytest.mark.code("SCSE178")
@pytest.mark.code("SCSE181")
def test_before_2024_there_was_no_such_payment() -> None:
    last, first = date(2023, 12, 31), date(2024, 1, 1)
    state = State(contract_by_id={**WORKS_HARMFULLY, "starts_on": date(2020, 1, 6)})
    without, agreed = termination(terminated_on=last), termination(terminated_on=last, **PAYMENT_AT_THE_END)
    assert refusals(judge(without, state)) == []
    assert refusals(judge(agreed, state)) == refused("SCSE178", "termination_payment_employee_agrees")
    assert refusals(judge(termination(terminated_on=first, **PAYMENT_AT_THE_END), state)) == []
    given = {"working_conditions": "normal", **AGREED}
    early = amendment(given, concluded_on=last, starts_on=last)
    assert refusals(judge(early, state)) == refused("SCSE178", "payment_employee_agrees")
    assert refusals(judge(amendment(given, concluded_on=last, starts_on=first), state)) == []


def born(day: date) -> str:
    eleven = f"{day:%y%m%d}50001"
    return f"{eleven}{check_digit(eleven)}"


@pytest.mark.code("SCSE179")
def test_the_payment_is_agreed_with_those_of_fifty_five() -> None:
    """Nobody here is born yet: the clock is moved."""
    then = datetime(2098, 6, 11, 6, 30, tzinfo=UTC)
    day = date(2098, 6, 10)
    of_age, too_young = born(date(2043, 6, 10)), born(date(2043, 6, 11))
    agreed = termination(terminated_on=day, **PAYMENT_AT_THE_END)
    amended = amendment({"working_conditions": "normal", **AGREED}, concluded_on=day, starts_on=day)
    for asked, column in ((agreed, TERMINATION_PAYMENT[0]), (amended, PAYMENT[0])):
        old, young = (
            State(contract_by_id={**WORKS_HARMFULLY, "employee_iin": iin}) for iin in (of_age, too_young)
        )
        assert refusals(judge(asked, old, then)) == []
        assert refusals(judge(asked, young, then)) == refused("SCSE179", column)
    nothing_agreed = changed(
        PAYMENT_AT_THE_END,
        termination_payment_employee_agrees=False,
        termination_payment_employer_agrees=False,
    )
    declined = termination(terminated_on=day, **nothing_agreed)
    assert refusals(judge(declined, young, then)) == []


@pytest.mark.code("SCSE180")
@pytest.mark.code("SCSE258")
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (None, "SCSE180"),
        ("normal", "SCSE180"),
        ("heavy", "SCSE258"),
        ("dangerous", "SCSE258"),
        ("harmful", None),
    ],
)
def test_the_payment_is_for_harmful_conditions(kind: str | None, code: str | None) -> None:
    state = contract(working_conditions=kind)
    ended = refusals(judge(termination(**PAYMENT_AT_THE_END), state))
    assert ended == (refused(code, TERMINATION_PAYMENT[0]) if code else [])
    amended = refusals(judge(amendment({"working_conditions": "normal", **AGREED}), state))
    assert amended == (refused(code, PAYMENT[0]) if code else [])


@pytest.mark.code("SCSE180")
@pytest.mark.code("SCSE181")
def test_a_corrected_amendment_is_judged_by_the_conditions_that_it_ends() -> None:
    ends_harmful = {"working_conditions": "normal", **AGREED}
    known = entered(amendment(ends_harmful), State(contract_by_id=WORKS_HARMFULLY))
    reference = {"reference": BY_ID, "amendment_reference": {"amendment_id": NEW_ID}}
    renumbered = command("CorrectAmendment", {**reference, "amendment": {"number": "17/2"}})
    assert refusals(judge(renumbered, known)) == []

    other = entered(amendment({"established_post": "Аппаратчик"}), State(contract_by_id=WORKS_HARMFULLY))
    to_normal = command("CorrectAmendment", {**reference, "contract": {"working_conditions": "normal"}})
    assert refusals(judge(to_normal, other)) == refused("SCSE181", "payment_employee_agrees")

    plain = State(contract_by_id=REGISTERED, amendments=[AMENDED])
    paid = command(
        "CorrectAmendment",
        {"reference": BY_ID, "amendment_reference": {"amendment_id": AMENDMENT_ID}, "contract": AGREED},
    )
    assert refusals(judge(paid, plain)) == refused("SCSE180", "payment_employee_agrees")


def test_a_reinstatement_undoes_the_terminations_payment_and_leaves_the_amendments() -> None:
    agreed = entered(
        amendment({"working_conditions": "normal", **AGREED}), State(contract_by_id=WORKS_HARMFULLY)
    )
    back = {
        **REINSTATEMENT,
        "terminated_on": date(2025, 6, 10),
        "reinstatement_note": "по решению суда",
    }
    reinstated = command("ReinstateEmployee", {"reference": BY_ID, "contract": back})
    after = entered(reinstated, entered(termination(), agreed)).contract_by_id
    assert after is not None
    assert after.items() >= AGREED.items()
    harmful = State(contract_by_id=WORKS_HARMFULLY)
    after = entered(reinstated, entered(termination(**PAYMENT_AT_THE_END), harmful)).contract_by_id
    assert after is not None
    assert {after[column] for column in TERMINATION_PAYMENT} == {None}


# ── the cause of a termination, and the order of a reinstatement


@pytest.mark.code("SCSE056")
def test_new_technology_is_told_of_a_reduction_of_staff() -> None:
    state = contract()
    told = termination(termination_by_new_technology=True)
    assert accepted(judge(told, state)).answer["contract"]["termination_by_new_technology"] is True
    otherwise = termination(termination_reason_code="01", termination_by_new_technology=True)
    assert refusals(judge(otherwise, state)) == refused("SCSE056", "termination_by_new_technology")
    denied = termination(termination_reason_code="01", termination_by_new_technology=False)
    assert refusals(judge(denied, state)) == []


@pytest.mark.clause("353/10")
@pytest.mark.code("SCSE221")
@pytest.mark.code("SCSE222")
def test_an_order_of_reinstatement_is_of_the_last_seventy_years() -> None:
    ended = {"status": "terminated", "terminated_on": REINSTATEMENT["terminated_on"]}

    def ordered(day: date) -> list[tuple[str, str | None]]:
        given = changed(REINSTATEMENT, reinstatement_order_date=day)
        return refusals(
            judge(command("ReinstateEmployee", {"reference": BY_ID, "contract": given}), contract(**ended))
        )

    earliest = TODAY.replace(year=TODAY.year - 70)
    assert ordered(TODAY) == ordered(earliest) == []
    assert ordered(TODAY + DAY) == refused("SCSE222", "reinstatement_order_date")
    assert ordered(earliest - DAY) == refused("SCSE221", "reinstatement_order_date")
