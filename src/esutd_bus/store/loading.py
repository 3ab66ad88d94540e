"""The states of a batch: one query a table, whatever the batch's size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, LiteralString
from uuid import UUID

from sqlalchemy import Table

from esutd_bus.register.contract import DELETED
from esutd_bus.register.state import Moving, Needs, Row, State
from esutd_bus.store import moving, tables
from esutd_bus.store.compression import expand
from esutd_bus.store.connection import Asked, Connection
from esutd_bus.store.editions import QUERY, Editions
from esutd_bus.store.statements import as_array, select_list
from esutd_bus.store.work import RequestKey, StoredAnswer, Work

_REQUESTS = """
SELECT r.sender, r.request_id, r.operation, r.payload_sha256, r.bound_at, m.body, m.status, m.code
FROM unnest(%s::text[], %s::uuid[]) AS k (sender, request_id)
JOIN request r USING (sender, request_id)
JOIN message m ON m.id = r.answer_id
"""

_BY_ID_OR_EXTERNAL_ID = """
    SELECT c.id FROM unnest(%s::text[], %s::uuid[]) AS k (employer, id)
        JOIN contract c USING (employer, id)
    UNION
    SELECT c.id FROM unnest(%s::text[], %s::text[]) AS k (employer, external_id)
        JOIN contract c USING (employer, external_id)
"""

_CONTRACTS = f"""
WITH wanted AS (
    {_BY_ID_OR_EXTERNAL_ID}
    UNION
    SELECT c.id FROM unnest(%s::text[], %s::text[]) AS k (employer, number)
        JOIN contract c USING (employer, number) WHERE c.status <> 'deleted'
)
SELECT {select_list(tables.contract, "c")} FROM wanted JOIN contract c USING (id)
"""  # noqa: S608  # of our own words, here and below: keys are parameters


def _belonging(table: Table) -> str:
    """The query for a contract's amendments, or leaves: all of a contract, and those named by external id."""
    return f"""
WITH wanted AS (
    SELECT a.id FROM ({_BY_ID_OR_EXTERNAL_ID}) AS found JOIN "{table.name}" a ON a.contract_id = found.id
    UNION
    SELECT a.id FROM unnest(%s::text[], %s::text[]) AS k (employer, external_id)
        JOIN "{table.name}" a USING (employer, external_id)
)
SELECT {select_list(table, "a")} FROM wanted JOIN "{table.name}" a USING (id)
"""  # noqa: S608


_AMENDMENTS = _belonging(tables.amendment)
_LEAVES = _belonging(tables.leave)

_OF_EMPLOYEES = f"""
SELECT {select_list(tables.contract, "c")}
FROM unnest(%s::text[], %s::text[]) AS k (employer, employee_iin) JOIN contract c USING (employer, employee_iin)
ORDER BY c.id
"""  # noqa: S608

_IIN_CHANGES = f"""
SELECT {select_list(tables.iin_change, "c")} FROM unnest(%s::text[], %s::text[]) AS k (employer, iin)
JOIN iin_change c USING (iin)
"""  # noqa: S608

_HISTORY = f"""
SELECT {select_list(tables.contract_event, "e")}
FROM ({_BY_ID_OR_EXTERNAL_ID}) AS found JOIN contract_event e ON e.contract_id = found.id
ORDER BY e.contract_id, e.version
"""  # noqa: S608

_DELEGATIONS = f"""
SELECT DISTINCT ON (d.employer, d.delegate_iin) {select_list(tables.delegation, "d")}
FROM unnest(%s::text[], %s::text[]) AS k (employer, delegate_iin) JOIN delegation d USING (employer, delegate_iin)
ORDER BY d.employer, d.delegate_iin, d.version DESC
"""  # noqa: S608

_PROOFS = f"""
SELECT {select_list(tables.proof, "p")}
FROM unnest(%s::text[], %s::text[]) AS k (employer, external_id) JOIN proof p USING (employer, external_id)
"""  # noqa: S608

_ACKNOWLEDGEMENTS = f"""
SELECT {select_list(tables.acknowledgement, "a")}
FROM unnest(%s::text[], %s::text[]) AS k (sender, change_id) JOIN acknowledgement a USING (change_id)
"""  # noqa: S608

_CONSENTS = f"""
SELECT {select_list(tables.consent, "c")}, w.withdrawn_at
FROM unnest(%s::text[], %s::text[]) AS k (employer, employee_iin) JOIN consent c USING (employer, employee_iin)
LEFT JOIN consent_withdrawal w ON w.consent_id = c.id
ORDER BY c.id
"""  # noqa: S608

