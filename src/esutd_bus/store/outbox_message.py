"""A message as it is put out: a row of `outbox` that waits."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from esutd_bus.store.outbox_state import OutboxState

REQUEST: Final = "REQUEST"
NOTIFICATION: Final = "NOTIFICATION"
RESPONSE: Final = "RESPONSE"


def new_message(
    outbox_id: UUID,
    /,
    *,
    destination: str,
    service_id: str,
    message_type: str,
    kind: str,
    now: datetime,
    **more: Any,
) -> dict[str, Any]:
    """A row of `outbox` that waits. `kind`: an entry's kind, or what else tells how the message is made.

    `more`: `contract_id` and `version`, by which messages about a contract keep their order; `message_id` of the
    message that caused it; `subscription`; `correlation_id`, `session_id`; `body`, the payload, where it is there
    already.
    """
    return {
        "id": outbox_id,
        "destination": destination,
        "service_id": service_id,
        "message_type": message_type,
        "kind": kind,
        "created_at": now,
        "deadline_from": now,
        "state": OutboxState.WAITING.value,
        "next_try": now,
        "attempts": 0,
        "failures": 0,
        "setbacks": 0,
        **more,
    }
