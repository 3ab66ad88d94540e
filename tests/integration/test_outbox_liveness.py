"""Liveness: from whatever state breakage has led to, once the bus is well, every message gets through by itself.

Hypothesis makes the breakage: what the bus does, nodes that die, statuses that come twice, late or out of order,
operators who meddle. Then everything is well, and no operator does anything: each message must reach a final state,
with one effect at a receiver that keeps ids.
"""

from __future__ import annotations

import contextlib
import itertools
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from outbox_at_work import OutboxAtWork, at_work, delivery_by
from store_works import rows

from esutd_bus.store import outbox_desk, outbox_told
from esutd_bus.store.outbox_state import TOLD_BY_BUS, OutboxState
from esutd_bus.testbed.fault_script import Fault
from esutd_bus.testbed.simulated_bus import SimulatedBus
from support.breaking import (
    CUT,
    NOT_DELIVERED,
    ON_DELIVERY,
    PAGE,
    REFUSES,
    STOPPED,
    Does,
    always,
    delivered,
    is_new,
    once,
    plays,
)

DESTINATIONS = ("portal", "employer")
BROKEN: tuple[Does, ...] = (REFUSES, PAGE, CUT, ON_DELIVERY, NOT_DELIVERED, STOPPED, "lost")
KINDS = ("NOTIFICATION", "NOTIFICATION", "REQUEST", "RESPONSE")


class Breaking(RuleBasedStateMachine):
    """A node, its bus, and what can go wrong between them."""

    database = ""
    delivery: Any = None
    bus: SimulatedBus

    @initialize()
    def begin(self) -> None:
        """Everything anew, on the same database."""
        with psycopg.connect(self.database) as connection:
            connection.execute("TRUNCATE outbox_attempt, outbox, outbox_destination")
        is_new(self.bus)
        self.faults: dict[str, tuple[Fault, ...]] = {}
        self._stack = contextlib.ExitStack()
        self.work: OutboxAtWork = self._stack.enter_context(
            at_work(self.database, self.bus.async_url, self.delivery)
        )
        self.put: dict[UUID, tuple[str, int, int]] = {}
        self.aborted: set[UUID] = set()

    @rule(destination=st.sampled_from(DESTINATIONS), contract=st.integers(1, 3), kind=st.sampled_from(KINDS))
    def something_is_put_out(self, destination: str, contract: int, kind: str) -> None:
        version = len(self.put) + 1
        message = self.work.put(destination, kind, contract_id=UUID(int=contract), version=version)
        self.put[message] = (destination, contract, version)

    @rule(
        destination=st.sampled_from(DESTINATIONS),
        script=st.lists(st.sampled_from(BROKEN), min_size=1, max_size=4),
    )
    def sending_breaks(self, destination: str, script: list[Does]) -> None:
        self.faults[destination] = (*once(destination, *script[:-1]), always(destination, script[-1]))
        plays(self.bus, *itertools.chain.from_iterable(self.faults.values()))

    @rule(script=st.lists(st.sampled_from((REFUSES, PAGE, CUT)), min_size=1, max_size=3))
    def asking_breaks(self, script: list[Does]) -> None:
        self.faults["asking"] = once(None, *script, operation="getMessageStatus")
        plays(self.bus, *itertools.chain.from_iterable(self.faults.values()))

    @rule()
    def the_bus_knows_only_its_own_ids(self) -> None:
        self.bus.channel.knows_senders_ids = False

    @rule(seconds=st.sampled_from((0, 1, 5, 60, 900)))
    def a_node_works(self, seconds: int) -> None:
        self.work.later(seconds=seconds)
        self.work.turn()
        self.work.settle()

    @rule()
    def a_node_dies_at_work(self) -> None:
        """What it began is never recorded."""
        dying = self.work.another_node()
        dying.turn()
        dying.job._under_way.clear()
        dying.job._came.clear()

    @precondition(lambda self: self.bus.received)
    @rule(state=st.sampled_from(sorted(TOLD_BY_BUS)), which=st.integers(0, 100))
    def the_bus_tells_a_status(self, state: str, which: int) -> None:
        """Whatever it says, but what is false: that it was delivered when it was not."""
        arrived = self.bus.received[which % len(self.bus.received)]
        if state == "DELIVERED" and arrived.state != "DELIVERED":
            return
        with self.work.connection.transaction():
            outbox_told.status(
                self.work.connection, arrived.id, state, self.work.job._rules.limits, self.work.now()
            )

    @precondition(lambda self: self.put)
    @rule(which=st.integers(0, 100), requeue=st.booleans())
    def an_operator_meddles(self, which: int, *, requeue: bool) -> None:
        message = list(self.put)[which % len(self.put)]
        do = outbox_desk.requeue if requeue else outbox_desk.abort
        with self.work.connection.transaction():
            do(self.work.connection, message, self.work.now(), "operator", None)

    @invariant()
    def nothing_is_lost(self) -> None:
        if hasattr(self, "put"):
            assert set(self.work.states()) == set(self.put)

    def teardown(self) -> None:
        """All is well from now on, and nobody does anything."""
        if not hasattr(self, "work"):
            return
        try:
            plays(self.bus)
            self.work.until_idle()
            states = self.work.states()
            assert all(OutboxState[state].is_final for state in states.values()), states
            effects = delivered(self.bus)
            through = {OutboxState.DELIVERED, OutboxState.ANSWERED}
            for message, state in states.items():
                assert effects.count(str(message)) <= 1
                if state in through:
                    assert str(message) in effects or self.was_told_so(message), (message, state)
        finally:
            self._stack.close()

    def was_told_so(self, message: UUID) -> bool:
        """Whether the bus said that it was delivered."""
        query = "SELECT 1 FROM outbox_attempt WHERE outbox_id = %s AND happened = 'delivered'"
        return bool(rows(self.database, query, message))


def test_whatever_broke_every_message_gets_through_once_the_bus_is_well(
    database: str, bus: SimulatedBus, request: pytest.FixtureRequest
) -> None:
    many = request.config.getoption("--every-crash")
    Breaking.database, Breaking.bus, Breaking.delivery = database, bus, delivery_by(bus.async_url)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]  # hypothesis annotates in part
        Breaking,
        settings=settings(
            max_examples=100 if many else 6,
            stateful_step_count=25,
            deadline=None,
            derandomize=not many,
            database=None,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
