"""Where a benchmark runs, and where its figures are kept."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

from benchmarks import machine
from esutd_bus.store.embedded import EmbeddedPostgres, create_database
from esutd_bus.testbed.test_ca import TestCa

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS: Final = Path(__file__).with_name("results")


@dataclass(frozen=True)
class Place:
    """A folder, a test CA and a PostgreSQL server."""

    folder: Path
    ca: Path
    server: str
    """Its URL."""

    def database(self, name: str) -> str:
        """The URL of a database of that name, new."""
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
            create_database(connection, name)
        return psycopg.conninfo.make_conninfo(self.server, dbname=name)


@contextmanager
def made(server: str | None) -> Iterator[Place]:
    """A place for as long as it is needed; without a server's URL with the embedded PostgreSQL."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="esutd-bench-")))
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own where we are root
        TestCa.create(folder / "ca")
        if server is None:
            embedded = EmbeddedPostgres(folder / "data")
            server = embedded.start()
            stack.callback(embedded.stop)
        yield Place(folder, folder / "ca", server)


def keep(name: str, told: dict[str, Any]) -> Path:
    """The figures, with machine and versions, in `results/NAME-DATE.json`."""
    taken = datetime.now(UTC)
    whole = {
        "taken": taken.isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "versions": machine.versions(),
        **told,
    }
    file = RESULTS / f"{name}-{taken:%Y-%m-%d}.json"
    file.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return file
