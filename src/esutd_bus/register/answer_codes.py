"""The answer codes: what `SCSE…`, `SCSS001` and `ESB…` say in Russian, Kazakh and English."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

SUCCESS = "SCSS001"
"""The code of every answer that is no fault."""


class AnswerCodeError(LookupError):
    """A code that no answer may carry: unknown to the register, or retired by it."""


@dataclass(frozen=True, slots=True)
class AnswerText:
    """What a code says. Russian and Kazakh of `SCSE…` are the ministry's own words.

    Where the ministry has no Kazakh text (SCSE134), its Russian one stands in.
    """

    ru: str
    kk: str
    en: str

    def followed_by(self, more: AnswerText) -> AnswerText:
        """This text and then another one, in each language."""
        return AnswerText(
            f"{_ended(self.ru)} {more.ru}", f"{_ended(self.kk)} {more.kk}", f"{_ended(self.en)} {more.en}"
        )


def text(code: str) -> AnswerText:
    """The texts of a code in force. Raises `AnswerCodeError` for one that is retired or unknown."""
    try:
        return _in_force()[code]
    except KeyError:
        known = "retired" if code in retired() else "unknown"
        raise AnswerCodeError(f"{code}: the answer code is {known}") from None


def told(code: str) -> Mapping[str, str]:
    """A code in force with its texts, as an answer's mapping reads them. Raises `AnswerCodeError`."""
    said = text(code)
    return {"code": code, "message_ru": said.ru, "message_kk": said.kk, "message_en": said.en}


def in_force() -> frozenset[str]:
    """Every code an answer may carry."""
    return frozenset(_in_force())


def retired() -> frozenset[str]:
    """The codes the register no longer uses; no answer may carry one."""
    return frozenset(row["code"] for row in _rows() if row["is_actual"] == "0")


def _ended(sentence: str) -> str:
    """The sentence with its full stop, which most of the codes' texts lack."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


@cache
def _in_force() -> Mapping[str, AnswerText]:
    return MappingProxyType(
        {
            row["code"]: AnswerText(ru=row["text_ru"], kk=row["text_kk"] or row["text_ru"], en=row["text_en"])
            for row in _rows()
            if row["is_actual"] == "1"
        }
    )


@cache
def _rows() -> tuple[Mapping[str, str], ...]:
    table = (files("esutd_bus.register") / "data" / "answer-codes.csv").read_text("utf-8")
    return tuple(csv.DictReader(io.StringIO(table, newline="")))
