"""The outbox at work: a real PostgreSQL, real HTTP to a bus that keeps ids, and a clock that the test moves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from lxml import etree
from outbox_at_work import BODY, PLAIN, OutboxAtWork, at_work
from prometheus_client import REGISTRY
from store_works import EMPLOYER, amendment, in_a_loop, registration, rows, submit_all, unit_of_work

from esutd_bus.register.state import Needs
from esutd_bus.signature.key_places import FilePlace, Secret
from esutd_bus.signature.key_ring import KeyRing
from esutd_bus.signature.keys import KeyUnavailableError, SigningKey
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.store.subscriptions import Subscriptions
from esutd_bus.testbed.fault_script import Deed
from esutd_bus.testbed.simulated_bus import SimulatedBus
from esutd_bus.testbed.test_ca import TestCa
from support.breaking import (
    CUT,
    NOT_DELIVERED,
    ON_DELIVERY,
    PAGE,
    REFUSES,
    SAYS_NO,
    Does,
    always,
    delivered,
    once,
    plays,
)


def test_a_message_is_sent_once_and_its_delivery_is_known(work: OutboxAtWork, bus: SimulatedBus) -> None:
    sent = work.put("portal")
    work.until_idle()
    assert work.states() == {sent: "DELIVERED"}
    (received,) = bus.received
    assert (received.sender_message_id, received.correlation_id) == (str(sent), str(sent))
    assert (received.data, received.count) == (BODY, 1)
    assert work.attempts(sent) == [("send", "accepted", "ACCEPTED"), ("ask", "delivered", "DELIVERED")]


@pytest.mark.parametrize(
    ("does", "first"),
    [
        (REFUSES, "refused"),
        (PAGE, "no answer"),
        ("hang", "no answer"),
        (CUT, "no answer"),
        (ON_DELIVERY, "accepted"),
        (NOT_DELIVERED, "accepted"),
        ("lost", "accepted"),
    ],
    ids=lambda value: value.word if isinstance(value, Deed) else value,
)
def test_whatever_breaks_once_it_is_delivered_and_has_one_effect(
    work: OutboxAtWork, bus: SimulatedBus, does: Does, first: str
) -> None:
    plays(bus, *once("portal", does))
    sent = work.put("portal")
    work.until_idle()
    assert work.states() == {sent: "DELIVERED"}
    assert delivered(bus) == [str(sent)]
    assert work.attempts(sent)[0][1] == first


def test_a_message_of_unknown_outcome_is_asked_about_before_it_is_sent_again(
    work: OutboxAtWork, bus: SimulatedBus
) -> None:
    plays(bus, always("portal", CUT))
    sent = work.put("portal")
    work.until_idle()
    assert work.states() == {sent: "DELIVERED"}
    assert bus.calls["sendMessage"] == 1


def test_a_bus_that_knows_only_its_own_ids_gets_it_again_with_the_same_id(
    work: OutboxAtWork, bus: SimulatedBus
) -> None:
    plays(bus, *once("portal", CUT))
    bus.channel.knows_senders_ids = False
    sent = work.put("portal")
    work.until_idle()
    assert [each.count for each in bus.received] == [2]
    assert delivered(bus) == [str(sent)]


def test_what_is_refused_again_and_again_is_a_dead_letter_with_its_reason(
    work: OutboxAtWork, bus: SimulatedBus
) -> None:
    plays(bus, always("poison", REFUSES))
    dead = work.put("poison")
    work.until_idle()
    assert work.states() == {dead: "DEAD"}
    assert rows(work.url, "SELECT reason, setbacks FROM outbox") == [(SAYS_NO, 3)]


def test_what_is_never_reached_is_given_up_when_its_time_is_over(database: str) -> None:
    with at_work(database, "http://127.0.0.1:9/", whole=timedelta(hours=1)) as work:
        lost = work.put("portal")
        work.until_idle()
        assert work.states() == {lost: "DEAD"}
        assert rows(work.url, "SELECT reason FROM outbox") == [("WAITING when its 1 h were over",)]
        assert {attempt[1] for attempt in work.attempts(lost)} == {"not sent"}


def test_a_request_is_through_when_its_answer_is_kept_and_the_bus_told_so(
    work: OutboxAtWork, bus: SimulatedBus
) -> None:
    asked = work.put("registry", "REQUEST")
    work.until_idle()
    assert work.states() == {asked: "ANSWERED"}
    ((answer,),) = rows(work.url, "SELECT answer FROM outbox")
    assert b"accepted" in answer
    assert [each[0] for each in work.attempts(asked)] == ["send", "ask", "fetch", "acknowledge"]
    assert list(bus.channel.acknowledged.values()) == [1]


def test_what_is_no_xml_is_a_dead_letter_at_once(work: OutboxAtWork, bus: SimulatedBus) -> None:
    dead = work.put("portal", body=b"no XML")
    work.until_idle()
    assert work.states() == {dead: "DEAD"}
    assert bus.calls["sendMessage"] == 0


def test_messages_about_a_contract_keep_their_order_and_others_go_on(
    work: OutboxAtWork, bus: SimulatedBus
) -> None:
    plays(bus, *once("portal", REFUSES))
    contract = UUID(int=1)
    first, second, third = (work.put("portal", contract_id=contract, version=n) for n in (1, 2, 3))
    other = work.put("portal", contract_id=UUID(int=2), version=1)
    work.turn()
    work.until_idle()
    assert set(work.states().values()) == {"DELIVERED"}
    of_contract = [each for each in delivered(bus) if each != str(other)]
    assert of_contract == [str(first), str(second), str(third)]
    assert delivered(bus).index(str(other)) < delivered(bus).index(str(second))


def test_what_waits_behind_another_one_stands_before_none_that_can_go(
    work: OutboxAtWork, bus: SimulatedBus
) -> None:
    plays(bus, always("portal", REFUSES))
    first, second = (work.put("portal", contract_id=UUID(int=1), version=n) for n in (1, 2))
    work.later(seconds=10)
    other = work.put("portal")
    work.turn()
    work.settle()
    assert set(work.states()) == {first, second, other}
    query = "SELECT id FROM outbox WHERE id = ANY(%s) AND attempts = 0 AND next_try > created_at"
    assert rows(work.url, query, [second, other]) == [(second,)]


def test_a_dead_letter_lets_those_behind_it_go(work: OutboxAtWork, bus: SimulatedBus) -> None:
    plays(bus, *once("portal", REFUSES, REFUSES, REFUSES))
    first, second = (work.put("portal", contract_id=UUID(int=1), version=n) for n in (1, 2))
    work.until_idle()
    assert work.states() == {first: "DEAD", second: "DELIVERED"}


def test_poison_and_a_destination_that_hangs_delay_no_other(work: OutboxAtWork, bus: SimulatedBus) -> None:
    """While they last, everything else is delivered: without the clock being moved at all."""
    plays(bus, always("poison", REFUSES), always("hanging", "hang"))
    for _ in range(12):
        work.put("hanging")
    work.put("poison")
    well = [work.put("portal") for _ in range(40)]
    while len(delivered(bus)) < len(well):
        work.turn()
    states = work.states()
    assert {states[each] for each in well} <= {"SENDING", "ACCEPTED", "DELIVERED"}
    assert {each.service_id for each in bus.received} == {"portal"}


def test_a_breaker_opens_and_one_message_tries_when_its_time_comes(
    work: OutboxAtWork, bus: SimulatedBus
) -> None:
    plays(bus, always("portal", PAGE))
    sent = [work.put("portal") for _ in range(20)]
    work.turn()
    work.settle()
    calls = bus.calls["sendMessage"]
    assert calls < len(sent), "it was left alone after some failures"
    work.turn()
    assert bus.calls["sendMessage"] == calls, "it is left alone"
    work.later(minutes=3)
    work.turn()
    work.settle()
    assert bus.calls["sendMessage"] + bus.calls["getMessageStatus"] == calls + 1, "one tries"
    plays(bus)
    work.until_idle()
    assert set(work.states().values()) == {"DELIVERED"}


def test_a_node_that_died_while_it_sent_loses_nothing(work: OutboxAtWork, bus: SimulatedBus) -> None:
    plays(bus, *once("portal", "hang"))
    sent = work.put("portal")
    dying = work.another_node()
    dying.turn()  # and never records what comes of it
    assert work.states() == {sent: "SENDING"}
    work.until_idle()
    assert work.states() == {sent: "DELIVERED"}
    assert delivered(bus) == [str(sent)]


def test_nodes_share_the_work(work: OutboxAtWork, bus: SimulatedBus) -> None:
    other = work.another_node()
    sent = [work.put(f"destination {n % 10}") for n in range(100)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(OutboxAtWork.turn, (work, other)))
    work.until_idle(other)
    assert sorted(delivered(bus)) == sorted(map(str, sent))
    assert {each.count for each in bus.received} == {1}
    assert rows(work.url, "SELECT count(DISTINCT node) FROM outbox_attempt WHERE doing = 'send'") == [(2,)]


def test_statuses_may_come_by_themselves_twice_late_and_out_of_order(
    work: OutboxAtWork, bus: SimulatedBus
) -> None:
    plays(bus, always("portal", ON_DELIVERY))
    sent = work.put("portal")
    work.turn()
    work.settle()
    (received,) = bus.received
    said = ("ON_DELIVERY", "DELIVERED", "DELIVERED", "ON_DELIVERY", "NOT_DELIVERED")
    for state in said:
        work.connection.execute(
            "INSERT INTO bus_notice (message_id, kind, bus_message_id, state, told_at)"
            " VALUES (gen_random_uuid(), 'status', %s, %s, clock_timestamp())",
            (received.id, state),
        )
    work.turn()
    assert work.states() == {sent: "DELIVERED"}
    assert bus.calls["getMessageStatus"] == 0
    assert work.attempts(sent)[-1] == ("status", "delivered", "DELIVERED")
    assert rows(work.url, "SELECT count(*) FROM bus_notice WHERE applied_at IS NULL") == [(0,)]


def test_an_answer_that_is_delivered_ends_its_request(work: OutboxAtWork, bus: SimulatedBus) -> None:
    bus.channel.answers_requests = False
    asked = work.put("registry", "REQUEST")
    work.turn()
    work.settle()
    (received,) = bus.received
    for correlation_id in (received.correlation_id, "somebody else's"):
        work.connection.execute(
            "INSERT INTO bus_notice (message_id, kind, correlation_id, answer, told_at)"
            " VALUES (gen_random_uuid(), 'answer', %s, '<a/>', clock_timestamp())",
            (correlation_id,),
        )
    work.until_idle()
    assert work.states() == {asked: "ANSWERED"}
    assert rows(work.url, "SELECT answer FROM outbox") == [(b"<a/>",)]
    assert rows(work.url, "SELECT count(*) FROM bus_notice WHERE applied_at IS NULL") == [(1,)]


def test_upkeep_is_done_once_a_period_and_removes_what_is_through_and_old(
    work: OutboxAtWork, bus: SimulatedBus
) -> None:
    plays(bus, always("poison", REFUSES))
    through, dead = work.put("portal"), work.put("poison")
    other = work.another_node()
    work.until_idle(other)
    work.later(days=89)
    work.turn()
    other.turn()
    assert set(work.states()) == {through, dead}
    work.later(days=2)
    other.turn()
    work.turn()
    assert set(work.states()) == {dead}
    turns = rows(work.url, "SELECT period, count(*), count(ended_at) FROM job_turn GROUP BY 1")
    assert {each[1:] for each in turns} == {(1, 1)}


@in_a_loop
async def test_subscribers_are_told_of_entries_in_the_commit_of_the_entries(
    database: str, bus: SimulatedBus, work: OutboxAtWork
) -> None:
    """And nobody else: the outbox has a row for each subscription that wants the entry."""
    now = datetime.now(UTC)
    subscriptions = [
        ("all", None, ["ContractRegistered", "ContractAmended"]),
        ("one", EMPLOYER, ["ContractAmended"]),
        ("other", "060140000034", ["ContractRegistered"]),
    ]
    with psycopg.connect(database) as connection:
        for name, employer, events in subscriptions:
            connection.execute(
                "INSERT INTO subscription VALUES (%s, '1', %s, %s, %s, %s)",
                (name, name, employer, events, now),
            )
    async with unit_of_work(database, subscriptions=_in_force(database)) as unit:
        await submit_all(unit, [registration("n1")])
        await submit_all(unit, [amendment("elsewhere", Needs(contract_external_id="external-n1"))])
    told = rows(database, "SELECT subscription, kind, version FROM outbox ORDER BY 1, 3")
    assert told == [
        ("all", "ContractRegistered", 1),
        ("all", "ContractAmended", 2),
        ("one", "ContractAmended", 2),
    ]
    work.until_idle()
    assert set(work.states().values()) == {"DELIVERED"}
    told_of = [each.data for each in bus.received if each.service_id == "one"]
    assert len(told_of) == 1
    for words in (b"ContractAmended</ns1:event>", b"<ns1:field>workPlace/address</ns1:field>", b"elsewhere"):
        assert words in told_of[0]
    PLAIN.assertValid(etree.fromstring(told_of[0]))


class KeyThatIsAway(KeyRing):
    """Its token is not there at first."""

    away = 2

    def get(self, name: str | None = None) -> SigningKey:
        self.away -= 1
        if self.away >= 0:
            raise KeyUnavailableError("the token is away")
        return super().get(name)


@in_a_loop
async def test_a_notification_is_signed_and_waits_for_its_key(
    database: str, bus: SimulatedBus, ca: TestCa
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO subscription VALUES ('p', '1', 'portal', NULL, '{ContractRegistered}', now())"
        )
    async with unit_of_work(database, subscriptions=_in_force(database)) as unit:
        await submit_all(unit, [registration("n1")])
    own = ca.identity("service")
    keys = KeyThatIsAway({None: FilePlace(own.path, Secret(own.password))})
    with at_work(database, bus.async_url, keys=keys) as work:
        work.until_idle()
        (message,) = work.states()
        assert work.states() == {message: "DELIVERED"}
        happened = [each[1] for each in work.attempts(message)]
        assert happened == ["not sent", "not sent", "accepted", "delivered"]
        (received,) = bus.received
    PLAIN.assertValid(etree.fromstring(received.data))
    verifier = Verifier(TrustStore.from_directory(ca.trust_dir))
    assert verifier.verify_document(received.data, datetime.now(UTC))


def _told() -> dict[tuple[str, ...], float]:
    """What the metrics tell: name and labels → value."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
    }


def test_what_waits_is_in_the_metrics(work: OutboxAtWork, bus: SimulatedBus) -> None:
    plays(bus, always("poison", REFUSES), always("away", PAGE))
    work.put("poison")
    for _ in range(6):
        work.put("away")
    work.turn()
    work.settle()
    told = _told()
    for _ in range(20):  # how often each was tried by then is left to chance
        work.later(seconds=20)
        work.turn()
        work.settle()
        told = _told()
        if told["esutd_outbox_breaker_open", "away"] and told["esutd_outbox_messages", "DEAD"]:
            break
    assert told["esutd_outbox_messages", "DEAD"] == 1
    assert told["esutd_outbox_messages", "WAITING"] + told["esutd_outbox_messages", "OUTCOME_UNKNOWN"] == 6
    assert told[("esutd_outbox_oldest_seconds",)] >= 20
    assert told["esutd_outbox_breaker_open", "away"] == 1
    assert told["esutd_outbox_attempts_total", "refused"] >= 3


def _in_force(database: str) -> Subscriptions:
    columns = ("name", "subscriber", "service_id", "employer", "events", "added_at")
    found = rows(database, "SELECT * FROM subscription")
    return Subscriptions(dict(zip(columns, row, strict=True)) for row in found)
