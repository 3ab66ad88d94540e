"""What the register and the journal hold of the country's messages, as the service would have written it.

The engine judges one message of each kind and day, and the store's own code makes rows of what comes of it. These are
forms for the other contracts of that day: theirs differ in what the message says, and in ids and moments, for every
rule that looks at these says yes to all of them (a test compares).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from hashlib import sha256
from random import getrandbits
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson

from benchmarks.country.copying import encoder, row_form, told_columns
from benchmarks.country.form import Form, Gap
from benchmarks.country.messages import (
    EXAMPLE_BIN,
    EXAMPLE_SIGNER,
    Envelopes,
    Registration,
    registration,
    unsigned,
)
from benchmarks.country.plan import NODE, Plan, id_at
from esutd_bus.lockstep import at_once
from esutd_bus.node import open_node
from esutd_bus.passage import Passage, Request
from esutd_bus.register.decide import needs
from esutd_bus.register.dictionaries import region
from esutd_bus.register.state import State
from esutd_bus.settings import Settings
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.store import tables
from esutd_bus.store.compression import compress
from esutd_bus.store.decision import Decided
from esutd_bus.store.journal import GENESIS, Head, Record
from esutd_bus.store.projection import Projection
from esutd_bus.store.subscriptions import Subscriptions
from esutd_bus.store.writer import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Column, Table

    from benchmarks.country.copying import Encode
    from esutd_bus.engine import Engine
    from esutd_bus.store.work import Outcome, Work
    from esutd_bus.testbed.test_ca import TestCa

_SERVICE: Final = "/soap/contracts"
_KINDS_REMEMBERED: Final = 64

VERIFIED: Final = timedelta(microseconds=200)
DECIDED: Final = timedelta(microseconds=600)
ANSWERED: Final = timedelta(microseconds=900)
"""After the message has come."""

# The rows of a registration, and their columns that differ within a day: column → name of the value.
_MESSAGE: Final = {
    "id": "message_id",
    "recorded_at": "received_at",
    "sender": "employer",
    "employer": "employer",
    "request_id": "request_id",
    "sent_at": "sent_at",
    "chain": "chain",
    "seq": "message_seq",
    "hash": "message_hash",
    "body": "message_body",
    "body_sha256": "message_sha256",
    "report": "report",
}
_ANSWER: Final = {
    "id": "answer_id",
    "recorded_at": "answered_at",
    "reply_to": "message_id",
    "sender": "employer",
    "chain": "chain",
    "seq": "answer_seq",
    "hash": "answer_hash",
    "body": "answer_body",
    "body_sha256": "answer_sha256",
}
_DIFFER: Final[Mapping[Table, Sequence[Mapping[str, str]]]] = {
    tables.contract: [
        {
            "id": "contract_id",
            "employer": "employer",
            "external_id": "external_id",
            "number": "number",
            "employee_iin": "iin",
            "employee_surname": "surname",
            "employee_name": "name",
            "employee_patronymic": "patronymic",
            "position_code": "position_code",
            "established_post": "post",
            "kato_code": "kato",
            "address": "address",
            "registered_at": "decided_at",
            "changed_at": "decided_at",
        }
    ],
    tables.contract_event: [
        {
            "contract_id": "contract_id",
            "employer": "employer",
            "recorded_at": "decided_at",
            "recorded_by": "recorded_by",
            "message_id": "message_id",
            "region": "region",
            "employee_iin": "iin",
        }
    ],
    tables.request: [
        {
            "sender": "employer",
            "request_id": "request_id",
            "payload_sha256": "payload_sha256",
            "answer_id": "answer_id",
            "bound_at": "answered_at",
        }
    ],
    tables.message: [_MESSAGE, _ANSWER],
}
_NOT_HASHED: Final = {"hash", "body"}

Rows = dict[tuple["Column[Any]", ...], list[bytes]]
"""By the columns that they have: rows as COPY takes them."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What comes of a message of a kind."""

    answer: Form
    hashed: Sequence[Form]
    """What the journal's hashes are made of: the message's, the answer's."""

    rows: Sequence[tuple[tuple[Column[Any], ...], Form]]
    encoders: Mapping[str, Encode]
    """By names of values: how COPY has them."""


