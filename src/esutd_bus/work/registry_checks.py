"""The job «registry checks»: what registries were not asked before a contract was accepted, they are asked now.

Whom no registry confirms the employer finds among its violations (GetOwnViolations).
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import psycopg

from esutd_bus.asking import called, refused
from esutd_bus.register.registry_checks import (
    CODES,
    CONFIRMED,
    EMPLOYEE,
    EMPLOYER,
    UNCONFIRMED,
    employee_is_confirmed,
    employer_is_confirmed,
)
from esutd_bus.registries.answer_signature import AnswerSignatures
from esutd_bus.registries.upstream import UpstreamError
from esutd_bus.signature.keys import KeyUnavailableError
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.state_registries import StateRegistries
from esutd_bus.store import journaling, registry_checks
from esutd_bus.work import metrics

if TYPE_CHECKING:
    from esutd_bus.settings import Settings
    from esutd_bus.signature.key_ring import KeyRing
    from esutd_bus.store.registry_checks import Row

AT_ONCE: Final = 100
FIRST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(hours=1)
_MOST_DOUBLINGS: Final = 20

Ask = Callable[[str], Mapping[str, Any] | None]


class RegistryChecks:
    """A `scheduler.Job`. Used by one thread; takes a connection that commits by itself."""

    name: Final = "registry checks"
    seconds: Final = 5.0

    def __init__(
        self,
        registries: StateRegistries,
        node: str,
        deadline: float,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`node`: in whose name the calls are journaled. `deadline`: seconds that one call takes at most."""
        self._asks: Mapping[str, tuple[Ask, Callable[[Mapping[str, Any] | None], bool]]] = {
            EMPLOYER: (registries.organisation, employer_is_confirmed),
            EMPLOYEE: (registries.lives, employee_is_confirmed),
        }
        self._node = node
        self._clock = clock
        # Long enough for a turn in which every call takes its whole time; a node that dies holds nothing for longer.
        self._lease = timedelta(seconds=deadline * (AT_ONCE + 1))

    @classmethod
    def of(cls, settings: Settings, keys: KeyRing) -> RegistryChecks:
        """By the settings, whose `checks_wanted` are not empty. Raises TrustError."""
        if settings.trust_dir is None:
            raise ValueError("there is no trust_dir")
        verifier = Verifier(TrustStore.from_directory(settings.trust_dir))
        signatures = AnswerSignatures(verifier, settings.clock, settings.registry_signers)
        registries = StateRegistries(settings, keys, signatures)
        return cls(registries, settings.node, settings.upstream_deadline_seconds)

    def run(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        """Asks for whatever is due, each thing once however many contracts wait for it. Raises psycopg.Error."""
        while claimed := registry_checks.claim(connection, AT_ONCE, self._clock(), self._lease):
            asked: dict[tuple[str, str], list[Row]] = defaultdict(list)
            for row in claimed:
                asked[row["about"], row["number"]].append(row)
            silent: set[str] = set()
            for (about, number), rows in asked.items():
                if about in silent:
                    self._put_off(connection, rows, None, "not asked: another call has just failed")
                elif not self._ask(connection, about, number, rows):
                    # One that does not answer would not answer the next question either: nobody waits for that.
                    silent.add(about)
        metrics.tell_registry_checks(registry_checks.backlog(connection), self._clock())

    def _ask(
        self, connection: psycopg.Connection[dict[str, Any]], about: str, number: str, rows: Sequence[Row]
    ) -> bool:
        """Asks about one employer or employee; False where the registry did not answer at all."""
        ask, is_confirmed = self._asks[about]
        told: Mapping[str, Any] | None = None
        failure: UpstreamError | KeyUnavailableError | None = None
        with called() as records_for:
            try:
                told = ask(number)
            except (UpstreamError, KeyUnavailableError) as error:
                failure = error
        journaling.keep(connection, self._node, records_for(rows[0]["message_id"]))
        if failure is not None:
            refusal = refused(failure)
            self._put_off(connection, rows, refusal.upstream_code, refusal.upstream_message)
            return refusal.code == "ESB008"
        if is_confirmed(told):
            registry_checks.answer(connection, rows, CONFIRMED, self._clock())
        else:
            registry_checks.answer(connection, rows, UNCONFIRMED, self._clock(), CODES[about])
        return True

    def _put_off(
        self,
        connection: psycopg.Connection[dict[str, Any]],
        rows: Sequence[Row],
        code: str | None,
        message: str | None,
    ) -> None:
        """To a later turn: twice as late each time, and not all nodes and rows at the same moment."""
        doublings = min(max(row["tries"] for row in rows), _MOST_DOUBLINGS)
        pause = min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE) * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
        registry_checks.put_off(connection, rows, self._clock() + pause, code, message)
