"""Connections to PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple, TypedDict

import psycopg
from psycopg import AsyncConnection
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.rows import dict_row
from psycopg.waiting import READY_R, WAIT_R, WAIT_RW

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult
    from psycopg.waiting import Ready, Wait

CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_MS = 20_000
"""What waits longer (for somebody's lock, say) gives up: the sender is told to try again."""

# Every hot query finds its rows by key. On a young, unanalysed table the planner would rather scan or hash. And it is
# not asked for each batch: that would cost as much as the work itself. See PLANS_LAST_AT_MOST.
_BY_KEY = (
    "enable_seqscan=off",
    "enable_hashjoin=off",
    "enable_mergejoin=off",
    "plan_cache_mode=force_generic_plan",
)

PLANS_LAST_AT_MOST = 128
"""After how many trips plans are made anew; a young connection's after 1, 2, 4 … For while a table is empty one index
looks as good as another, or the whole table like a row, and a plan made then would look cheap for ever."""

Row = dict[str, Any]
Parameters = Sequence[Any] | Mapping[str, Any]


_Statement = tuple[str, tuple[int, ...]]
"""A query, and the types (OID) of its parameters."""


class Asked(NamedTuple):
    """A statement to be sent."""

    query: LiteralString
    """With `%s`, or `%(name)s`, for parameters."""

    parameters: Parameters = ()
    as_text: bool = False
    """Whether the parameters are octets already, as PostgreSQL reads them for the types that the query gives them."""


class Connection(AsyncConnection[Row]):
    """A connection that can send many statements in one round trip, without a cursor for each."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As psycopg makes it."""
        super().__init__(*args, **kwargs)
        self._statements: dict[_Statement, bytes] = {}
        self._statements_ever = count()
        self._trips = count(1)
        self._plans_made_anew_at = 1

    async def trip(self, asked: Sequence[Asked]) -> list[list[Row]]:
        """The rows that each statement gave: sent together, answered together.

        They are one transaction. Each is prepared when it is first sent. Raises psycopg.Error of the first that
        fails; nothing of the others holds then, unless the connection broke before the server could say what
        became of them.
        """
        sent: list[bool] = []
        prepared: dict[_Statement, bytes] = {}
        with self._in_pipeline_mode() as pgconn:
            if next(self._trips) >= self._plans_made_anew_at:
                self._plans_made_anew_at += min(self._plans_made_anew_at, PLANS_LAST_AT_MOST)
                pgconn.send_query_params(b"DISCARD PLANS", None)
                sent.append(False)
            for each in asked:
                sent.extend(self._send(pgconn, each, prepared))
            pgconn.pipeline_sync()
            results = await self.wait(_answers(pgconn))
        for result in results:
            if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
                raise error_from_result(result)
        self._statements |= prepared
        return [self._rows(result) for result, is_asked in zip(results, sent, strict=True) if is_asked]

    @contextmanager
    def _in_pipeline_mode(self) -> Iterator[PGconn]:
        pgconn = self.pgconn
        pgconn.enter_pipeline_mode()
        try:
            yield pgconn
            pgconn.exit_pipeline_mode()
        except BaseException:
            # Nobody knows what is still to come.
            pgconn.finish()
            raise

    def _send(self, pgconn: PGconn, asked: Asked, prepared: dict[_Statement, bytes]) -> Iterator[bool]:
        """Sends a statement; tells of each result that is to come whether it was asked for.

        `prepared` gets what is prepared for it: nobody knows yet whether the server comes so far.
        """
        text, names = _numbered(asked.query)
        values: Sequence[Any] = (
            [asked.parameters[name] for name in names]
            if isinstance(asked.parameters, Mapping)
            else asked.parameters
        )
        types: tuple[int, ...] = ()
        formats: Sequence[Any] | None = None
        if not asked.as_text and values:
            transformer = Transformer(self)
            values = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
            types, formats = transformer.types or (), transformer.formats
        key = (asked.query, types)
        name = self._statements.get(key) or prepared.get(key)
        if name is None:
            name = prepared[key] = b"trip_%d" % next(self._statements_ever)
            pgconn.send_prepare(name, text, types)
            yield False
        pgconn.send_query_prepared(name, values, formats)
        yield True

    def _rows(self, result: PGresult) -> list[Row]:
        if not result.ntuples:
            return []
        transformer = Transformer(self)
        transformer.set_pgresult(result)
        names = [(result.fname(place) or b"").decode() for place in range(result.nfields)]
        return [dict(zip(names, row, strict=True)) for row in transformer.load_rows(0, result.ntuples, tuple)]


def _answers(pgconn: PGconn) -> Generator[Wait, Ready | int, list[PGresult]]:
    """Results up to the pipeline's end, as `AsyncConnection.wait` runs it."""
    while pgconn.flush():
        if (yield WAIT_RW) & READY_R:
            pgconn.consume_input()
    results: list[PGresult] = []
    while True:
        while pgconn.is_busy():
            yield WAIT_R
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            if pgconn.status != ConnStatus.OK:
                raise psycopg.OperationalError("the connection is lost")
        elif result.status == ExecStatus.PIPELINE_SYNC:
            return results
        else:
            results.append(result)


@lru_cache(maxsize=512)
def _numbered(query: str) -> tuple[bytes, Sequence[str]]:
    """The query with `$1`, `$2` for its parameters, and their names, where they have any."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None or name not in names:
            names.append(name or "")
        return f"${len(names) if name is None else names.index(name) + 1}"

    return re.sub(r"%(?:s|\((?P<name>\w+)\)s)", number, query).encode(), names


class _Common(TypedDict):
    connect_timeout: int
    application_name: str
    keepalives_idle: int
    keepalives_interval: int
    keepalives_count: int
    tcp_user_timeout: int


# A server that vanished without a word is missed within half a minute, not after the two hours TCP would take.
_COMMON: _Common = {
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    "application_name": "esutd-bus",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}


async def connect(url: str, *, by_key: bool = False) -> Connection:
    """An autocommit connection; `by_key` for one that only ever looks rows up by their keys."""
    given = ("timezone=UTC", f"statement_timeout={STATEMENT_TIMEOUT_MS}", *(_BY_KEY if by_key else ()))
    options = " ".join(f"-c {option}" for option in given)
    return await Connection.connect(url, autocommit=True, row_factory=dict_row, options=options, **_COMMON)


def connect_now(url: str) -> psycopg.Connection[Row]:
    """A blocking connection in a transaction of its own, for commands of the operator."""
    return psycopg.connect(url, row_factory=dict_row, options="-c timezone=UTC", **_COMMON)
