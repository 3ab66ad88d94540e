"""What `esutd-bus outbox` and `esutd-bus explain` tell of messages that are to be sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from esutd_bus.store import outbox_desk
from esutd_bus.store.outbox import Connection
from esutd_bus.store.outbox_state import OutboxState

Told = dict[str, Any]

_OF_A_MESSAGE = ("id", "destination", "message_type", "kind", "contract_id", "version", "subscription")
_OF_ITS_STATE = (
    "state",
    "reason",
    "blocked_by",
    "next_try",
    "correlation_id",
    "bus_message_id",
    "changed_at",
)
_OF_AN_ATTEMPT = (
    "number",
    "doing",
    "node",
    "began_at",
    "ended_at",
    "happened",
    "state",
    "http_status",
    "code",
    "told",
    "bus_message_id",
)


def outgoing(connection: Connection, called: UUID) -> Iterator[Told]:
    """The messages of this id, or caused by the message of this id; with what was done with each."""
    rows = outbox_desk.about(connection, called)
    attempts = defaultdict(list)
    for each in outbox_desk.attempts(connection, [row["id"] for row in rows]):
        took = each["ended_at"] - each["began_at"] if each["ended_at"] else None
        told = {name: each[name] for name in _OF_AN_ATTEMPT}
        attempts[each["outbox_id"]].append(
            {**told, "seconds": round(took.total_seconds(), 3) if took is not None else None}
        )
    now = datetime.now(UTC)
    for row in rows:
        state = OutboxState[row["state"]]
        yield {
            **{name: row[name] for name in _OF_A_MESSAGE},
            "put_out_at": row["created_at"],
            **{name: row[name] for name in _OF_ITS_STATE},
            "is_final": state.is_final,
            "meaning": state.meaning,
            "waits_for": waits_for(row, now),
            "attempts": attempts[row["id"]],
        }


def waits_for(row: Mapping[str, Any], now: datetime) -> str | None:
    """Why a message is where it is, in a few words; None where there is nothing to say."""
    reason: str | None = row["reason"]
    if OutboxState[row["state"]].is_final:
        return reason
    if row["blocked_by"]:
        return f"blocked by {row['blocked_by']}"
    said = f" ({reason})" if reason else ""
    if row["leased_until"] and row["leased_until"] > now:
        return f"a node is at it{said}"
    if row["breaker_open_until"] and row["breaker_open_until"] > now:
        until = row["breaker_open_until"].astimezone(UTC)
        return f"the destination is left alone until {until:%H:%M:%S}Z: {row['breaker_error']}"
    if row["next_try"] > now:
        return f"next try {row['next_try'].astimezone(UTC):%Y-%m-%d %H:%M:%S}Z{said}"
    return f"its turn{said}"
