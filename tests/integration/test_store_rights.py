"""What rights lean on in the database: delegations, systems, partners and their trail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from store_works import (
    DAY,
    EMPLOYER,
    delegation,
    in_a_loop,
    record,
    rows,
    submit_all,
    told,
    unit_of_work,
)

from esutd_bus.in_force import InForce
from esutd_bus.register.calendar import Calendar
from esutd_bus.register.limits import Limits
from esutd_bus.register.partners import PROFILES, Partner, PartnerKind
from esutd_bus.register.state import Needs, State
from esutd_bus.signature.certificates import read_certificate
from esutd_bus.store.connection import connect, connect_now
from esutd_bus.store.editions import Followed, in_force
from esutd_bus.store.partner_desk import PartnerDesk, PartnerError, entries, everything_about
from esutd_bus.store.work import Outcome, Work
from esutd_bus.testbed.test_ca import TestCa

OFFICER, CLERK = "890412100119", "910606200127"
PORTAL, SYSTEM = "020140000016", "020140000026"


def looking(seen: list[State], needs: Needs) -> Work:
    def decide(state: State, _stored: Any) -> Outcome:
        seen.append(state)
        return Outcome(record("out"))

    return Work([record()], decide, EMPLOYER, needs)


@in_a_loop
@pytest.mark.clause("353/5")
async def test_the_newest_act_for_a_person_is_loaded_and_none_is_lost(database: str) -> None:
    seen: list[State] = []
    async with unit_of_work(database) as unit:
        # Two of one person in one batch: the second decides on what the first has left.
        outcomes = await submit_all(
            unit, [delegation(OFFICER, "1"), delegation(CLERK, "2"), delegation(OFFICER, "3", valid_to=DAY)]
        )
        assert told(outcomes) == ["SCSS001"] * 3
        await unit.submit(looking(seen, Needs(delegation_to=OFFICER)))
        await unit.submit(looking(seen, Needs(delegation_to="850312100031")))
        await unit.submit(looking(seen, Needs()))
    assert [state.delegation and state.delegation["act_number"] for state in seen] == ["3", None, None]
    kept = rows(database, "SELECT delegate_iin, version, act_number, valid_to FROM delegation ORDER BY 1, 2")
    assert kept == [(OFFICER, 1, "1", None), (OFFICER, 2, "3", DAY), (CLERK, 1, "2", None)]


@in_a_loop
async def test_a_message_in_the_same_batch_sees_the_act_before_it(database: str) -> None:
    seen: list[State] = []
    async with unit_of_work(database) as unit:
        await submit_all(unit, [delegation(OFFICER, "1"), looking(seen, Needs(delegation_to=OFFICER))])
    assert [state.delegation and state.delegation["act_number"] for state in seen] == ["1"]


@in_a_loop
async def test_of_two_writers_with_an_act_for_one_person_both_are_kept(database: str) -> None:
    async with unit_of_work(database, "a") as first, unit_of_work(database, "b") as second:
        works = [delegation(OFFICER, str(number)) for number in range(10)]
        outcomes = [*await submit_all(first, works[:5]), *await submit_all(second, works[5:])]
    assert told(outcomes) == ["SCSS001"] * 10
    assert rows(database, "SELECT array_agg(version ORDER BY version) FROM delegation") == [
        ([*range(1, 11)],)
    ]


@pytest.mark.parametrize("table", ["delegation", "partner_event"])
def test_what_was_recorded_can_only_be_added_to(database: str, table: str) -> None:
    with psycopg.connect(database) as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute(f"DELETE FROM {table}")


@in_a_loop
async def test_a_system_is_loaded_for_its_own_employer(database: str) -> None:
    with connect_now(database) as connection:
        desk = PartnerDesk(connection, "tester")
        desk.add_system(EMPLOYER, SYSTEM, None)
        desk.add_system(EMPLOYER, SYSTEM, DAY)
        desk.add_system("940340000421", PORTAL, None)
    seen: list[State] = []
    async with unit_of_work(database) as unit:
        await unit.submit(looking(seen, Needs(system=SYSTEM)))
        await unit.submit(looking(seen, Needs(system=PORTAL)))
    assert [state.system and state.system["valid_to"] for state in seen] == [DAY, None]
    assert seen[1].system is None


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with connect_now(database) as opened:
        yield opened


@pytest.fixture
def desk(connection: psycopg.Connection[dict[str, Any]]) -> PartnerDesk:
    return PartnerDesk(connection, "Айгуль")


def test_every_change_is_kept_with_who_made_it(
    desk: PartnerDesk, connection: psycopg.Connection[dict[str, Any]]
) -> None:
    desk.add(PORTAL, kind="portal", name="Портал")
    assert desk.change(PORTAL, name="Портал", blocked=True, profiles=["wsse"]) == {
        "blocked": [False, True],
        "profiles": [None, ["wsse"]],
    }
    assert desk.change(PORTAL, blocked=True) == {}
    desk.add_system(PORTAL, SYSTEM, date(2030, 1, 1))
    desk.remove_system(PORTAL, SYSTEM)
    events = everything_about(connection, PORTAL)["events"]
    assert [(event["what"], event["done_by"]) for event in events] == [
        ("added", "Айгуль"),
        ("changed", "Айгуль"),
        ("system added", "Айгуль"),
        ("system removed", "Айгуль"),
    ]
    assert events[1]["details"] == {"blocked": [False, True], "profiles": [None, ["wsse"]]}
    assert events[2]["details"] == {"system": SYSTEM, "valid_to": "2030-01-01"}
    assert [(row["number"], row["blocked"]) for row in entries(connection)] == [(PORTAL, True)]
    assert entries(connection, "authority") == []


def test_what_cannot_be_done_leaves_no_trace(
    desk: PartnerDesk, connection: psycopg.Connection[dict[str, Any]]
) -> None:
    desk.add(PORTAL, kind="portal")
    for impossible, words in [
        (lambda: desk.add(PORTAL, kind="authority"), "is a partner already"),
        (lambda: desk.change(SYSTEM, blocked=True), "is no partner"),
        (lambda: desk.withdraw_certificate(PORTAL, "00"), "no certificate 00"),
        (lambda: desk.remove_system(PORTAL, SYSTEM), "no system"),
    ]:
        with pytest.raises(PartnerError, match=words):
            impossible()
    assert len(everything_about(connection, PORTAL)["events"]) == 1
    assert everything_about(connection, SYSTEM)["events"] == []


@in_a_loop
async def test_nodes_follow_the_partners_and_their_certificates(database: str, ca: TestCa) -> None:
    certificate = ca.identity("portal").certificate
    portal = read_certificate(certificate.public_bytes(Encoding.DER))
    told_of_it, named = portal.summary, portal.require_holder().certificate
    node = InForce(Calendar(), Limits())
    followed = Followed({"partners": node.follows["partners"]})
    issuer, serial = certificate.issuer.rfc4514_string(), certificate.serial_number

    async def follow() -> None:
        connection = await connect(database)
        await followed.follow(connection, await in_force(connection))
        await connection.close()

    with connect_now(database) as connection:
        desk = PartnerDesk(connection, "tester")
        desk.add(PORTAL, kind="portal", profiles=["document"], signed_answers=True, answer_key="second")
        desk.add_certificate(PORTAL, certificate.public_bytes(Encoding.DER), told_of_it)
        with pytest.raises(PartnerError, match="already"):
            desk.add_certificate(PORTAL, certificate.public_bytes(Encoding.DER), told_of_it)
    assert node.partners().entry(PORTAL) is None
    await follow()
    assert node.partners().entry(PORTAL) == Partner(
        PORTAL,
        PartnerKind.PORTAL,
        profiles=frozenset({"document"}),
        signed_answers=True,
        answer_key="second",
        certificates=frozenset({named}),
    )
    assert node.certificates.find(issuer, serial) == certificate.public_bytes(Encoding.DER)
    with connect_now(database) as connection:
        desk = PartnerDesk(connection, "tester")
        desk.withdraw_certificate(PORTAL, told_of_it.fingerprint)
        desk.change(PORTAL, profiles=None)
        with pytest.raises(PartnerError, match="was withdrawn on"):
            desk.withdraw_certificate(PORTAL, told_of_it.fingerprint)
    await follow()
    assert node.certificates.find(issuer, serial) is None
    assert node.partners().has_withdrawn(named)
    assert node.partners().profiles_of(PORTAL) == PROFILES
    with connect_now(database) as connection:
        PartnerDesk(connection, "tester").add_certificate(
            PORTAL, certificate.public_bytes(Encoding.DER), told_of_it
        )
    await follow()
    assert not node.partners().has_withdrawn(named)
    assert node.certificates.find(issuer, serial) is not None
    assert node.certificates.find(issuer, uuid4().int) is None
