"""Examples for the pages of operations: fixtures played on the real service, with what is new each time made stable."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from lxml import etree
from psycopg import sql
from psycopg.errors import DeadlockDetected

from esutd_bus.commands.invented_world import invented_world
from esutd_bus.register.calendar import ALMATY
from esutd_bus.store.connection import connect_now
from esutd_bus.store.tables import metadata
from esutd_bus.testbed.fixtures import Fixture
from esutd_bus.testbed.placeholders import invented_iin
from esutd_bus.testbed.recording import with_usual_prefixes
from esutd_bus.testbed.replay import Exchange, Replay
from esutd_bus.testbed.stage import open_stage
from esutd_bus.testbed.test_ca import TestCa

PRESENT = datetime(2026, 3, 2, 10, 15, tzinfo=ALMATY)
"""When the examples are sent: a Monday."""

_RECEIVED = "2026-03-02T10:15:01.000+05:00"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_CLOCKS_DIFFER = timedelta(minutes=1)

_STAYS = frozenset(
    {
        "partner", "partner_certificate", "partner_event", "employer_system", "journal_chain", "journal_seal",
        "dictionary_entry", "edition", "revocation_list", "certificate_status",
    }
)  # fmt: skip
"""The tables that no message writes, and the journal's chains, whose ends the service knows by heart."""


class ExampleError(Exception):
    """A fixture was not answered as it says; the message tells what differs."""


@dataclass(frozen=True, slots=True)
class Example:
    """A request before it is signed, and its answer's element."""

    request: str
    answer: str


@contextmanager
def played(fixtures: Mapping[str, Fixture]) -> Iterator[Callable[[str], Example]]:
    """What plays a fixture by its name, each on an empty register: an example does not depend on the others."""
    with tempfile.TemporaryDirectory(prefix="esutd-docs-") as name:
        folder = Path(name)
        # PostgreSQL runs as a user of its own, where this is run by root.
        folder.chmod(0o755)
        ca = TestCa.ensure(folder / "ca")
        with invented_world(folder, ca, lambda _: None) as world:
            stage = open_stage(world.endpoint, ca.directory, now=PRESENT)

            def play(fixture: str) -> Example:
                _empty(world.database_url)
                begun = datetime.now(UTC)
                return _example(Replay(fixtures, stage).send(fixtures[fixture]), begun)

            yield play


def _example(exchange: Exchange, begun: datetime) -> Example:
    result = exchange.result
    if not result.as_expected:
        raise ExampleError(f"{result.fixture.label}: {'; '.join(result.differences)}")
    if exchange.outgoing is None or result.answer is None or result.answer.payload is None:
        raise ExampleError(f"{result.fixture.label}: is no request that gets an answer")
    answer = with_usual_prefixes(result.answer.payload)
    etree.indent(answer)
    stable = _Stable(exchange, begun)
    return Example(
        stable.text(exchange.outgoing.envelope.decode()),
        stable.text(etree.tostring(answer, encoding="unicode")),
    )


class _Stable:
    """Ids, invented people and the service's own moments, by values that every build gives anew."""

    def __init__(self, exchange: Exchange, begun: datetime) -> None:
        self._begun = begun
        self._name = exchange.result.fixture.name
        self._ids: dict[str, str] = {}
        self._people: dict[str, str] = {}
        for other in (*exchange.before.values(), exchange):
            for placeholder, value in other.filling.given.items():
                if placeholder.startswith("iin:") and value not in self._people:
                    self._people[value] = self._person(len(self._people))

    def text(self, text: str) -> str:
        text = _UUID.sub(lambda found: self._ids.setdefault(found[0], self._id(len(self._ids))), text)
        text = _INSTANT.sub(lambda found: _RECEIVED if self._is_of_now(found[0]) else found[0], text)
        for value, person in self._people.items():
            text = text.replace(value, person)
        return text.strip()

    def _id(self, number: int) -> str:
        return str(uuid5(NAMESPACE_URL, f"urn:esutd-bus:example:{self._name}:{number}"))

    def _person(self, number: int) -> str:
        chances = (uuid5(NAMESPACE_URL, f"urn:esutd-bus:person:{number}:{chance}") for chance in count())
        return invented_iin(lambda: next(chances))

    def _is_of_now(self, instant: str) -> bool:
        moment = datetime.fromisoformat(instant)
        return self._begun - _CLOCKS_DIFFER <= moment <= datetime.now(UTC) + _CLOCKS_DIFFER


def _empty(url: str) -> None:
    """Empties the register: what only ever grows is protected by triggers, which are silent for a replica."""
    names = [sql.Identifier(name) for name in metadata.tables if name not in _STAYS]
    while True:
        # The jobs beside the service read the same tables in an order of their own.
        with contextlib.suppress(DeadlockDetected), connect_now(url) as connection, connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(names)))
            return
