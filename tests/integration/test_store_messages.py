"""Looking into the journal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from store_works import ACCEPTED, in_a_loop, record, unit_of_work

from esutd_bus.store.connection import connect_now
from esutd_bus.store.messages import Filter, conversation, find
from esutd_bus.store.work import Outcome, Work

REQUEST_ID = uuid4()


def asked(code: str, **more: Any) -> Work:
    """A message, what another system was asked for it, and its answer."""
    message = record(body=b"<asked/>", **more)
    call = record("out", reply_to=message.id)
    call.channel = "bus"
    heard = record("in", reply_to=message.id, code="found")
    heard.channel = "bus"
    told = record("out", reply_to=message.id, code=code, status=200)
    return Work([message, call, heard], lambda _state, _stored: Outcome(told))


@in_a_loop
async def test_messages_are_found_by_what_is_known_of_them(database: str) -> None:
    first = asked(ACCEPTED, sender="990440000385", operation="Do", said={"request_id": REQUEST_ID})
    second = asked("SCSE014", sender="940340000421", operation="Undo")
    async with unit_of_work(database) as unit:
        await unit.submit(first)
        await unit.submit(second)
    now = datetime.now(UTC)
    older, newer = first.records[0].id, second.records[0].id
    with connect_now(database) as connection:

        def found(limit: int = 10, **wanted: Any) -> list[Any]:
            return [row["id"] for row in find(connection, Filter(**wanted), limit)]

        assert found() == [newer, older]
        assert found(limit=1) == [newer]
        assert (
            found(sender="990440000385") == found(request_id=REQUEST_ID) == found(operation="Do") == [older]
        )
        assert found(code=ACCEPTED) == [older]
        assert found(since=now + timedelta(hours=1)) == found(until=now - timedelta(hours=1)) == []
        assert found(since=now - timedelta(hours=1), until=now + timedelta(hours=1)) == [newer, older]
        assert found(sender="990440000385", code="SCSE014") == []
        row = find(connection, Filter(code=ACCEPTED), 1)[0]
        assert (row["status"], row["bytes"], row["request_id"]) == (200, len(b"<asked/>"), REQUEST_ID)


@pytest.mark.parametrize("member", range(4))
@in_a_loop
async def test_a_conversation_is_found_by_any_of_its_messages(database: str, member: int) -> None:
    work = asked(ACCEPTED)
    async with unit_of_work(database) as unit:
        await unit.submit(asked(ACCEPTED))
        outcome = await unit.submit(work)
    belonging = [*work.records, outcome.answer]
    with connect_now(database) as connection:
        found = conversation(connection, belonging[member].id)
        assert [row["id"] for row in found] == [each.id for each in belonging]
        assert conversation(connection, uuid4()) == []
