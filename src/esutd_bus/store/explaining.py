"""What the database holds of one contract, or of one message: the rows behind `esutd-bus explain`.

Nothing here knows what an entry or a table is about: a kind of entry, a table with a `message_id`, that comes later is
found all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

Connection = psycopg.Connection[dict[str, Any]]
Rows = Sequence[dict[str, Any]]

_CONTRACTS = """
SELECT id FROM contract
WHERE (id = %(uuid)s OR external_id = %(text)s) AND (%(employer)s::text IS NULL OR employer = %(employer)s)
ORDER BY id
"""
_MESSAGES = """
SELECT id FROM message
WHERE (id = %(uuid)s OR request_id = %(uuid)s) AND direction = 'in' AND reply_to IS NULL
   OR id = (SELECT reply_to FROM message WHERE id = %(uuid)s)
   OR id = (SELECT message_id FROM outbox WHERE id = %(uuid)s)
ORDER BY id
"""
_HISTORY = """
SELECT e.*, m.recorded_at AS received_at, m.operation, m.channel AS came_by, m.sender, m.request_id, m.chain, m.seq,
       a.code, a.status
FROM contract_event e
LEFT JOIN message m ON m.id = e.message_id
LEFT JOIN message a ON a.reply_to = m.id AND a.direction = 'out' AND a.channel = m.channel
WHERE e.contract_id = %s
ORDER BY e.version
"""
_DISCLOSURES = """
SELECT d.*, m.operation FROM disclosure d LEFT JOIN message m ON m.id = d.message_id
WHERE d.employee_iin = ANY(%s) ORDER BY d.disclosed_at, d.id
"""
_BOUND = """
SELECT r.*, a.reply_to AS given_to FROM request r JOIN message a ON a.id = r.answer_id
WHERE r.sender = %s AND r.request_id = %s
"""
_WRITTEN_BY_MESSAGES = """
SELECT c.table_schema, c.table_name FROM information_schema.columns c
WHERE c.column_name = 'message_id' AND c.table_schema IN ('public', 'exchange') AND c.table_name <> 'outbox'
ORDER BY c.table_schema DESC, c.table_name
"""


def contracts_called(connection: Connection, text: str, employer: str | None) -> list[UUID]:
    """The contracts with this id, or this id at their sender's; of one employer, where it is named."""
    found = connection.execute(
        _CONTRACTS, {"uuid": _uuid(text), "text": text, "employer": employer}
    ).fetchall()
    return [row["id"] for row in found]


def messages_called(connection: Connection, text: str) -> list[UUID]:
    """The messages with this id, or with this requestId, the oldest first.

    The id of an answer, or of what was sent because of a message, stands for that message.
    """
    asked = _uuid(text)
    if asked is None:
        return []
    return [row["id"] for row in connection.execute(_MESSAGES, {"uuid": asked}).fetchall()]


def contract(connection: Connection, contract_id: UUID) -> dict[str, Any]:
    """The contract as it is, a deleted one too. Raises LookupError."""
    row = connection.execute("SELECT * FROM contract WHERE id = %s", (contract_id,)).fetchone()
    if row is None:
        raise LookupError(contract_id)
    return row


def history(connection: Connection, contract_id: UUID) -> Rows:
    """Its entries by version, each with the message it came by and what that was answered."""
    return connection.execute(_HISTORY, (contract_id,)).fetchall()


def parts(connection: Connection, table: str, contract_id: UUID) -> Rows:
    """The contract's rows of a table (`amendment`, `leave`), deleted ones too."""
    query = sql.SQL("SELECT * FROM {} WHERE contract_id = %s ORDER BY recorded_at, id")
    return connection.execute(query.format(sql.Identifier(table)), (contract_id,)).fetchall()


def disclosures(connection: Connection, iins: Sequence[str]) -> Rows:
    """Who learned about a person, by all the IINs the person has had."""
    return connection.execute(_DISCLOSURES, (list(iins),)).fetchall()


def bound(connection: Connection, sender: str | None, request_id: UUID | None) -> dict[str, Any] | None:
    """Which answer a sender's requestId is bound to; `given_to` is the message that it was first given to."""
    return connection.execute(_BOUND, (sender, request_id)).fetchone()


def written(connection: Connection, message_id: UUID) -> list[tuple[str, dict[str, Any]]]:
    """(table, row) of everything that a message wrote into the register, whatever tables there are.

    But for what is to be sent because of it: `store.outbox_desk` tells of that.
    """
    return written_by(connection, [message_id]).get(message_id, [])


def written_by(
    connection: Connection, message_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[str, dict[str, Any]]]]:
    """The same of several messages, by message: each table is read once."""
    found: dict[UUID, list[tuple[str, dict[str, Any]]]] = {}
    for named in connection.execute(_WRITTEN_BY_MESSAGES).fetchall():
        table = sql.Identifier(named["table_schema"], named["table_name"])
        query = sql.SQL("SELECT * FROM {} WHERE message_id = ANY(%s)").format(table)
        for row in connection.execute(query, (list(message_ids),)).fetchall():
            found.setdefault(row["message_id"], []).append((str(named["table_name"]), row))
    return found


def dictionary_names(connection: Connection, codes: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """(dictionary, code) → what the entry is called in Russian."""
    found = connection.execute(
        "SELECT dictionary, code, name_ru FROM dictionary_entry"
        " WHERE (dictionary, code) IN (SELECT * FROM unnest(%s::text[], %s::text[]))",
        ([dictionary for dictionary, _ in codes], [code for _, code in codes]),
    ).fetchall()
    return {(row["dictionary"], row["code"]): row["name_ru"] for row in found}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
