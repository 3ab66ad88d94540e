from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from register_cases import EMPLOYER, MESSAGE_ID, NOW, accepted, command, judge, refusals

from esutd_bus.register.answer_codes import text
from esutd_bus.register.decide import needs
from esutd_bus.register.state import Needs, State

BATCH_ID, CONTRACT_ID = UUID(int=5), UUID(int=6)
KEPT = {
    "id": BATCH_ID,
    "employer": EMPLOYER,
    "headcount": None,
    "entries": [
        {"external_id": "a" * 32, "contract_id": str(CONTRACT_ID), "warnings": ["SCSE088"]},
        {
            "external_id": None,
            "errors": [{"code": "SCSE026", "reason": None, "field": "contract[2]/externalId"}],
        },
    ],
    "message_id": MESSAGE_ID,
    "recorded_at": NOW,
}


def asking(**said: Any) -> Any:
    return command("GetBatchResult", {"search": said})


def test_the_batch_is_loaded_by_its_id() -> None:
    assert needs(asking(batch_id=BATCH_ID)) == Needs(batch_id=BATCH_ID)


def test_each_entry_is_told_with_the_texts_of_its_codes() -> None:
    answer = accepted(judge(asking(batch_id=BATCH_ID), State(batch=KEPT))).answer
    good, bad = answer["entries"]
    late, missing = text("SCSE088"), text("SCSE026")
    assert answer["asked"] == {"batch_id": BATCH_ID, "status": "processed"}
    assert (good["contract_id"], good["errors"]) == (CONTRACT_ID, [])
    assert good["warnings"] == [
        {"code": "SCSE088", "message_ru": late.ru, "message_kk": late.kk, "message_en": late.en}
    ]
    assert (bad["external_id"], bad["contract_id"], bad["warnings"]) == (None, None, [])
    assert bad["errors"] == [
        {
            "code": "SCSE026",
            "reason": None,
            "field": "contract[2]/externalId",
            "message_ru": missing.ru,
            "message_kk": missing.kk,
            "message_en": missing.en,
        }
    ]


@pytest.mark.code("SCSE199")
def test_a_batch_that_this_employer_has_not_sent() -> None:
    assert refusals(judge(asking(batch_id=BATCH_ID))) == [("SCSE199", "search.batch_id")]


@pytest.mark.code("SCSE195")
def test_a_batch_that_is_not_named() -> None:
    assert refusals(judge(asking())) == [("SCSE195", "search.batch_id")]