_OWN_CONSENTS = f"""
WITH wanted AS (
    SELECT c.id FROM unnest(%s::text[], %s::uuid[]) AS k (employee_iin, id) JOIN consent c USING (employee_iin, id)
    UNION
    SELECT c.id FROM unnest(%s::text[], %s::text[]) AS k (employee_iin, external_id)
        JOIN consent c USING (employee_iin, external_id)
)
SELECT {select_list(tables.consent, "c")}, w.withdrawn_at
FROM wanted JOIN consent c USING (id) LEFT JOIN consent_withdrawal w ON w.consent_id = c.id
"""  # noqa: S608

_SYSTEMS = f"""
SELECT {select_list(tables.employer_system, "s")}
FROM unnest(%s::text[], %s::text[]) AS k (employer, system) JOIN employer_system s USING (employer, system)
"""  # noqa: S608

_BATCHES = f"""
SELECT {select_list(tables.batch, "b")}
FROM unnest(%s::text[], %s::uuid[]) AS k (employer, id) JOIN batch b USING (employer, id)
"""  # noqa: S608

_LABOUR_REQUESTS = f"""
SELECT {select_list(tables.labour_request, "r")}, a.status, a.document, a.reason, k.sender
FROM unnest(%s::text[], %s::uuid[]) AS k (sender, id)
JOIN labour_request r ON r.id = k.id AND k.sender IN (r.employer, r.entered_by)
LEFT JOIN labour_answer a ON a.request_id = r.id
"""  # noqa: S608

_DELIVERIES = f"""
SELECT {select_list(tables.bus_message, "d")}
FROM unnest(%s::text[], %s::text[]) AS k (delivered_by, delivery) JOIN bus_message d USING (delivered_by, delivery)
"""  # noqa: S608

Index = dict[tuple[object, ...], Row]
Take = Callable[[Iterable[dict[str, Any]]], None]


