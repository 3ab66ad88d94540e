"""A job's turns: whatever one of them meets, the next one begins anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from esutd_bus.work import scheduler
from esutd_bus.work.scheduler import _Turns


class FakeConnection:
    """Stands in for the database's."""

    made = 0

    def __init__(self) -> None:
        self.autocommit = False
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


class FakeJob:
    """Does what it is told, turn by turn."""

    name = "fake"
    seconds = 1.0

    def __init__(self, *turns: Callable[[], None]) -> None:
        self._turns = iter(turns)
        self.connections: list[Any] = []

    def run(self, connection: Any) -> None:
        assert connection.autocommit
        self.connections.append(connection)
        next(self._turns)()


@pytest.fixture(autouse=True)
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FakeConnection]]:
    made: list[FakeConnection] = []

    def connect(_url: str) -> FakeConnection:
        made.append(FakeConnection())
        return made[-1]

    monkeypatch.setattr(scheduler, "connect_now", connect)
    return made


def fine() -> None:
    pass


def broken() -> None:
    raise psycopg.OperationalError("the database is away")


def wrong() -> None:
    raise ZeroDivisionError


def test_turns_share_a_connection(database: list[FakeConnection]) -> None:
    job = FakeJob(fine, fine)
    turns = _Turns(job, "url")
    turns.take()
    turns.take()
    assert job.connections == [database[0]] * 2
    assert len(database) == 1


@pytest.mark.parametrize("trouble", [broken, wrong])
def test_after_trouble_there_is_a_new_one(
    database: list[FakeConnection], trouble: Callable[[], None]
) -> None:
    job = FakeJob(trouble, fine)
    turns = _Turns(job, "url")
    with capture_logs() as logged:
        turns.take()
        turns.take()
    assert job.connections == database
    assert [one.is_closed for one in database] == [True, False]
    assert [entry["job"] for entry in logged] == ["fake"]


def test_that_the_database_is_away_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_url: str) -> None:
        raise psycopg.OperationalError("no connection")

    turns = _Turns(FakeJob(), "url")
    monkeypatch.setattr(scheduler, "connect_now", away)
    with capture_logs() as logged:
        turns.take()
        turns.take()
    assert len(logged) == 1
