"""`make bench-country`: loads the country, measures at 0, 1 and 5.2 million employees, keeps the figures."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks import machine
from benchmarks.country import server, tail
from benchmarks.country.loader import count, keep_plan, load
from benchmarks.country.measure import Effort, measure, registers
from benchmarks.country.plan import Plan
from esutd_bus.store.connection import connect_now
from esutd_bus.store.embedded import EmbeddedPostgres
from esutd_bus.store.verification import verify
from esutd_bus.testbed.test_ca import TestCa

RESULTS: Final = Path(__file__).parents[1] / "results"
_EMPLOYEES: Final = 5_200_000
_A_DAY: Final = 7000
"""Contracts registered in a day of the country's past: so a small country has a short one."""

_SETTINGS: Final = (
    "server_version", "shared_buffers", "max_wal_size", "checkpoint_timeout", "wal_compression", "synchronous_commit",
)  # fmt: skip


def main() -> None:
    """Load, measure, print, keep."""
    given = _arguments()
    if shutil.which("wrk") is None and not given.load_only:
        sys.exit("wrk is not installed (Debian: apt-get install wrk)")
    taken = datetime.now(UTC)
    told: dict[str, Any] = {
        "taken": taken.isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "versions": machine.versions(),
        "employees": given.employees,
        "loads": [],
        "sizes": {},
    }
    with ExitStack() as stack:
        folder = given.folder or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="esutd-country-"))
        )
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own where we are root
        ca = TestCa.ensure(folder / "ca")
        url = given.database or _embedded(stack, folder)
        country = server.database(url, "country", ca)
        with psycopg.connect(country, autocommit=True) as connection:
            plan = keep_plan(connection, _plan(given.employees, taken))
        for size in sorted({min(one, plan.employees) for one in given.sizes} | {plan.employees}):
            if size < count(country):
                continue  # a load that goes on has passed it
            loaded = load(country, plan, size, ca.directory)
            told["loads"].append({"upto": size, **asdict(loaded)})
            print(
                f"{size} contracts; loaded {loaded.contracts} in {loaded.seconds:.0f} s; PSS {loaded.megabytes} MB"
            )
            if given.load_only:
                continue
            server.settle(country)
            empty = server.database(url, "empty", ca, anew=True)
            databases = {"empty": empty, "full": country}
            with registers(folder, databases, plan, ca.directory) as both:
                measured = measure(both, Effort(given.rounds, given.registrations, given.lookups))
                if size == plan.employees:
                    measured["windows"] = tail.windows(both[1], given.rounds, given.registrations)
            told["sizes"][str(size)] = measured
            _print(size, measured)
            _keep(told, given.results / f"country-{taken:%Y-%m-%d}.json")
        told["settings"] = server.settings(country, *_SETTINGS)
        told["megabytes"] = server.megabytes(country)
        told["verified"] = _verify(country)
        print(f"journal verify: {told['verified']}")
    _keep(told, given.results / f"country-{taken:%Y-%m-%d}.json")


def _keep(told: dict[str, Any], file: Path) -> None:
    file.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"kept in {file}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The register at the size of the country.")
    parser.add_argument("--employees", type=int, default=_EMPLOYEES)
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[1_000_000], help="at which to measure before"
    )
    parser.add_argument("--rounds", type=int, default=Effort.rounds)
    parser.add_argument("--registrations", type=int, default=Effort.registrations, help="of a round")
    parser.add_argument("--lookups", type=int, default=Effort.lookups, help="of a round")
    parser.add_argument(
        "--folder", type=Path, help="is kept: a load that was stopped goes on; absent: a new one"
    )
    parser.add_argument("--database", help="a PostgreSQL server's URL; absent: the embedded one")
    parser.add_argument("--load-only", action="store_true")
    parser.add_argument("--results", type=Path, default=RESULTS)
    return parser.parse_args()


def _plan(employees: int, now: datetime) -> Plan:
    return Plan(employees, now - timedelta(days=employees / _A_DAY), now)


def _embedded(stack: ExitStack, folder: Path) -> str:
    postgres = EmbeddedPostgres(folder, server.SETTINGS)
    url = postgres.start()
    stack.callback(postgres.stop)
    return url


def _verify(country: str) -> dict[str, Any]:
    begun = time.monotonic()
    with connect_now(country) as connection:
        found = verify(connection)
    seconds = round(time.monotonic() - begun, 1)
    return {"whole": found.whole, "records": found.records, "seals": found.seals, "seconds": seconds}


def _print(size: int, measured: dict[str, Any]) -> None:
    for name, told in measured["operations"].items():
        print(
            f"{size:8} {name:22} {told['full']['rate']:7.0f}/s ({told['rate_ratio']:.0%} of the empty one's)"
            f"   p50 {told['full']['p50']:.1f} ms ({told['p50_ratio']:.2f}x)   p99 {told['full']['p99']:.1f} ms"
        )
    print(f"{size:8} GetStatistics {measured['statistics_seconds']['full']} s")
    for name, told in measured.get("windows", {}).items():
        print(f"{size:8} {name:22} {told}")


if __name__ == "__main__":
    main()
