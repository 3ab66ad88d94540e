"""A load: the rows of a table are judged, put into batches, sent, and asked about."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from lxml import etree
from lxml.etree import _Element as Element

from esutd_bus.mapping.compile import MappedOperation, Mappings
from esutd_bus.personnel.campaign import (
    REFUSED,
    REGISTERED,
    WRONG,
    Batch,
    Campaign,
    CampaignError,
    Outcome,
    Remark,
)
from esutd_bus.personnel.judging import Judge
from esutd_bus.personnel.messages import Texts, written
from esutd_bus.personnel.register_door import RegisterDoor, errors_in
from esutd_bus.personnel.table import Row, Table
from esutd_bus.register.identifiers import is_bin
from esutd_bus.register.rulebook import Rulebook

AT_MOST = 500
"""Contracts of one batch."""

LARGEST_BATCH_BYTES = 4_500_000
"""Of a batch before its signature; the register takes 5 MB at most."""

SYSTEM = "esutd-bus load"
_SERVICE = "EmploymentContracts"


@dataclass(frozen=True, slots=True)
class Operations:
    """What of the register's service a load needs."""

    register: MappedOperation
    submit: MappedOperation
    result: MappedOperation

    @classmethod
    def of(cls, mappings: Mappings) -> Operations:
        """From all that are served."""
        named = {
            operation.contract.name: operation
            for operation in mappings.operations.values()
            if operation.contract.service == _SERVICE
        }
        return cls(named["RegisterContract"], named["SubmitBatch"], named["GetBatchResult"])


@dataclass(frozen=True, slots=True)
class Sender:
    """For whom a table is loaded."""

    employer: str
    """BIN or IIN."""

    headcount: int | None


def judged(
    table: Table, rows: Sequence[Row], operations: Operations, sender: Sender, now: datetime, rules: Rulebook
) -> dict[int, Outcome]:
    """Row → what is wrong with it; those that are right are not in it."""
    judge = Judge(operations.register, sender.employer, sender.headcount, now, rules)
    wrong = {}
    for row in rows:
        remarks = [
            *row.remarks,
            *(
                table.remark(refusal.code, refusal.path)
                for refusal in judge.refusals(row.texts)
                if refusal.path not in row.unread
            ),
        ]
        if remarks:
            wrong[row.number] = Outcome(WRONG, remarks=remarks)
    return wrong


class Load:
    """The sending of one campaign; each step is kept before the next."""

    def __init__(
        self,
        table: Table,
        operations: Operations,
        campaign: Campaign,
        state: Path,
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._operations = operations
        self._campaign = campaign
        self._state = state
        self._clock = clock
        self._rows = {row.number: row for row in table.rows(campaign.external_ids)}

    def plan(self, at_most: int) -> None:
        """Puts the rows that are right into batches, and keeps what makes each message itself."""
        ready = [row for row in self._rows.values() if row.number not in self._campaign.refused]
        for part in _parts([row.number for row in ready], self._rows, at_most):
            batch = Batch(str(uuid4()), self._clock().isoformat(), part, "")
            batch.sha256 = _sha256(self._message(batch))
            self._campaign.batches.append(batch)
        self._campaign.save(self._state)

    def send(self, door: RegisterDoor, advance: Callable[[int], None]) -> None:
        """Sends what has no outcome yet; `advance` hears of so many rows more.

        Raises:
            RefusedError: a batch as a whole; what was done before it is kept.
            NoAnswerError: the same, and the batch may have come or not: the next try sends it again as it is.
            CampaignError: a message would not be the one that was sent before.
        """
        for batch in self._campaign.batches:
            if batch.outcomes is None:
                if batch.batch_id is None:
                    message = self._message(batch)
                    if _sha256(message) != batch.sha256:
                        raise CampaignError(
                            f"{self._state}: программа с тех пор изменилась; закончите загрузку прежней"
                        )
                    answer = door.ask(self._operations.submit.contract, message)
                    batch.batch_id = answer.findtext("{*}batchId")
                    self._campaign.save(self._state)
                batch.outcomes = self._outcomes(batch, door)
                self._campaign.save(self._state)
            advance(len(batch.rows))

    def _message(self, batch: Batch) -> Element:
        texts = self._opening(batch.request_id, batch.sent_at)
        if self._campaign.headcount is not None:
            texts["headcount"] = str(self._campaign.headcount)
        contracts = [self._rows[number].texts for number in batch.rows]
        return written(self._operations.submit.contract, texts, contracts)

    def _opening(self, request_id: str, sent_at: str) -> dict[str, str]:
        employer = self._campaign.employer
        return {
            "requestHeader/requestId": request_id,
            "requestHeader/sentAt": sent_at,
            "requestHeader/system": SYSTEM,
            f"employer/{'bin' if is_bin(employer) else 'iin'}": employer,
        }

    def _outcomes(self, batch: Batch, door: RegisterDoor) -> list[Outcome]:
        asked = {**self._opening(str(uuid4()), self._clock().isoformat()), "batchId": batch.batch_id or ""}
        answer = door.ask(self._operations.result.contract, written(self._operations.result.contract, asked))
        entries = answer.findall("{*}entry")
        if len(entries) != len(batch.rows):
            raise CampaignError(
                f"пакет {batch.batch_id}: отправлено {len(batch.rows)}, реестр знает {len(entries)}"
            )
        return [self._outcome(entry) for entry in entries]

    def _outcome(self, entry: Element) -> Outcome:
        contract_id = entry.findtext("{*}contractId")
        remarks = [
            self._table.remark(error.code, _without_count(error.field), error.text)
            for error in errors_in(entry)
        ]
        remarks += [
            Remark(warning.findtext("{*}code", ""), "", warning.findtext("{*}messageRu", ""))
            for warning in entry.iterfind("{*}warning")
        ]
        return Outcome(REGISTERED if contract_id else REFUSED, contract_id, remarks)


def _without_count(field: str) -> str:
    """`contract[17]/number` → `contract/number`."""
    head, _, below = field.partition("/")
    return f"{head.partition('[')[0]}/{below}" if below else head.partition("[")[0]


def _parts(numbers: Sequence[int], rows: Mapping[int, Row], at_most: int) -> Iterator[list[int]]:
    part: list[int] = []
    size = 0
    for number in numbers:
        own = _size(rows[number].texts)
        if part and (len(part) == at_most or size + own > LARGEST_BATCH_BYTES):
            yield part
            part, size = [], 0
        part.append(number)
        size += own
    if part:
        yield part


def _size(texts: Texts) -> int:
    """About so many bytes a contract takes."""
    return sum(len(text.encode()) + 2 * len(path) + 10 for path, text in texts.items()) + 500


def _sha256(message: Element) -> str:
    return hashlib.sha256(etree.tostring(message)).hexdigest()
