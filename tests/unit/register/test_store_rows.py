from __future__ import annotations

from typing import Any
from uuid import UUID

from register_cases import MESSAGE_ID, NEW_ID, accepted, command, judge, refusals

from esutd_bus.register.decide import needs
from esutd_bus.register.event import RowsStored
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.state import Needs

VALUES: dict[str, Any] = {
    "vacancy_skill": [{"name": "SQL"}, {"name": "XML"}],
    "vacancy": {"title": "Аналитик"},
    "vacancy_city": [{"name": "SQL"}],
}


def rows() -> list[tuple[str, Any]]:
    (event,) = accepted(judge(command("PublishVacancy", VALUES))).events
    assert isinstance(event, RowsStored)
    return list(event.rows)


def test_an_exchange_without_rules_is_stored_parents_first() -> None:
    assert [table for table, _ in rows()] == ["vacancy", "vacancy_skill", "vacancy_skill", "vacancy_city"]
    assert rows()[0] == ("vacancy", {"title": "Аналитик", "id": NEW_ID})


def test_children_know_their_parent_and_their_place() -> None:
    children = [row for table, row in rows() if table != "vacancy"]
    assert [(row["parent_id"], row["position"]) for row in children] == [
        (NEW_ID, 1),
        (NEW_ID, 2),
        (NEW_ID, 1),
    ]
    assert [row["name"] for row in children] == ["SQL", "XML", "SQL"]


def test_every_row_has_an_id_of_its_own_and_always_the_same() -> None:
    ids = [row["id"] for _, row in rows()]
    assert len(set(ids)) == len(ids)
    assert ids == [row["id"] for _, row in rows()]
    other = accepted(judge(command("PublishVacancy", VALUES, new_id=MESSAGE_ID))).events[0]
    assert isinstance(other, RowsStored)
    assert not {row["id"] for _, row in other.rows} & set(ids)
    assert all(isinstance(each, UUID) for each in ids)


def test_the_answer_may_tell_any_row() -> None:
    answer = accepted(judge(command("PublishVacancy", VALUES))).answer
    assert answer["vacancy"]["id"] == NEW_ID
    assert [row["position"] for row in answer["vacancy_skill"]] == [1, 2]


def test_what_the_schema_found_refuses_it_too() -> None:
    asked = command("PublishVacancy", VALUES, refusals=(Refusal("ESB004", path="vacancy/title"),))
    assert refusals(judge(asked)) == [("ESB004", None)]
    assert needs(asked) == Needs()
