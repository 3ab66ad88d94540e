"""Databases of a test's own."""

from __future__ import annotations

import psycopg


def create_database(server: str, name: str, template: str = "template1") -> str:
    """A fresh database on a server, or a copy of another; its URL."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    head, separator, options = server.partition("?")
    scheme, _, rest = head.partition("://")
    authority = rest.partition("/")[0]
    return f"{scheme}://{authority}/{name}{separator}{options}"