@dataclass(slots=True)
class Loaded:
    """What the database knows that a batch needs to know, found by key."""

    editions: Editions = field(default_factory=dict)
    _answers: dict[tuple[str, UUID], StoredAnswer] = field(default_factory=dict)
    _contracts: Index = field(default_factory=dict)
    _amendments: Index = field(default_factory=dict)
    _amendments_of: dict[UUID, list[Row]] = field(default_factory=lambda: defaultdict(list))
    _history_of: dict[UUID, list[Row]] = field(default_factory=lambda: defaultdict(list))
    _leaves: Index = field(default_factory=dict)
    _leaves_of: dict[UUID, list[Row]] = field(default_factory=lambda: defaultdict(list))
    _contracts_of: dict[tuple[str, str | None], list[Row]] = field(default_factory=lambda: defaultdict(list))
    _iin_changes: dict[str | None, Row] = field(default_factory=dict)
    _moving: dict[tuple[str, Moving | None], list[Row]] = field(default_factory=dict)
    _delegations: Index = field(default_factory=dict)
    _labour_requests: Index = field(default_factory=dict)
    _systems: Index = field(default_factory=dict)
    _consents: dict[tuple[str, str | None], list[Row]] = field(default_factory=lambda: defaultdict(list))
    _own_consents: Index = field(default_factory=dict)
    _proofs: Index = field(default_factory=dict)
    _acknowledgements: dict[str | None, list[Row]] = field(default_factory=lambda: defaultdict(list))
    _batches: Index = field(default_factory=dict)
    _deliveries: dict[tuple[str, str] | None, Row] = field(default_factory=dict)

    def answer(self, key: RequestKey | None) -> StoredAnswer | None:
        """The answer that this request is bound to, if it is."""
        return self._answers.get((key.sender, key.request_id)) if key else None

    def answer_in_force(self, key: RequestKey | None) -> StoredAnswer | None:
        """The same, unless the request would be answered anew."""
        stored = self.answer(key)
        return None if stored is None or key is None or stored.holds_no_longer(key) else stored

    def state(self, employer: str, needs: Needs) -> State:
        """The state of one command: of its own employer or of the owner it names, and no other's."""
        owner = needs.owner or employer
        by_id = self._contracts.get((owner, "id", needs.contract_id))
        by_external_id = self._contracts.get((owner, "external_id", needs.contract_external_id))
        contract = by_id or by_external_id
        return State(
            contract_by_id=by_id,
            contract_by_external_id=by_external_id,
            contract_by_number=self._contracts.get((owner, "number", needs.contract_number)),
            contract_by_new_external_id=self._contracts.get((owner, "external_id", needs.new_external_id)),
            amendment_by_external_id=self._amendments.get((owner, needs.amendment_external_id)),
            amendments=self._amendments_of.get(contract["id"], ()) if contract else (),
            history=self._history_of.get(contract["id"], ()) if contract else (),
            leaves=self._leaves_of.get(contract["id"], ()) if contract else (),
            leave_by_external_id=self._leaves.get((owner, needs.leave_external_id)),
            proof=self._proofs.get((owner, needs.proof_external_id)),
            contracts_of_employee=self._contracts_of.get((owner, needs.employee_iin), ()),
            labour_request=self._labour_requests.get((employer, needs.labour_request_id)),
            iin_change=self._iin_changes.get(needs.new_iin),
            moving=self._moving.get((owner, needs.moving), ()),
            delegation=self._delegations.get((employer, needs.delegation_to)),
            acknowledgements=self._acknowledgements.get(needs.acknowledgements_of, ()),
            batch=self._batches.get((employer, needs.batch_id)),
            delivery=self._deliveries.get(needs.delivery),
            entries=tuple(self.state(employer, entry) for entry in needs.entries),
            system=self._systems.get((needs.system_of or employer, needs.system)),
            consents=self._consents.get((employer, needs.consents_of), ()),
            own_consent=self._own_consents.get((employer, needs.own_consent_id))
            or self._own_consents.get((employer, needs.own_consent_external_id)),
        )

    def take_editions(self, rows: Iterable[dict[str, Any]]) -> None:
        """The editions in force."""
        self.editions = {row["subject"]: row["version"] for row in rows}

    def add_answers(self, rows: Iterable[dict[str, Any]]) -> None:
        """Rows of `_REQUESTS`."""
        for row in rows:
            key = (row.pop("sender"), row.pop("request_id"))
            row["body"] = expand(row["body"])
            self._answers[key] = StoredAnswer(**row)

    def add_contracts(self, rows: Iterable[Row]) -> None:
        """Rows of the table `contract`."""
        for row in rows:
            for column in ("id", "external_id"):
                self._contracts[row["employer"], column, row[column]] = row
            if row["status"] != DELETED:
                self._contracts[row["employer"], "number", row["number"]] = row

    def add_amendments(self, rows: Iterable[Row]) -> None:
        """Rows of the table `amendment`."""
        for row in rows:
            self._amendments[row["employer"], row["external_id"]] = row
            self._amendments_of[row["contract_id"]].append(row)

    def add_leaves(self, rows: Iterable[Row]) -> None:
        """Rows of the table `leave`."""
        for row in rows:
            self._leaves[row["employer"], row["external_id"]] = row
            self._leaves_of[row["contract_id"]].append(row)

    def add_contracts_of_employees(self, rows: Iterable[Row]) -> None:
        """Rows of the table `contract`, all of each employee."""
        for row in rows:
            self._contracts_of[row["employer"], row["employee_iin"]].append(row)

    def add_iin_changes(self, rows: Iterable[Row]) -> None:
        """Rows of the table `iin_change`."""
        self._iin_changes |= {row["iin"]: row for row in rows}

    def add_moving(self, employer: str, moving: Moving, rows: Iterable[Row]) -> None:
        """Rows of the table `contract` that are to move, each with what stands in its way."""
        self._moving[employer, moving] = list(rows)

    def add_history(self, rows: Iterable[Row]) -> None:
        """Rows of the table `contract_event`, a contract's in their order."""
        for row in rows:
            self._history_of[row["contract_id"]].append(row)

    def add_labour_requests(self, rows: Iterable[Row]) -> None:
        """Rows of the table `labour_request` with what their answers tell, and `sender`: who asks about them."""
        for row in rows:
            self._labour_requests[row["sender"], row["id"]] = row

    def add_delegations(self, rows: Iterable[Row]) -> None:
        """Rows of the table `delegation`, the newest alone of each employer and person."""
        for row in rows:
            self._delegations[row["employer"], row["delegate_iin"]] = row

    def add_acknowledgements(self, rows: Iterable[Row]) -> None:
        """Rows of the table `acknowledgement`, all of each change."""
        for row in rows:
            self._acknowledgements[row["change_id"]].append(row)

    def add_consents(self, rows: Iterable[Row]) -> None:
        """Rows of the table `consent`, all of each employer and employee, as they were given."""
        for row in rows:
            self._consents[row["employer"], row["employee_iin"]].append(row)

    def add_own_consents(self, rows: Iterable[Row]) -> None:
        """Rows of the table `consent`."""
        for row in rows:
            for column in ("id", "external_id"):
                self._own_consents[row["employee_iin"], row[column]] = row

    def add_systems(self, rows: Iterable[Row]) -> None:
        """Rows of the table `employer_system`."""
        for row in rows:
            self._systems[row["employer"], row["system"]] = row

    def add_proofs(self, rows: Iterable[Row]) -> None:
        """Rows of the table `proof`."""
        for row in rows:
            self._proofs[row["employer"], row["external_id"]] = row

    def add_batches(self, rows: Iterable[Row]) -> None:
        """Rows of the table `batch`."""
        for row in rows:
            self._batches[row["employer"], row["id"]] = row

    def add_deliveries(self, rows: Iterable[Row]) -> None:
        """Rows of the table `bus_message`."""
        self._deliveries |= {(row["delivered_by"], row["delivery"]): row for row in rows}


