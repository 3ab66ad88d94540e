"""Events as rows: how what happened is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table

from esutd_bus.register.dictionaries import region
from esutd_bus.register.event import ContractEvent, DelegationRecorded, Disclosed, RowAdded, RowsStored
from esutd_bus.register.jsonable import jsonable
from esutd_bus.register.timeline import entered_as_json
from esutd_bus.store import tables
from esutd_bus.store.ids import uuid7
from esutd_bus.store.journal import Record
from esutd_bus.store.outbox_message import NOTIFICATION, new_message
from esutd_bus.store.subscriptions import Subscriptions
from esutd_bus.store.work import Outcome

Rows = dict[Table, list[Mapping[str, Any]]]


class Projection:
    """Gathers the rows of a batch, by table: those to insert and those to update."""

    def __init__(self, exchange_tables: Mapping[str, Table], subscriptions: Subscriptions) -> None:
        self._exchange_tables = exchange_tables
        self._subscriptions = subscriptions
        self.inserts: Rows = defaultdict(list)
        self.updates: Rows = defaultdict(list)

    def add(self, outcome: Outcome, record: Record) -> None:
        """The rows of one message's events; `record` is the message they came by."""
        for event in outcome.events:
            match event:
                case ContractEvent():
                    self._contract(event, outcome, record)
                case Disclosed():
                    self.inserts[tables.disclosure].append(event.disclosure)
                case RowAdded():
                    self.inserts[tables.metadata.tables[event.table]].append(event.row)
                case DelegationRecorded():
                    self.inserts[tables.delegation].append(event.delegation)
                case RowsStored():
                    self._rows(event.rows, outcome, record)

    def _contract(self, event: ContractEvent, outcome: Outcome, record: Record) -> None:
        self.inserts[tables.contract_event].append(_history(event, outcome, record))
        if event.amendment is not None:
            self._put(tables.amendment, event.amendment)
        if event.leave is not None:
            self._put(tables.leave, event.leave)
        if event.proof is not None:
            self.inserts[tables.proof].append(event.proof)
        self._put(tables.contract, {**event.contract, "changed_at": outcome.decided_at})
        for subscription in self._subscriptions.to(event.kind, event.contract["employer"], _employer(event)):
            message = new_message(
                uuid7(),
                destination=subscription.service_id,
                service_id=subscription.service_id,
                message_type=NOTIFICATION,
                kind=event.kind,
                now=record.recorded_at,
                contract_id=event.contract["id"],
                version=event.contract["version"],
                message_id=record.id,
                subscription=subscription.name,
            )
            self.inserts[tables.outbox].append(message)

    def _put(self, table: Table, row: Mapping[str, Any]) -> None:
        """A row as it is from now on: new at its first version."""
        target = self.inserts if row["version"] == 1 else self.updates
        target[table].append(row)

    def _rows(self, rows: Sequence[tuple[str, Mapping[str, Any]]], outcome: Outcome, record: Record) -> None:
        known = {"employer": record.sender, "message_id": record.id, "recorded_at": outcome.decided_at}
        for name, row in rows:
            stored = {**row, **known}
            self.inserts[self._exchange_tables[name]].append(stored)


def _history(event: ContractEvent, outcome: Outcome, record: Record) -> Mapping[str, Any]:
    deadline = event.deadline
    return {
        "contract_id": event.contract["id"],
        "version": event.contract["version"],
        "employer": _employer(event),
        "event": event.kind,
        "effective_on": event.effective_on,
        "recorded_at": outcome.decided_at,
        "recorded_by": outcome.recorded_by,
        "message_id": record.id,
        "clause": deadline.clause if deadline else None,
        "due_on": deadline.due_on if deadline else None,
        "days_late": deadline.days_late if deadline else None,
        "changes": [
            {"field": name, "before": jsonable(before), "after": jsonable(after)}
            for name, (before, after) in event.changes.items()
        ],
        "leave_id": event.leave["id"] if event.leave else None,
        "entered": entered_as_json(event.entered) if event.entered is not None else None,
        "amendment_id": event.amendment["id"] if event.amendment else None,
        "channel": outcome.channel,
        "region": region(event.contract["kato_code"]) if event.contract.get("kato_code") else None,
        "employee_iin": event.contract["employee_iin"],
    }


def _employer(event: ContractEvent) -> Any:
    """Whose entry it is: that of the employer it had before, where the event gave the contract another."""
    return event.changes["employer"][0] if "employer" in event.changes else event.contract["employer"]
