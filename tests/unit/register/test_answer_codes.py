from __future__ import annotations

import csv
import hashlib
import re
from importlib.resources import files
from pathlib import Path

import pytest

from esutd_bus.register import answer_codes
from esutd_bus.register.answer_codes import AnswerCodeError, in_force, retired, text

REGISTER = Path(str(files("esutd_bus.register")))
MINISTRY = re.compile(r"SCSE\d{3}|SCSS001")
CODE = re.compile(r"SCSE\d{3}|SCSS\d{3}|ESB\d{3}")
DIGEST_OF_THE_MINISTRYS_TABLE = "bbdaa593ddce504feb715d99937bec5ea4a4072b41181710d4f48409f8f8c0e8"


def rows() -> list[list[str]]:
    with (REGISTER / "data" / "answer-codes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def test_the_ministrys_words_stand_to_the_letter() -> None:
    digest = hashlib.sha256()
    ministry = [row[:4] for row in rows() if MINISTRY.fullmatch(row[0])]
    for row in ministry:
        digest.update("\x1f".join(row).encode() + b"\n")
    assert len(ministry) == 287
    assert digest.hexdigest() == DIGEST_OF_THE_MINISTRYS_TABLE


def test_a_code_speaks_three_languages() -> None:
    said = text("SCSE059")
    assert said.ru == "Дата договора не должна быть позже текущего дня"
    assert said.kk.strip()
    assert said.en == "The contract date must not be later than the current day"


def test_every_code_in_force_speaks_all_three() -> None:
    texts = [text(code) for code in in_force()]
    assert all(said.ru.strip() and said.kk.strip() and said.en.strip() for said in texts)
    assert sum(MINISTRY.fullmatch(code) is not None for code in in_force()) == 268


def test_the_services_own_codes_are_there() -> None:
    own = {f"ESB{number:03}" for number in (*range(1, 13), 99)}
    assert {code for code in in_force() if code.startswith("ESB")} == own


def test_success_is_a_code() -> None:
    assert text(answer_codes.SUCCESS).ru == "Данные успешно обработаны"


@pytest.mark.parametrize(
    ("code", "why"), [("SCSE013", "retired"), ("SCSE106", "retired"), ("SCSE300", "unknown"), ("", "unknown")]
)
def test_a_retired_or_unknown_code_is_an_error(code: str, why: str) -> None:
    with pytest.raises(AnswerCodeError, match=why):
        text(code)


def test_no_code_stands_twice() -> None:
    codes = [row[0] for row in rows()]
    assert len(codes) == len(set(codes))


def test_no_rule_answers_with_a_retired_or_unknown_code() -> None:
    """SCSE106 is named once, in a comment that says why it is not used."""
    named = {
        code
        for path in (*REGISTER.rglob("*.py"), REGISTER / "data" / "fields.yaml")
        for line in path.read_text("utf-8").splitlines()
        for code in CODE.findall(line.partition("#")[0])
    }
    assert len(named) > 40
    assert named <= in_force()
    assert not named & retired()
