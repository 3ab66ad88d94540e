"""Random entries by two employers about several contracts: the register says and holds what the orders want.

What they want is `orders`. Here goes the way of a message from its command on: rights, loading, decision, PostgreSQL.
Signature and schema are left out as the store's own tests leave them out, by submitting a `Work`: nothing is signed,
and no verifier is told to look away.

A bigger budget: `make model`. What it has caught, each put into the register on purpose:

- `rules/reference.py`: a terminated contract goes on changing
- `rules/window.py`: the window counts from today; `deadlines.py`: it has 31 days
- `deadlines.py`: four days for 353/12, calendar days for 353/10, no lateness on a weekend
- `calendar.py`: today is the day in UTC
- `timeline.py`: amendments not in the order of their days, a deleted one that stands, parties of an earlier entry
- `rules/registration.py`: a deleted contract keeps its number
- `rules/extension.py`: three extensions; `rules/leave.py`, `rules/correction.py`: a leave before its contract
- `submit_batch.py`: two entries with one number; `rules/consent.py`: another signs than the one who consents
- `timeline.py`: a termination that the authority corrects stays where it was
- `change_employee_iin.py`: contracts that have ended get the new IIN; `rights.py`: an act that has ended entrusts

And what it found there by itself: a contract that was deleted after a reinstatement stayed; one given on by an
earlier reorganisation went back with the next correction; a corrected employee was lost under a change of IIN; a
corrected start left a leave outside its contract; of a deleted contract it was told that a leave or amendment is there.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from random_entries_of_all import AllEntries
from register_at_work import Register

SEQUENCES = 90
"""How many sequences of entries are tried, the same ones each time, unless `--model` asks for more."""

STEPS = 45


@pytest.fixture
def register(database: str) -> Iterator[Register]:
    made = Register(database)
    yield made
    made.close()


def test_the_register_does_what_the_orders_ask(register: Register, request: pytest.FixtureRequest) -> None:
    asked: int | None = request.config.getoption("--model")
    run_state_machine_as_test(
        lambda: AllEntries(register),  # type: ignore[arg-type]  # whatever makes a machine
        settings=settings(
            max_examples=asked or SEQUENCES,
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            derandomize=asked is None,
            database=None,
            # What fails is made small where somebody waits for it.
            phases=[Phase.generate] if asked is None else [Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
