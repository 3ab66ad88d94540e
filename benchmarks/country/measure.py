"""What the operations take on a register of some size, in turn with an empty one on the same server."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import psycopg
import requests as http

from benchmarks.country import requests
from benchmarks.country.people import bin_of
from benchmarks.country.requests import Known
from benchmarks.services import Contender, ours

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.country.plan import Plan
    from benchmarks.country.requests import Make
    from benchmarks.services import Run

REGISTRATION_CONNECTIONS: Final = 64
LOOKUP_CONNECTIONS: Final = 8
_EMPLOYERS: Final = 200
"""Who asks: every n-th of the country's employers, small and large."""

_SCRIPT: Final = Path(__file__).with_name("patient.lua")
_ROWS: Final = "SELECT count(*) FROM request"
_SLOW: Final = 150.0
"""Answers a second, until an operation has been seen: wrk takes twice the time that tells, and all of it."""

_SLOWER: Final = 0.7
"""Of the rate seen last: the next run may meet a slow moment."""

_HEADERS: Final = {"Content-Type": "text/xml; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Lookup:
    """An operation about a contract that is there."""

    name: str
    path: str
    make: Make


LOOKUPS: Final = (
    Lookup("GetContract", requests.CONTRACTS, requests.get_contract),
    Lookup("GetEmployeeContracts", requests.CABINET, requests.get_employee_contracts),
    Lookup("FindContracts", requests.CONTRACTS, requests.find_contracts),
    Lookup("AmendContract", requests.CONTRACTS, requests.amend),
)


@dataclass(frozen=True)
class Effort:
    """How much is done."""

    rounds: int = 5
    registrations: int = 6000
    """In a round, on each register."""

    lookups: int = 2000
    """Of each operation, likewise."""

    warming: int = 1500
    """Registrations before the first round."""


@dataclass
class Register:
    """A register under measurement."""

    name: str
    database: str
    service: Contender
    plan: Plan
    ca: Path
    folder: Path
    chance: Random = field(default_factory=lambda: Random(353))  # noqa: S311  # no secret
    rates: dict[str, float] = field(default_factory=dict)
    runs: dict[str, list[Run]] = field(default_factory=dict)

    @property
    def employers(self) -> Sequence[int]:
        """Who asks."""
        step = max(1, self.plan.employers // _EMPLOYERS)
        return range(step // 2, self.plan.employers, step)

    def register(self, count: int) -> Run:
        """So many registrations, 64 at once."""
        start = time.time_ns() // 1000
        numbered = [(start + place, self.chance.choice(self.employers)) for place in range(count)]
        return self._take("RegisterContract", requests.CONTRACTS, requests.register, numbered)

    def look_up(self, lookup: Lookup, contracts: Sequence[Known]) -> Run:
        """About each of these contracts."""
        return self._take(lookup.name, lookup.path, lookup.make, contracts)

    def contracts(self, count: int) -> list[Known]:
        """Some of the contracts of those who ask."""
        by_bin = {bin_of(number): number for number in self.employers}
        with psycopg.connect(self.database) as connection:
            rows = connection.execute(
                "SELECT id, employer, employee_iin FROM contract WHERE employer = ANY(%s) AND status = 'active'"
                " ORDER BY md5(id::text) LIMIT %s",
                (list(by_bin), 10 * count),
            ).fetchall()
        self.chance.shuffle(rows)
        chosen = [Known(row[0], by_bin[row[1]], row[2]) for row in rows]
        return [chosen[place % len(chosen)] for place in range(count)]

    def statistics(self) -> dict[str, float]:
        """Seconds of GetStatistics until there are figures, by what is asked for."""
        last = datetime.now(UTC).date()
        month, always = (last - timedelta(days=30), last), (last - timedelta(days=2000), last)
        by_region = "<groupBy><region>true</region></groupBy>"
        asked = {
            "a month by region": (month, by_region),
            "everything": (always, ""),
            "everything by region": (always, by_region),
        }
        return {name: self._counted(period, more) for name, (period, more) in asked.items()}

    def _counted(self, period: Any, more: str) -> float:
        begun = time.monotonic()
        while True:
            message = requests.get_statistics(self.ca, period, more)
            answer = http.post(self._url(requests.AUTHORITY), data=message, headers=_HEADERS, timeout=120)
            if answer.status_code == http.codes.ok:
                return round(time.monotonic() - begun, 2)
            if answer.status_code != http.codes.service_unavailable:
                raise RuntimeError(answer.text)

    def _url(self, path: str) -> str:
        return self.service.url.removesuffix(requests.CONTRACTS) + path

    def _take(self, name: str, path: str, make: Make, subjects: Sequence[Any]) -> Run:
        file = self.folder / "messages"
        requests.write(file, make, self.ca, subjects)
        caller = replace(
            self.service,
            url=self._url(path),
            rows=_ROWS,
            script=_SCRIPT,
            rate=self.rates.get(name, _SLOW),
            runs={},
        )
        is_registration = name == "RegisterContract"
        run = caller.take(
            file, len(subjects), REGISTRATION_CONNECTIONS if is_registration else LOOKUP_CONNECTIONS
        )
        self.rates[name] = _SLOWER * run.rate
        self.runs.setdefault(name, []).append(run)
        print(
            f"{self.name:8} {name:22} {run.rate:7.0f}/s   p50 {run.p50:6.1f} ms   p99 {run.p99:6.1f} ms"
            f"   max {run.max:6.0f} ms",
            file=sys.stderr,
            flush=True,
        )
        return run


@contextmanager
def registers(folder: Path, databases: Mapping[str, str], plan: Plan, ca: Path) -> Iterator[list[Register]]:
    """A service of two workers for each database."""
    with ExitStack() as stack:
        made = []
        for name, database in databases.items():
            (folder / name).mkdir(exist_ok=True)
            service = stack.enter_context(ours(folder / name, database, ca))
            made.append(Register(name, database, service, plan, ca, folder / name))
        yield made


def measure(both: Sequence[Register], effort: Effort) -> dict[str, Any]:
    """Rounds of both registers in turn; the figures of the second beside those of the first, an empty one."""
    for one in both:
        one.register(effort.warming)  # until its first answers are behind it
        one.runs.clear()
    for number in range(effort.rounds):
        for one in both if number % 2 == 0 else both[::-1]:
            one.register(effort.registrations)
    known = {one.name: one.contracts(effort.lookups) for one in both}
    for lookup in LOOKUPS:
        for number in range(effort.rounds):
            for one in both if number % 2 == 0 else both[::-1]:
                contracts = known[one.name]
                if lookup.name == "AmendContract":  # each once: of two amendments of a batch one waits
                    contracts = _share(contracts, number, effort.rounds)
                one.look_up(lookup, contracts)
    return {
        "operations": {name: _beside(*(one.runs[name] for one in both)) for name in both[0].runs},
        "statistics_seconds": {one.name: one.statistics() for one in both},
        "runs": {
            one.name: {name: [asdict(run) for run in runs] for name, runs in one.runs.items()} for one in both
        },
    }


def _share(contracts: Sequence[Known], number: int, of: int) -> list[Known]:
    distinct = list({known.id: known for known in contracts}.values())
    return distinct[number::of]


def _beside(empty: Sequence[Run], full: Sequence[Run]) -> dict[str, Any]:
    """Medians of the rounds, and the second register's beside the first's."""
    told: dict[str, Any] = {
        name: {
            part: round(median(getattr(run, part) for run in runs), 2)
            for part in ("rate", "p50", "p99", "max")
        }
        for name, runs in (("empty", empty), ("full", full))
    }
    pairs = list(zip(empty, full, strict=True))
    told["rate_ratio"] = round(median(theirs.rate / ours.rate for ours, theirs in pairs), 3)
    told["p50_ratio"] = round(median(theirs.p50 / ours.p50 for ours, theirs in pairs), 3)
    return told
