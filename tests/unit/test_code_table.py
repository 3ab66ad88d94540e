"""The table of answer codes agrees with the rules and the fixtures; and it would be missed if it did not."""

from __future__ import annotations

import pytest

import code_table
from code_table import Standing, faults, given, provoked, read_standings, table
from esutd_bus.testbed.fixtures import load_fixtures

STANDINGS = read_standings(code_table.TABLE.read_text("utf-8"))
BY_RULE = given(code_table.ROOT)
BY_FIXTURE = provoked(load_fixtures(code_table.ROOT / "fixtures"))


def test_the_table_is_so() -> None:
    assert list(faults(STANDINGS, BY_RULE, BY_FIXTURE)) == []


def test_all_287_are_counted() -> None:
    *lines, total = table(STANDINGS, BY_RULE, BY_FIXTURE)
    assert len(lines) == 287
    assert sum(int(part.split()[0]) for part in total.split(", ")) == 287
    assert [part.partition(" ")[2] for part in total.split(", ")] == [
        "implemented",
        "waiting",
        "not applicable",
    ]


@pytest.mark.parametrize(
    ("code", "standing", "by_fixture", "told"),
    [
        pytest.param(
            "SCSE014", STANDINGS["SCSE014"], (), "SCSE014: is implemented, but no fixture", id="unshown"
        ),
        pytest.param(
            "SCSE014",
            Standing("waiting", "corrections"),
            BY_FIXTURE["SCSE014"],
            f"SCSE014: is waiting (corrections), but {BY_FIXTURE['SCSE014'][0]}",
            id="unmarked",
        ),
        pytest.param(
            "SCSE284",
            Standing("implemented"),
            ("faults/900",),
            "SCSE284: is implemented, but nothing",
            id="no rule",
        ),
        pytest.param("SCSE286", Standing("implemented"), (), "SCSE286: is no code", id="no such code"),
    ],
)
def test_a_table_that_is_not_so_is_missed(
    code: str, standing: Standing, by_fixture: tuple[str, ...], told: str
) -> None:
    found = list(faults({**STANDINGS, code: standing}, BY_RULE, {**BY_FIXTURE, code: by_fixture}))
    assert found[0].startswith(told)


def test_a_code_that_is_left_out_is_missed() -> None:
    left = {code: standing for code, standing in STANDINGS.items() if code != "SCSE003"}
    assert list(faults(left, BY_RULE, BY_FIXTURE)) == [
        "SCSE003: is in the ministry's table, but not in codes.yaml"
    ]


@pytest.mark.parametrize("line", ["done", "{waits: extension}", "{waiting: a, not applicable: b}"])
def test_an_unknown_word_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="SCSE003: says neither"):
        read_standings(f"SCSE003: {line}")


def test_a_rule_is_found_by_the_code_it_gives() -> None:
    assert "register/rules/registration.py: number_is_free" in BY_RULE["SCSE014"]
    assert BY_RULE["SCSE117"] == ("register/rules/iin_change.py: iins_differ",)
    assert BY_RULE["SCSE089"] == ("register/deadlines.py: TERMS",)
    assert BY_RULE["SCSE008"] == ("Authority.yaml", "common.yaml")


def test_warnings_and_success_are_provoked_too() -> None:
    assert "ok/amend-late" in BY_FIXTURE["SCSE089"]
    assert "ok/register" in BY_FIXTURE["SCSS001"]
    assert not any(label.startswith("faults/") for label in BY_FIXTURE["SCSS001"])
