"""The database a command works on: a given one, or the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import psycopg

from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.settings import Settings
from esutd_bus.store import backup
from esutd_bus.store.compression import Unreadable
from esutd_bus.store.connection import connect_now
from esutd_bus.store.embedded import EmbeddedPostgres


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The URL of a database that runs: the given one, or the embedded one, stopped again if it was started here."""
    if settings.database_url:
        yield settings.database_url
        return
    embedded = EmbeddedPostgres(settings.data_dir)
    try:
        was_running = embedded.is_running()
        url = embedded.start()
    except (OSError, psycopg.Error, RuntimeError) as error:
        raise EnvironmentFault(
            f"the embedded PostgreSQL in {settings.data_dir} does not start: {error}"
        ) from error
    try:
        yield url
    finally:
        if not was_running:
            embedded.stop()


@contextmanager
def connection(settings: Settings) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A connection to the database of the settings."""
    with database(settings) as url:
        try:
            opened = connect_now(url)
        except psycopg.Error as error:
            raise EnvironmentFault(f"no connection to the database: {error}") from error
        with opened:
            try:
                yield opened
            except psycopg.errors.UndefinedTable as error:
                raise EnvironmentFault(
                    "the database has no tables yet: run `esutd-bus db upgrade`"
                ) from error
            except Unreadable as error:
                raise EnvironmentFault(
                    f"a message's bytes cannot be read ({error}): run `esutd-bus journal verify`"
                ) from error


def bring_up_to_date(settings: Settings, url: str) -> list[str]:
    """Migrations, declared tables, dictionaries; what was done, a line each."""
    # Only this command needs the contracts: a look into the journal should not wait for them.
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from esutd_bus.mapping.document import MappingError  # noqa: PLC0415
    from esutd_bus.node import load_mapped_contracts  # noqa: PLC0415
    from esutd_bus.soap.contract_error import ContractError  # noqa: PLC0415
    from esutd_bus.store.dictionaries import load_packaged_once  # noqa: PLC0415
    from esutd_bus.store.schema import SchemaError, upgrade  # noqa: PLC0415

    try:
        _, mappings = load_mapped_contracts(settings)
        done = upgrade(url, mappings.tables.values())
        loaded = load_packaged_once(url)
    except (ContractError, MappingError, SchemaError) as error:
        raise EnvironmentFault(str(error)) from error
    except (psycopg.Error, SQLAlchemyError, OSError) as error:
        raise EnvironmentFault(f"the database cannot be upgraded: {error}") from error
    return [*done, *([f"loaded {loaded} dictionary entries"] if loaded else [])]


@click.group()
def db() -> None:
    """The database: tables and migrations, backups."""


@db.command("upgrade")
def upgrade_command() -> None:
    """Bring the database up to date.

    Runs the migrations, creates the tables that mappings declare, and loads the packaged dictionaries into a
    database that has none. Safe to run again, and beside a serving node.
    """
    settings = given_settings()
    with database(settings) as url:
        for line in bring_up_to_date(settings, url):
            click.echo(line)
    click.echo("the database is up to date")


@db.command("dump")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="More make a folder.")
def dump_command(output: Path, jobs: int) -> None:
    """Write a dump of the database, beside serving nodes, as it is at this moment.

    By pg_dump, the embedded server's own or an installed one. Any PostgreSQL not older than this one takes it.
    """
    with database(given_settings()) as url, _told_clearly():
        backup.dump(url, output, jobs)
    click.echo(f"dumped into {output}")


@db.command("restore")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1, 64), help="Connections at once.")
def restore_command(source: Path, jobs: int) -> None:
    """Fill an empty database from a dump. Then run `esutd-bus journal verify`."""
    with database(given_settings()) as url, _told_clearly():
        backup.restore(url, source, jobs)
    click.echo("restored; now run `esutd-bus db upgrade` and `esutd-bus journal verify`")


@db.command("base-backup")
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), required=True)
def base_backup_command(output: Path) -> None:
    """Copy the whole server into OUTPUT/postgresql, beside its work, and verify the copy.

    By pg_basebackup; the user of ESUTD_DATABASE_URL must have the right REPLICATION. Of the embedded server: OUTPUT is
    a folder for ESUTD_DATA_DIR.
    """
    settings = given_settings()
    with database(settings) as url, _told_clearly():
        output.mkdir(parents=True, exist_ok=True)
        backup.base_backup(url, output / "postgresql")
        if not settings.database_url:
            backup.give_to_owner_of(settings.data_dir / "postgresql", output / "postgresql")
    click.echo(f"copied into {output / 'postgresql'}")


@contextmanager
def _told_clearly() -> Iterator[None]:
    try:
        yield
    except (backup.BackupError, psycopg.Error, OSError) as error:
        raise EnvironmentFault(str(error)) from error
