"""What is kept of a load is what was known; what cannot be read is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from esutd_bus.personnel.campaign import REFUSED, WRONG, Batch, Campaign, CampaignError, Outcome, Remark


def campaign() -> Campaign:
    told = Outcome(REFUSED, None, [Remark("SCSE014", "Номер договора", "Номер договора существует")])
    return Campaign(
        "digest", "http://x", "990440000385", 12, {2: "a", 3: "b", 4: "c"}, {4: Outcome(WRONG)},
        [Batch("r1", "2026-03-02T10:00:00+05:00", [2], "s", "b1", [told]), Batch("r2", "then", [3], "s")],
    )  # fmt: skip


def test_what_is_kept_is_what_was_known(tmp_path: Path) -> None:
    kept = campaign()
    kept.save(tmp_path / "state")
    found = Campaign.load(tmp_path / "state")
    assert found == kept
    assert [file.name for file in tmp_path.iterdir()] == ["state"]


def test_a_row_has_the_outcome_of_its_place() -> None:
    kept = campaign()
    assert kept.outcomes() == {2: (kept.batches[0].outcomes or [])[0], 4: Outcome(WRONG)}
    assert (kept.is_begun, kept.is_over) == (True, False)
    kept.batches[1].outcomes = [Outcome(WRONG)]
    assert kept.is_over


def test_nothing_is_kept(tmp_path: Path) -> None:
    assert Campaign.load(tmp_path / "state") is None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 0}', '{"version": 1}', "\x00"])
def test_what_cannot_be_read_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "state").write_text(text)
    with pytest.raises(CampaignError):
        Campaign.load(tmp_path / "state")
