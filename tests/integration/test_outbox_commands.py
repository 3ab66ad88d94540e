"""`esutd-bus outbox`, `subscriptions` and `explain`: what an operator is told of messages, and may do about them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner, Result
from outbox_at_work import OutboxAtWork
from store_works import in_a_loop, registration, rows, submit_all, unit_of_work

from esutd_bus.cli import main
from esutd_bus.store.connection import connect
from esutd_bus.store.subscriptions import Subscriptions
from esutd_bus.testbed.simulated_bus import SimulatedBus
from support.breaking import PAGE, REFUSES, SAYS_NO, always, delivered, plays

PORTAL, EMPLOYER = "020140000016", "990440000385"
Run = Callable[..., Result]


@pytest.fixture
def run(database: str) -> Run:
    """`esutd-bus …` on a database of the test's own."""

    def call(*arguments: object) -> Result:
        return CliRunner().invoke(main, [*map(str, arguments)], env={"ESUTD_DATABASE_URL": database})

    return call


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def listed(run: Run, *arguments: str) -> dict[str, Any]:
    return {row["id"]: row for row in json.loads(done(run("outbox", "list", "--json", *arguments)))}


def test_the_list_tells_what_each_message_waits_for(run: Run, work: OutboxAtWork, bus: SimulatedBus) -> None:
    plays(bus, always("portal", REFUSES), always("away", PAGE))
    first, second = (work.put("portal", contract_id=UUID(int=1), version=n) for n in (1, 2))
    away = [work.put("away") for _ in range(6)]
    work.turn()
    work.settle()
    told = listed(run)
    assert told[str(first)]["waits_for"].startswith("next try 2")
    assert told[str(first)]["waits_for"].endswith(f"({SAYS_NO})")
    assert told[str(second)]["waits_for"] == f"blocked by {first}"
    assert any("left alone until" in told[str(each)]["waits_for"] for each in away)
    assert set(listed(run, "--destination", "portal")) == {str(first), str(second)}
    assert str(first) in done(run("outbox", "list"))


def test_a_dead_letter_is_sent_after_all_once_the_operator_wants_it(
    run: Run, work: OutboxAtWork, bus: SimulatedBus
) -> None:
    plays(bus, always("portal", REFUSES))
    dead = work.put("portal")
    work.until_idle()
    plays(bus)
    assert listed(run, "--state", "DEAD")[str(dead)]["waits_for"] == SAYS_NO
    done(
        run("outbox", "requeue", "--dead", "--destination", "portal", "--note", "they mended it", "--by", "A")
    )
    work.until_idle()
    assert work.states() == {dead: "DELIVERED"}
    assert ("operator", "requeued", "WAITING") in work.attempts(dead)
    assert rows(work.url, "SELECT node, told FROM outbox_attempt WHERE doing = 'operator'") == [
        ("A", "they mended it")
    ]


def test_what_is_aborted_is_not_sent_and_what_is_behind_it_goes_on(
    run: Run, work: OutboxAtWork, bus: SimulatedBus
) -> None:
    first, second = (work.put("portal", contract_id=UUID(int=1), version=n) for n in (1, 2))
    done(run("outbox", "abort", first, "--note", "by letter 7"))
    work.until_idle()
    assert work.states() == {first: "ABORTED", second: "DELIVERED"}
    assert delivered(bus) == [str(second)]
    refused = run("outbox", "abort", second)
    assert refused.exit_code == 3
    assert f"{second} stays DELIVERED" in refused.output
    assert run("outbox", "requeue", uuid4()).exit_code == 3
    assert run("outbox", "requeue").exit_code == 2


def test_subscriptions_are_added_followed_and_removed(run: Run, database: str) -> None:
    add = ("subscriptions", "add")
    done(run(*add, "portal", "--subscriber", PORTAL, "--service-id", "EVENTS", "--by", "A"))
    done(
        run(
            *add, "own", "--subscriber", EMPLOYER, "--employer", EMPLOYER, "--service-id", "HR",
            "--event", "ContractTerminated",
        )
    )  # fmt: skip
    told = {row["name"]: row for row in json.loads(done(run("subscriptions", "list", "--json")))}
    assert {"ContractRegistered", "EmployeeReinstated"} < set(told["portal"]["events"])
    assert told["own"]["events"] == ["ContractTerminated"]
    again = run(*add, "own", "--subscriber", EMPLOYER, "--service-id", "HR")
    assert (again.exit_code, "already" in again.output) == (3, True)
    unknown = run(*add, "x", "--subscriber", EMPLOYER, "--service-id", "HR", "--event", "Nothing")
    assert unknown.exit_code == 2
    done(run("subscriptions", "remove", "own"))
    trail = json.loads(done(run("partners", "show", EMPLOYER, "--json")))["events"]
    assert [each["what"] for each in trail] == ["subscription added", "subscription removed"]
    assert rows(database, "SELECT version FROM edition WHERE subject = 'subscriptions'") == [(3,)]


def test_explain_tells_what_is_sent_because_of_a_message(run: Run, database: str, work: OutboxAtWork) -> None:
    done(run("subscriptions", "add", "portal", "--subscriber", PORTAL, "--service-id", "EVENTS"))
    registered(database)
    work.until_idle()
    ((sent, message_id),) = rows(database, "SELECT id, message_id FROM outbox")
    for called in (message_id, sent):
        (told,) = json.loads(done(run("explain", called, "--json")))["messages"]
        (outgoing,) = told["outgoing"]
        assert (outgoing["id"], outgoing["state"], outgoing["is_final"]) == (str(sent), "DELIVERED", True)
        assert [each["happened"] for each in outgoing["attempts"]] == ["accepted", "delivered"]
        assert all(each["seconds"] is not None for each in outgoing["attempts"])
    assert "DELIVERED: доставлено получателю" in done(run("explain", message_id))


@in_a_loop
async def registered(database: str) -> None:
    subscriptions = Subscriptions()
    connection = await connect(database)
    await subscriptions.read(connection)
    await connection.close()
    async with unit_of_work(database, subscriptions=subscriptions) as unit:
        await submit_all(unit, [registration(f"n{datetime.now(UTC).microsecond}")])