class Nothing(Loaded):
    """What is loaded where nothing of what is needed is there."""

    __slots__ = ()

    def state(self, employer: str, needs: Needs) -> State:
        """The state of a command that expects nothing."""
        del employer
        return _NOTHING._replace(entries=(_NOTHING,) * len(needs.entries)) if needs.entries else _NOTHING


_NOTHING: Final = State()


async def load(connection: Connection, batch: Sequence[Work]) -> Loaded:
    """Asks for all that the batch needs in one round trip; a query that nobody needs is not sent."""
    asking = [
        (work.employer, each) for work in batch if work.employer for each in (work.needs, *work.needs.entries)
    ]
    needed = [(needs.owner or employer, needs) for employer, needs in asking]
    by_id = _keys((e, n.contract_id) for e, n in needed)
    by_external_id = _keys(
        (e, wanted) for e, n in needed for wanted in (n.contract_external_id, n.new_external_id)
    )
    by_number = _keys((e, n.contract_number) for e, n in needed)
    amended = [(e, n) for e, n in needed if n.amendments]
    read = [(e, n) for e, n in needed if n.history]
    away = [(e, n) for e, n in needed if n.leaves]

    loaded = Loaded()
    asked: list[Asked] = [Asked(QUERY)]
    takers: list[Take] = [loaded.take_editions]

    def ask(query: LiteralString, take: Take, *keys: Keys) -> None:
        if any(values for _, values in keys):
            asked.append(Asked(query, [as_array(column) for pair in keys for column in pair], as_text=True))
            takers.append(take)

    ask(_REQUESTS, loaded.add_answers, _keys((w.key.sender, w.key.request_id) for w in batch if w.key))
    ask(_CONTRACTS, loaded.add_contracts, by_id, by_external_id, by_number)
    ask(
        _AMENDMENTS,
        loaded.add_amendments,
        _keys((e, n.contract_id) for e, n in amended),
        _keys((e, n.contract_external_id) for e, n in amended),
        _keys((e, n.amendment_external_id) for e, n in needed),
    )
    ask(
        _LEAVES,
        loaded.add_leaves,
        _keys((e, n.contract_id) for e, n in away),
        _keys((e, n.contract_external_id) for e, n in away),
        _keys((e, n.leave_external_id) for e, n in needed),
    )
    ask(_OF_EMPLOYEES, loaded.add_contracts_of_employees, _keys((e, n.employee_iin) for e, n in needed))
    ask(_IIN_CHANGES, loaded.add_iin_changes, _keys((e, n.new_iin) for e, n in needed))
    ask(
        _HISTORY,
        loaded.add_history,
        _keys((e, n.contract_id) for e, n in read),
        _keys((e, n.contract_external_id) for e, n in read),
    )
    for employer, needs in needed:
        if needs.moving:
            asked.append(moving.asked(employer, needs.moving))
            takers.append(partial(loaded.add_moving, employer, needs.moving))
    ask(_DELEGATIONS, loaded.add_delegations, _keys((e, n.delegation_to) for e, n in asking))
    ask(_SYSTEMS, loaded.add_systems, _keys((n.system_of or e, n.system) for e, n in asking))
    ask(_CONSENTS, loaded.add_consents, _keys((e, n.consents_of) for e, n in asking))
    ask(
        _OWN_CONSENTS,
        loaded.add_own_consents,
        _keys((e, n.own_consent_id) for e, n in asking),
        _keys((e, n.own_consent_external_id) for e, n in asking),
    )
    ask(_LABOUR_REQUESTS, loaded.add_labour_requests, _keys((e, n.labour_request_id) for e, n in asking))
    ask(_PROOFS, loaded.add_proofs, _keys((e, n.proof_external_id) for e, n in needed))
    ask(_ACKNOWLEDGEMENTS, loaded.add_acknowledgements, _keys((e, n.acknowledgements_of) for e, n in needed))
    ask(_BATCHES, loaded.add_batches, _keys((e, n.batch_id) for e, n in needed))
    ask(_DELIVERIES, loaded.add_deliveries, _keys(w.needs.delivery for w in batch if w.needs.delivery))
    for take, rows in zip(takers, await connection.trip(asked), strict=True):
        take(rows)
    return loaded


Keys = tuple[list[str], list[Any]]


def _keys(pairs: Any) -> Keys:
    found = [pair for pair in pairs if pair[1] is not None]
    return [pair[0] for pair in found], [pair[1] for pair in found]
