"""Who is told by the bus of which entries, as nodes keep it in memory: so that nobody asks where nobody subscribes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from esutd_bus.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Subscription:
    """An entry of the operator's."""

    name: str
    service_id: str
    """The interaction by which the bus brings it to the subscriber; its breaker's destination too."""

    events: frozenset[str]
    """Kinds of entries: `ContractRegistered`, …"""


class Subscriptions:
    """Those in force: what the store follows, and the projection asks."""

    def __init__(self, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        """`rows` of the table `subscription`."""
        self._of_employer: Mapping[str | None, Sequence[Subscription]] = {}
        self._replace(rows)

    def to(self, kind: str, *employers: str) -> Sequence[Subscription]:
        """Who is told of an entry about a contract of these employers: of two, where it passed to another one."""
        if not self._of_employer:
            return ()
        found = [each for whose in (None, *set(employers)) for each in self._of_employer.get(whose, ())]
        return [each for each in found if kind in each.events]

    async def read(self, connection: Connection) -> None:
        """Reads the edition in force."""
        self._replace(await (await connection.execute("SELECT * FROM subscription ORDER BY name")).fetchall())

    def _replace(self, rows: Iterable[Mapping[str, Any]]) -> None:
        found: dict[str | None, list[Subscription]] = defaultdict(list)
        for row in rows:
            subscription = Subscription(row["name"], row["service_id"], frozenset(row["events"]))
            found[row["employer"]].append(subscription)
        self._of_employer = dict(found)
