"""The embedded PostgreSQL is the same on every machine."""

from __future__ import annotations

import tempfile
from pathlib import Path

import psycopg
import pytest

from esutd_bus.store.embedded import EmbeddedPostgres


def test_texts_do_not_depend_on_the_machines_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as a user of its own where we are root
        embedded = EmbeddedPostgres(Path(folder))
        try:
            with psycopg.connect(embedded.start()) as connection:
                found = connection.execute(
                    "SELECT lower('ӘЛІЯ'), array_agg(t ORDER BY t) FROM unnest(ARRAY['Ә', 'Я', 'А', 'z']) AS t"
                ).fetchone()
        finally:
            embedded.stop()
    assert found == ("әлія", ["z", "А", "Я", "Ә"])
