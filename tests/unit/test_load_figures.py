"""What the benchmarks under load make of what they saw: figures, findings, tables."""

from __future__ import annotations

import subprocess
import sys
from array import array
from typing import Any

import pytest
from benchmarks.generator import Seen, percentile
from benchmarks.peak import PEAKS
from benchmarks.scaling import DOCS, newest, tables
from benchmarks.services import Contender
from benchmarks.soak import Effort, Kill, Register, Soaked
from benchmarks.watch import Sample, Watch

SECONDS = 600


def watch(sizes: list[float]) -> Watch:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        watched = Watch(Contender("none", process, "", "", "SELECT 1"), 1)
    watched.samples = [
        Sample(second, 2 if megabytes else 1, megabytes or 50, 100, 7)
        for second, megabytes in zip(range(0, SECONDS, SECONDS // len(sizes)), sizes, strict=True)
    ]
    return watched


def soaked(kills: list[Kill] | None = None, **different: Any) -> Soaked:
    seen = Seen(SECONDS, array("d", [0.05, 0.06]), each_second=[2])
    for name in ("silent", "broken", "refused", "other"):
        if name in different:
            setattr(seen, name, different[name])
    return Soaked(
        Effort(SECONDS, 20 if kills else 0),
        seen,
        different.get("watch", watch([80.0] * 60)),
        kills or [],
        different.get("register", Register(2, 2, 2, 0)),
        different.get("connections", (7, 7)),
    ).judge()


def test_a_good_soak_has_no_findings() -> None:
    assert soaked().findings == []
    assert soaked([Kill(20, 1.5)], broken=3, refused=array("d", [0.1])).findings == []


@pytest.mark.parametrize(
    ("different", "told"),
    [
        ({"register": Register(3, 2, 2, 0)}, "2 answers"),
        ({"register": Register(2, 2, 1, 0)}, "2 answers"),
        ({"register": Register(2, 2, 2, 1)}, "1 acknowledged contracts are not in the register"),
        ({"connections": (7, 8)}, "connections to PostgreSQL at rest: (7, 8)"),
        ({"watch": watch([80.0] * 40 + [85.0] * 20)}, "the workers' memory grew by 6.2%"),
        ({"silent": 1}, "1 messages were never answered"),
        ({"broken": 1}, "1 connections broke"),
        ({"refused": array("d", [0.1])}, "1 messages were turned away"),
        ({"other": {"500": 1}}, "other answers: {'500': 1}"),
        ({"kills": [Kill(20)]}, "a killed worker did not come back"),
    ],
)
def test_what_must_not_be_is_found(different: dict[str, Any], told: str) -> None:
    findings = soaked(**different).findings
    assert len(findings) == 1
    assert findings[0].startswith(told)


def test_growth_is_told_of_whole_samples_after_the_first_minute() -> None:
    # The first minute (six samples of ten seconds) fills caches; 0: a worker was missing.
    assert watch([10.0] * 6 + [80.0] * 27 + [0] * 10 + [84.0] * 17).growth(60) == pytest.approx(0.05)


def test_percentiles_are_of_what_was_seen() -> None:
    seconds = array("d", [number / 1000 for number in range(100, 0, -1)])
    assert [percentile(seconds, share) for share in (0.5, 0.99, 1)] == [51, 100, 100]
    assert percentile(array("d"), 0.5) == 0


def test_the_hardest_hour_is_the_whole_country_in_it() -> None:
    assert max(peak.rate for peak in PEAKS) == pytest.approx(5_170_000 / 3600)


def test_the_tables_of_the_document_are_those_of_the_newest_results() -> None:
    last = newest()
    assert last is None or tables(last) in DOCS.read_text(encoding="utf-8")
