"""The job «labour activity»: requests are answered by signed documents (order 353, clauses 19 and 20)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import psycopg
import structlog

from esutd_bus.logs import trace
from esutd_bus.register import calendar, labour_answer
from esutd_bus.signature.signing import sign_document
from esutd_bus.store import labour
from esutd_bus.store.singleton import alone
from esutd_bus.work import metrics
from esutd_bus.work.labour_document import labour_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from esutd_bus.signature.key_ring import KeyRing
    from esutd_bus.store.labour import Row

AT_ONCE: Final = 50
_LOCK: Final = "esutd-bus labour activity"

_log = structlog.get_logger(__name__)


class LabourActivity:
    """A `scheduler.Job`. Used by one thread; takes a connection that commits by itself."""

    name: Final = "labour activity"
    seconds: Final = 2.0

    def __init__(self, keys: KeyRing, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`keys`: has a default key. `clock`: the present that consents are judged at."""
        self._keys = keys
        self._clock = clock
        self._failed: set[UUID] = set()
        """Requests that met a mistake of ours: the others go first, they come again when nothing else waits."""

    def run(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        """Answers what waits, the oldest first, unless another node is at it. Raises psycopg.Error."""
        with alone(connection, _LOCK) as is_alone:
            if is_alone:
                self._answer_some(connection)
        now = self._clock()
        metrics.tell_labour(labour.backlog(connection, calendar.today(now)), now)

    def _answer_some(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        found = labour.waiting(connection, AT_ONCE, tuple(self._failed))
        if not found and self._failed:
            self._failed.clear()
            found = labour.waiting(connection, AT_ONCE)
        for request in found:
            try:
                with connection.transaction():
                    self._answer(connection, request)
            except psycopg.OperationalError:
                raise
            except Exception as error:  # noqa: BLE001  # one request must not keep the others from their answers
                self._failed.add(request["id"])
                _log.error("labour activity not told", request=str(request["id"]), trace=trace(error))

    def _answer(self, connection: psycopg.Connection[dict[str, Any]], request: Row) -> None:
        now = self._clock()
        consent_id = request["consent_id"]
        given = labour.consent(connection, consent_id) if consent_id else None
        reason = labour_answer.why_refused(request, given, calendar.today(now))
        if reason is not None:
            labour.keep(connection, request["id"], labour_answer.REFUSED, now, reason=reason)
            return
        contracts = labour.contracts_of(connection, request["employee_iin"])
        if not contracts:
            labour.keep(connection, request["id"], labour_answer.ABSENT, now)
            return
        document = sign_document(labour_document(request, contracts, now), self._keys.get())
        labour.keep(connection, request["id"], labour_answer.ANSWERED, now, document=document)
