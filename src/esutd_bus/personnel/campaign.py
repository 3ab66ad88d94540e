"""A campaign: what is to be sent of one file and what became of it, kept beside the result.

All that makes a message itself (requestId, sentAt, the contracts' ids) is fixed here before it is sent, so that a load
that was broken off sends the same messages again: the register answers those as it did before, and nothing is doubled.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

VERSION = 1
REGISTERED, REFUSED, WRONG, NOT_SENT = "зарегистрирован", "отказ", "ошибка", "не отправлен"
"""What is said of a row: the register has it; the register refuses it; it is wrong, and was not sent; nothing yet."""


class CampaignError(ValueError):
    """A state that is not this file's, or cannot be read; the message says so, in Russian."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What is said of a row: by this program, or by the register."""

    code: str
    column: str
    """The column's name; empty where it is about none."""

    text: str


@dataclass(slots=True)
class Outcome:
    """What became of a row."""

    status: str
    contract_id: str | None = None
    """By which the register knows it, if it is registered."""

    remarks: list[Remark] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """One SubmitBatch."""

    request_id: str
    sent_at: str
    rows: list[int]
    """Numbers of the rows, in the order of the batch."""

    sha256: str
    """Of the message before its signature."""

    batch_id: str | None = None
    """As the register answered."""

    outcomes: list[Outcome] | None = None
    """Of its rows, once they are known."""


@dataclass(slots=True)
class Campaign:
    """All batches of one file."""

    source: str
    """SHA-256 of the file."""

    endpoint: str
    employer: str
    headcount: int | None
    external_ids: dict[int, str]
    """Row → its contract's id, the officer's own or one made here."""

    refused: dict[int, Outcome]
    """Rows that were wrong before anything was sent, where the others are sent all the same."""

    batches: list[Batch]

    @property
    def is_over(self) -> bool:
        """Whether the register has told of every row."""
        return all(batch.outcomes is not None for batch in self.batches)

    @property
    def is_begun(self) -> bool:
        """Whether the register has taken one of its batches."""
        return any(batch.batch_id is not None for batch in self.batches)

    def outcomes(self) -> dict[int, Outcome]:
        """Row → what became of it, as far as it is known."""
        known = [
            pair
            for batch in self.batches
            if batch.outcomes is not None
            for pair in zip(batch.rows, batch.outcomes, strict=True)
        ]
        return {**self.refused, **dict(known)}

    def save(self, file: Path) -> None:
        """Keeps it, whole, on the disk. Raises OSError."""
        beside = file.with_name(f"{file.name}.new")
        with beside.open("w", encoding="utf-8") as target:
            json.dump({"version": VERSION, **asdict(self)}, target, ensure_ascii=False, indent=1)
            target.flush()
            os.fsync(target.fileno())
        beside.replace(file)

    @classmethod
    def load(cls, file: Path) -> Self | None:
        """What was kept, if anything. Raises CampaignError, OSError."""
        try:
            kept: dict[str, Any] = json.loads(file.read_text("utf-8"))
            if kept.pop("version") != VERSION:
                raise CampaignError(f"{file}: записан другой версией программы")
            kept["external_ids"] = {int(row): one for row, one in kept["external_ids"].items()}
            kept["refused"] = {int(row): _outcome(one) for row, one in kept["refused"].items()}
            kept["batches"] = [
                Batch(**{**one, "outcomes": _outcomes(one["outcomes"])}) for one in kept["batches"]
            ]
            return cls(**kept)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise (
                error if isinstance(error, CampaignError) else CampaignError(f"{file}: не читается")
            ) from error


def _outcome(kept: dict[str, Any]) -> Outcome:
    return Outcome(kept["status"], kept["contract_id"], [Remark(**one) for one in kept["remarks"]])


def _outcomes(kept: Sequence[dict[str, Any]] | None) -> list[Outcome] | None:
    return None if kept is None else [_outcome(one) for one in kept]
