"""Databases of a test's own."""

from __future__ import annotations

import os
from collections.abc import Callable

import psycopg

PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "")
"""Test processes that share a server keep apart by the names of their databases."""

NewDatabase = Callable[[str], str]
"""Name → URL of a database that is up to date."""


def without_fsync(server: str) -> None:
    """Lets a server that nobody needs after the tests not wait for the disk; a killed process loses nothing by it."""
    with psycopg.connect(server, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


def create_database(server: str, name: str, copy_of: str | None = None) -> str:
    """A fresh database on a server, or a copy of another of this process; its URL."""
    name, template = f"{name}{PROCESS}", "template1" if copy_of is None else f"{copy_of}{PROCESS}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    head, separator, options = server.partition("?")
    scheme, _, rest = head.partition("://")
    authority = rest.partition("/")[0]
    return f"{scheme}://{authority}/{name}{separator}{options}"