class Entries:
    """Makes entries; one for each process. The database gives the dictionaries, and is not written."""

    def __init__(self, plan: Plan, ca: TestCa, database: str) -> None:
        self._plan = plan
        self._signer = ca.identity(EXAMPLE_SIGNER)
        settings = Settings(
            database_url=database,
            trust_dir=ca.trust_dir,
            node=NODE,
            believe_sent_at=True,
            log_level="ERROR",
        )
        self._engine: Engine = asyncio.run(_opened(settings))
        self._envelopes = Envelopes(self._signer)
        self._kinds: dict[tuple[str, int], _Kind] = {}
        self._learn()

    def rows(self, contracts: Iterable[int], head: Head) -> Rows:
        """The rows that contracts of the plan come to, in their order; moves the chain's head."""
        rows: Rows = defaultdict(list)
        for contract in contracts:
            told = registration(self._plan, contract)
            self._add(rows, self._kind(told), told, head)
        return rows

    def _add(self, rows: Rows, kind: _Kind, told: Registration, head: Head) -> None:
        texts, at = told.values, told.at.astimezone(UTC)
        signed = self._envelopes.sign(told, at + VERIFIED)
        message_id, contract_id, answer_id = (
            id_at(at + later, getrandbits(62)) for later in (timedelta(), VERIFIED, ANSWERED)
        )
        answer = kind.answer.fill(
            {
                "request_id": texts["request_id"].encode(),
                "message_id": str(message_id).encode(),
                "received_at": at.isoformat().encode(),
                "contract_id": str(contract_id).encode(),
            }
        )
        values = {
            **texts,
            "message_id": message_id,
            "contract_id": contract_id,
            "answer_id": answer_id,
            "request_id": UUID(texts["request_id"]),
            "region": region(texts["kato"]),
            "received_at": at,
            "decided_at": at + DECIDED,
            "answered_at": at + ANSWERED,
            "recorded_by": f"{told.signed_by}/{signed.head}",
            "payload_sha256": signed.payload_sha256,
            "chain": head.chain,
            "message_seq": head.seq + 1,
            "answer_seq": head.seq + 2,
            "message_sha256": sha256(signed.raw).digest(),
            "answer_sha256": sha256(answer).digest(),
        }
        hashed = {name: _told(values[name]) for name in _HASHED}
        hashed["report"] = signed.report
        for place, form in zip(("message_hash", "answer_hash"), kind.hashed, strict=True):
            values[place] = head.hash = sha256(head.hash + form.fill(hashed)).digest()
        head.seq += 2
        values["message_body"], values["answer_body"] = compress(signed.raw), compress(answer)
        values["report"] = compress(signed.report)
        fields = {name: encode(values[name]) for name, encode in kind.encoders.items()}
        for columns, form in kind.rows:
            rows[columns].append(form.fill(fields))

    def _learn(self) -> None:
        work, _ = self._read(registration(self._plan, 0))
        report = work.records[0].report
        if report is None:
            raise AssertionError
        self._envelopes.learn(report)

    def _kind(self, told: Registration) -> _Kind:
        key = told.values["concluded_on"], told.late_by
        if key not in self._kinds:
            if len(self._kinds) == _KINDS_REMEMBERED:
                self._kinds.clear()  # days pass
            self._kinds[key] = self._judge(told)
        return self._kinds[key]

    def _judge(self, told: Registration) -> _Kind:
        """What the engine and the store make of a message, but for its signer, who is that of the example."""
        work, outcome = self._read(told)
        written = rows_of(
            Decided({work: outcome}), Head("", 0, GENESIS), Projection({}, Subscriptions())
        ).inserts
        (contract,) = written[tables.contract]
        gaps = {
            "request_id": told.values["request_id"].encode(),
            "message_id": str(work.records[0].id).encode(),
            "received_at": work.records[0].recorded_at.isoformat().encode(),
            "contract_id": str(contract["id"]).encode(),
        }
        rows = []
        encoders: dict[str, Encode] = {}
        for table, found in written.items():
            columns = tuple(told_columns(table, found))
            for row, differs in zip(found, _DIFFER[table], strict=True):
                rows.append((columns, row_form(columns, row, differs)))
                for column, name in differs.items():
                    encoders[name] = encoder(table.columns[column])
        hashed = [
            _hashed(row, differs)
            for row, differs in zip(written[tables.message], _DIFFER[tables.message], strict=True)
        ]
        return _Kind(Form.like(outcome.answer.body, gaps), hashed, rows, encoders)

    def _read(self, told: Registration) -> tuple[Work, Outcome]:
        """The message of the example's signer, verified and judged as if it had come then."""
        theirs = replace(told, values={**told.values, "employer": EXAMPLE_BIN})
        channel = self._engine.channels[_SERVICE]
        record = Record(
            id=id_at(told.at, 0),
            direction="in",
            recorded_at=told.at,
            channel=channel.name,
            service=channel.contract.name,
            body=sign_wsse(unsigned(theirs), self._signer),
        )
        passage = Passage(record, channel.wrapping)
        # The engine's own steps, without the store: nothing is to be written here.
        request = at_once(self._engine._reader.reading(passage, channel, told.at + VERIFIED))  # noqa: SLF001
        if not isinstance(request, Request):
            raise TypeError(request)
        work = self._engine._work(passage, request, needs(request.command))  # noqa: SLF001
        outcome = work.decide(State(), None)
        if not outcome.events:
            raise ValueError(outcome.answer.body.decode())
        return work, outcome


def _hashed(row: Mapping[str, Any], differs: Mapping[str, str]) -> Form:
    """What a record's hash is made of, as the journal tells it: JSON without spaces, names in their order."""

    def parts() -> Iterator[bytes | Gap]:
        names = sorted(row.keys() - _NOT_HASHED)
        for name in names:
            yield (b'{"%b":' if name == names[0] else b',"%b":') % name.encode()
            yield Gap(differs[name]) if name in differs else _told(row[name])
        yield b"}"

    return Form(parts())


def _told(value: object) -> bytes:
    return orjson.dumps(value, default=bytes.hex)


_HASHED: Final = sorted(
    {name for differs in (_MESSAGE, _ANSWER) for column, name in differs.items() if column not in _NOT_HASHED}
    - {"report"}
)


async def _opened(settings: Settings) -> Engine:
    """An engine that has read what is in force, and has let go of the database again."""
    engine = await open_node(settings)
    await engine.close()
    return engine
