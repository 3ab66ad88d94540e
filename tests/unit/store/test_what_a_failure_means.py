"""Whose fault a failed batch is: the database's, another writer's, or the work's own."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from esutd_bus.store.unit_of_work import _is_out_of_reach, _verdict
from esutd_bus.store.work import StoreRejected, StoreUnavailable


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("the connection is closed"),
        psycopg.InterfaceError("cursor already closed"),
        errors.AdminShutdown(),
        errors.QueryCanceled(),
        errors.LockNotAvailable(),
        errors.DiskFull(),
        errors.TooManyConnections(),
        StoreUnavailable(),
    ],
)
def test_the_database_fails(error: Exception) -> None:
    assert _is_out_of_reach(error)


@pytest.mark.parametrize(
    "error",
    [errors.UniqueViolation(), errors.DeadlockDetected(), errors.SerializationFailure()],
)
def test_another_writer_was_faster(error: Exception) -> None:
    assert not _is_out_of_reach(error)
    assert isinstance(_verdict(error), StoreUnavailable)


@pytest.mark.parametrize("error", [errors.FeatureNotSupported(), errors.ReadOnlySqlTransaction()])
def test_the_connection_is_stale(error: Exception) -> None:
    assert not _is_out_of_reach(error)
    assert isinstance(_verdict(error), StoreUnavailable)


@pytest.mark.parametrize(
    "error",
    [
        errors.NumericValueOutOfRange(),
        errors.NotNullViolation(),
        errors.UndefinedTable(),
        errors.ProgramLimitExceeded(),
        psycopg.DataError("cannot dump lists of mixed types"),
        ValueError("a required leaf is absent"),
        KeyError("contract"),
        OSError("of a decision, not of the database"),
        RecursionError(),
    ],
)
def test_it_is_the_works_own_fault(error: Exception) -> None:
    assert not _is_out_of_reach(error)
    assert isinstance(_verdict(error), StoreRejected)
